"""Whether: is the target the fleet itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from safety.shared import is_harmed
from simian_army.model import Scene, Target, Verdict

APP = "app.kubernetes.io/name"
OURS = "simian-army"
OTHER = Verdict("myself", allowed=True, reason="it is no part of the fleet")


@dataclass(frozen=True, slots=True)
class Myself:
    """Denies the agent's own pod, namespace, node and instance, whatever is labelled as the fleet, and what would reach
    one of these; empty = not known. ``instance`` is an EC2 instance id."""

    name: ClassVar[str] = "myself"
    early: ClassVar[bool] = True
    uid: str = ""
    namespace: str = ""
    node: str = ""
    instance: str = ""

    def __call__(self, scene: Scene) -> Verdict:
        """The reason says which part of the fleet it is, or which part the fault would reach there."""
        target = scene.fault.target
        why = self._part(target) or self._reached(target, scene.reach or ())
        return Verdict(self.name, allowed=False, reason=f"never self: {why}") if why else OTHER

    def _reached(self, target: Target, reach: Sequence[Target]) -> str:
        found = ((other, self._part(other)) for other in reach if is_harmed(other))
        return next((f"{target} reaches {other}: {why}" for other, why in found if why), "")

    def _part(self, target: Target) -> str:
        if self.uid and target.id == self.uid:
            return f"{target} is the agent's own pod"
        if target.labels.get(APP) == OURS:
            return f"{APP}={OURS} on the {target.kind}"
        if self.namespace and self.namespace == (target.name if target.kind == "namespace" else target.scope):
            return f"{self.namespace} is the agent's own namespace"
        if self.instance and target.kind == "instance" and target.id.endswith(f"/{self.instance}"):
            return f"{self.instance} is the instance the agent runs on"
        if self.node and target.kind == "node" and target.name == self.node:
            return f"{self.node} is the node the agent runs on"
        return ""
