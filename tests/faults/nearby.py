"""A port onto one object in memory and those that stand near it, and a Secret shelf beside it."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from simian_army.embedded.kube.patches import json_patch
from simian_army.errors import Conflict, Gone
from simian_army.model import Json, Target
from simian_army.selectors import labels_match
from simian_army.testing.fakes import Obj, OnePort


class NearPort(OnePort):
    """``others`` are the objects nearby, by kind; ``shelf`` the Secrets made by the fault, by name."""

    def __init__(self, obj: Obj | None, **others: list[Obj]) -> None:
        super().__init__(obj)
        self.others = others
        self.shelf: dict[str, Obj] = {}
        self.fails: dict[str, Exception] = {}

    def near(self, kind: str, scope: str, labels: str = "") -> list[Obj]:
        meant = labels_match(labels)
        found = [one for one in self.others.get(kind, ()) if meant(one["metadata"].get("labels") or {})]
        return copy.deepcopy(found)

    def patch(self, target: Target, operations: Sequence[Json]) -> dict[str, Any]:
        for one in self.others.get(target.kind, ()):
            if one["metadata"]["uid"] == target.id:
                changed = json_patch(copy.deepcopy(one), [dict(operation) for operation in operations])
                one.clear()
                one.update(changed)
                self.acts.append(("patch", target.id))
                return copy.deepcopy(one)
        return super().patch(target, operations)

    def secrets(self) -> NearPort:
        return self

    def get_secret(self, namespace: str, name: str) -> Obj | None:
        return copy.deepcopy(self.shelf.get(f"{namespace}/{name}"))

    def list_secrets(self, namespace: str, labels: str) -> list[Obj]:
        return [one for key, one in self.shelf.items() if key.startswith(f"{namespace}/")]

    def create_secret(self, namespace: str, secret: Json) -> None:
        self._fail("create")
        key = f"{namespace}/{secret['metadata']['name']}"
        if key in self.shelf:
            raise Conflict(f"{key} is there already")
        self.shelf[key] = copy.deepcopy(dict(secret))
        self.acts.append(("create", key))

    def patch_secret(self, namespace: str, name: str, change: Json) -> None:
        raise Gone(name)

    def delete_secret(self, namespace: str, name: str) -> None:
        self._fail("delete")
        if self.shelf.pop(f"{namespace}/{name}", None):
            self.acts.append(("delete", f"{namespace}/{name}"))

    def _fail(self, act: str) -> None:
        if act in self.fails:
            raise self.fails.pop(act)
