"""What a restart does: a workload's pods are made anew, as few at once as its own roll-out allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from simian_army.errors import Conflict, PlatformError, Refused
from simian_army.faults.k8s.arguments import known
from simian_army.faults.k8s.in_place import value_at, written
from simian_army.faults.k8s.workloads import pods_of
from simian_army.model import Evidence, Fault, Json, Mark, Selector, Target
from simian_army.ports import KubernetesPort
from simian_army.standing import REACH

RESTARTED = "simian-army/restarted"
"""The annotation of a pod template that makes it another one: which run restarted the workload, and when."""

_PATH = ("spec", "template", "metadata", "annotations", RESTARTED)


@dataclass(frozen=True, slots=True)
class RolloutRestart:
    """Has a Deployment, StatefulSet or DaemonSet make its pods anew. Momentary: to take it back would do it again."""

    port: KubernetesPort
    name: ClassVar[str] = "rollout-restart"
    platform: ClassVar[str] = "kubernetes"
    strikes: ClassVar[str] = "deployment"
    also: ClassVar[tuple[str, ...]] = ("statefulset", "daemonset")
    reversible: ClassVar[bool] = False
    replaces: ClassVar[bool] = True
    anew: ClassVar[bool] = True
    stops: ClassVar[str] = REACH
    restores: ClassVar[tuple[str, ...]] = ()
    alone: ClassVar[str] = "momentary: nothing to end"
    params: ClassVar[Mapping[str, str]] = {}
    undo: ClassVar[Mapping[str, str]] = {}
    permissions: ClassVar[tuple[tuple[str, str, str, str], ...]] = (
        *((verb, "apps", f"{kind}s", "") for kind in (strikes, *also) for verb in ("get", "list", "patch")),
        ("list", "", "pods", ""),
    )

    def reach(self, fault: Fault) -> Selector | None:
        """Every pod of the workload."""
        return pods_of(fault)

    def sweeps(self, fault: Fault, other: Target) -> bool:
        """The pods of a DaemonSet are made anew like those of any other workload."""
        del fault, other
        return True

    def at_most(self, fault: Fault) -> int:
        """As many as its roll-out takes away before others are ready."""
        many = fault.target.facts.get("at_once")
        if not isinstance(many, int):
            raise PlatformError(f"{fault.target}: it does not say how many pods its roll-out takes away at once")
        return many

    def prepare(self, fault: Fault) -> Json | None:
        known(fault, self.params)
        self._rolls(fault)
        return None

    def inject(self, fault: Fault, mark: Mark) -> None:
        obj = self._rolls(fault)
        seen, now = fault.target.facts.get("generation"), value_at(obj, ("metadata", "generation"))
        if value_at(obj, _PATH) == _said(fault, mark.run):
            return  # done before: to write it again would change nothing
        if seen != now:
            raise Conflict(
                f"{fault.target}: it is not what it was when it was looked at (generation {now}, not {seen})"
            )
        same = {"op": "test", "path": "/metadata/resourceVersion", "value": obj["metadata"]["resourceVersion"]}
        self.port.patch(fault.target, [same, *written(obj, _PATH, _said(fault, mark.run))])

    def observe(self, fault: Fault) -> Evidence:
        obj = self.port.get(fault.target)
        if obj is None:
            return Evidence(holds=False, detail=f"the {fault.target.kind} is gone")
        if not str(value_at(obj, _PATH) or "").endswith(_said(fault, "")):
            return Evidence(holds=False, detail="its pod template is as it was")
        now, seen = value_at(obj, ("metadata", "generation")), value_at(obj, ("status", "observedGeneration"))
        begun = isinstance(now, int) and isinstance(seen, int) and seen >= now
        words = "its roll-out has begun" if begun else "its controller has not seen the new template yet"
        return Evidence(holds=begun, detail=words, under_way=not begun)

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        del fault, mark
        return Evidence(holds=True, detail="nothing to undo: its controller makes the pods anew")

    def _rolls(self, fault: Fault) -> dict[str, Any]:
        obj = self.port.get(fault.target)
        if obj is None:
            raise Refused(f"{fault.target}: gone")
        if value_at(obj, ("spec", "paused")) is True:
            raise Refused(f"{fault.target}: it is paused, so that no roll-out would begin")
        if value_at(obj, ("spec", "updateStrategy", "type")) == "OnDelete":
            raise Refused(f"{fault.target}: its pods are made anew only when somebody deletes them (OnDelete)")
        return obj


def _said(fault: Fault, run: str) -> str:
    """What the template says: the run, and as of which generation of the workload it was asked for."""
    return f"{run}@{fault.target.facts.get('generation')}"
