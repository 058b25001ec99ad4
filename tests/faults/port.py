"""A port onto one object in memory, which tests may change behind a fault's back."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

from simian_army.errors import Conflict, Gone, SimianError
from simian_army.model import Json, Mark, Target
from simian_army.targets.kube import marking

Obj = dict[str, Any]


class OnePort:
    """Holds one object; ``acts`` are what was done to it. ``before_patch``: one to run before each patch."""

    def __init__(self, obj: Obj | None) -> None:
        self.obj = obj
        self.acts: list[tuple[Any, ...]] = []
        self.before_patch: list[Callable[[], object]] = []

    def get(self, target: Target) -> dict[str, Any] | None:
        if self.obj is None or self.obj["metadata"]["uid"] != target.id:
            return None
        return copy.deepcopy(self.obj)

    def evict(self, target: Target, grace: int | None = None) -> None:
        self.acts.append(("evict", target.id, grace))
        self._leave(target)

    def delete(self, target: Target, grace: int | None = None, version: str = "") -> None:
        self.acts.append(("delete", target.id, grace, version))
        self._leave(target)

    def patch(self, target: Target, operations: Sequence[Json]) -> dict[str, Any]:
        if self.before_patch:
            self.before_patch.pop(0)()
        if self.get(target) is None or self.obj is None:
            raise Gone(str(target))
        changed = copy.deepcopy(self.obj)
        for operation in operations:
            _apply(changed, operation)
        changed["metadata"] = {k: v for k, v in changed["metadata"].items() if v not in ({}, None)}
        self.obj = changed
        self.touch()
        self.acts.append(("patch", target.id))
        return copy.deepcopy(changed)

    def patch_all(self, wishes: Sequence[tuple[Target, Sequence[Json]]]) -> list[Obj | SimianError | None]:
        found: list[Obj | SimianError | None] = []
        for target, operations in wishes:
            try:
                found.append(self.patch(target, operations))
            except SimianError as error:
                found.append(error)
        return found

    def listed(self, kind: str, labels: str = "", fields: Sequence[tuple[str, str]] = ()) -> dict[str, Obj]:
        raise AssertionError("one object is read, not listed")

    def mark(self, obj: Json, mark: Mark) -> list[Json]:
        return marking.put(obj, mark)

    def unmark(self, obj: Json, mark: Mark) -> list[Json]:
        return marking.take_off(obj, mark)

    def touch(self) -> None:
        """Somebody wrote something: the version is another."""
        if self.obj is not None:
            self.obj["metadata"]["resourceVersion"] = str(int(self.obj["metadata"]["resourceVersion"]) + 1)

    def _leave(self, target: Target) -> None:
        if self.get(target) is None or self.obj is None:
            raise Gone(str(target))
        self.obj["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"


def _apply(obj: Obj, operation: Json) -> None:
    *parents, last = [part.replace("~1", "/") for part in operation["path"].split("/")[1:]]
    inside = obj
    for part in parents:
        inside = inside[part]
    if operation["op"] == "test" and inside.get(last) != operation["value"]:
        raise Conflict(f"test of {operation['path']} failed")
    if operation["op"] == "add":
        inside[last] = operation["value"]
    if operation["op"] == "remove":
        del inside[last]
