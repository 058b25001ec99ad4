"""What stands in for time and a platform where no world is needed: a clock that is told, a cluster of one object."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from simian_army.embedded.kube.patches import json_patch
from simian_army.embedded.kube.status import Problem
from simian_army.errors import Conflict, Gone, SimianError
from simian_army.model import Json, Mark, Target
from simian_army.targets.kube import marking

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)

Obj = dict[str, Any]


@dataclass
class FakeClock:
    """Time passes when told; waiting passes it."""

    wall: datetime = NOW
    ticks: float = 1000.0

    def now(self) -> datetime:
        """The wall clock, aware, in UTC."""
        return self.wall

    def monotonic(self) -> float:
        """Seconds that never jump back."""
        return self.ticks

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Pass the time at once; True if ``event`` is set."""
        self.advance(seconds)
        return event.is_set()

    def advance(self, seconds: float) -> None:
        """Pass so many seconds."""
        self.wall += timedelta(seconds=seconds)
        self.ticks += seconds


@dataclass
class OnePort:
    """A Kubernetes of one object, which tests may change behind a fault's back. ``acts`` are what was done to it.

    ``before_patch``: one to run before each patch. ``obj`` needs metadata with name, uid and resourceVersion.
    """

    obj: Obj | None
    acts: list[tuple[Any, ...]] = field(default_factory=list)
    before_patch: list[Callable[[], object]] = field(default_factory=list)

    def get(self, target: Target) -> dict[str, Any] | None:
        """As ``ports.KubernetesPort``."""
        if self.obj is None or self.obj["metadata"]["uid"] != target.id:
            return None
        return copy.deepcopy(self.obj)

    def evict(self, target: Target, grace: int | None = None) -> None:
        """As ``ports.KubernetesPort``; the pod is leaving then."""
        self.acts.append(("evict", target.id, grace))
        self._leave(target)

    def delete(self, target: Target, grace: int | None = None, version: str = "") -> None:
        """As ``ports.KubernetesPort``; the object is leaving then."""
        self.acts.append(("delete", target.id, grace, version))
        self._leave(target)

    def patch(self, target: Target, operations: Sequence[Json]) -> dict[str, Any]:
        """As ``ports.KubernetesPort``."""
        if self.before_patch:
            self.before_patch.pop(0)()
        if self.get(target) is None or self.obj is None:
            raise Gone(str(target))
        try:
            changed = json_patch(copy.deepcopy(self.obj), [dict(one) for one in operations])
        except Problem as problem:
            raise Conflict(str(problem)) from problem
        changed["metadata"] = {k: v for k, v in changed["metadata"].items() if v not in ({}, None)}
        self.obj = changed
        self.touch()
        self.acts.append(("patch", target.id))
        return copy.deepcopy(changed)

    def patch_all(self, wishes: Sequence[tuple[Target, Sequence[Json]]]) -> list[Obj | SimianError | None]:
        """As ``ports.KubernetesManyPort``."""
        found: list[Obj | SimianError | None] = []
        for target, operations in wishes:
            try:
                found.append(self.patch(target, operations))
            except SimianError as error:
                found.append(error)
        return found

    def listed(self, kind: str, labels: str = "", fields: Sequence[tuple[str, str]] = ()) -> dict[str, Obj]:
        """Not here: one object is read."""
        raise AssertionError(f"one object is read, and {kind} {labels} {fields} are not listed")

    def mark(self, obj: Json, mark: Mark) -> list[Json]:
        """As ``ports.KubernetesPort``."""
        return marking.put(obj, mark)

    def unmark(self, obj: Json, mark: Mark) -> list[Json]:
        """As ``ports.KubernetesPort``, but that any mark counts as genuine."""
        return marking.take_off(obj, mark)

    def touch(self) -> None:
        """Somebody wrote something: the version is another."""
        if self.obj is not None:
            self.obj["metadata"]["resourceVersion"] = str(int(self.obj["metadata"]["resourceVersion"]) + 1)

    def _leave(self, target: Target) -> None:
        if self.get(target) is None or self.obj is None:
            raise Gone(str(target))
        self.obj["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
