"""A node with the pods on it, for faults that make them leave."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from simian_army.errors import SimianError
from simian_army.model import Selector, Target
from simian_army.testing.fakes import OnePort

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def pod(name: str, group: str = "shop/Deployment/web", *, labels: dict[str, str] | None = None, **facts: Any) -> Target:
    told = {"node": "n1", "phase": "Running", "mirror": False, "terminating": False, **facts}
    replaced = bool(group)
    return Target("kubernetes", "pod", f"uid-{name}", name, "shop", group, NOW, labels or {}, (), told, replaced)


class Crowd(OnePort):
    """A node and the pods on it; ``noes`` are those whom an eviction is refused for, ``ends`` until when they were asked."""

    def __init__(self, *pods: Target, noes: dict[str, SimianError] | None = None) -> None:
        super().__init__({"metadata": {"name": "n1", "uid": "u1", "resourceVersion": "1"}, "spec": {}})
        self.pods = {one.id: one for one in pods}
        self.noes = noes or {}
        self.asked: list[Selector] = []
        self.ends: list[datetime] = []

    def find(self, selector: Selector) -> list[Target]:
        self.asked.append(selector)
        return list(self.pods.values())

    def evict_all(self, pods: Sequence[Target], grace: int | None, ends: datetime) -> list[SimianError | None]:
        said: list[SimianError | None] = []
        self.ends.append(ends)
        for one in pods:
            no = self.noes.get(one.id)
            said.append(no)
            self.acts.append(("evict", one.id, grace))
            if no is None:
                self.pods.pop(one.id, None)
        return said
