"""What a scale-down does: a workload has fewer pods, or none, until it is given back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from simian_army.amounts import Amount
from simian_army.errors import PlatformError, Refused
from simian_army.faults.k8s import copies, in_place
from simian_army.faults.k8s.arguments import known
from simian_army.faults.k8s.in_place import Change
from simian_army.faults.k8s.workloads import pods_of
from simian_army.model import Evidence, Fault, Json, Mark, Selector
from simian_army.ports import KubernetesNearPort
from simian_army.standing import REACH

_PATH = ("spec", "replicas")
_TO = "to"


@dataclass(frozen=True, slots=True)
class ScaleDown:
    """Gives a Deployment or StatefulSet fewer replicas and holds it so. Undone only while it has as many as we said."""

    port: KubernetesNearPort
    name: ClassVar[str] = "scale-down"
    platform: ClassVar[str] = "kubernetes"
    strikes: ClassVar[str] = "deployment"
    also: ClassVar[tuple[str, ...]] = ("statefulset",)
    reversible: ClassVar[bool] = True
    replaces: ClassVar[bool] = False
    stops: ClassVar[str] = REACH
    restores: ClassVar[tuple[str, ...]] = ("spec.replicas",)
    alone: ClassVar[str] = "it does not: the next start of an agent, or `simian revert --all`, scales it up again"
    params: ClassVar[Mapping[str, str]] = {
        _TO: "how many pods stay: a number, or a percentage of them, rounded up; without it, none"
    }
    undo: ClassVar[Mapping[str, str]] = {
        "replicas": "how many it had",
        _TO: "how many we left it",
        "owners": in_place.OWNERS,
    }
    permissions: ClassVar[tuple[tuple[str, str, str, str], ...]] = (
        ("get", "apps", "deployments", ""),
        ("list", "apps", "deployments", ""),
        ("patch", "apps", "deployments", ""),
        ("get", "apps", "statefulsets", ""),
        ("list", "apps", "statefulsets", ""),
        ("patch", "apps", "statefulsets", ""),
        ("list", "", "pods", ""),
        ("list", "autoscaling", "horizontalpodautoscalers", ""),
        *copies.PERMISSIONS,
    )
    reverting: ClassVar[tuple[tuple[str, str, str, str], ...]] = (
        ("get", "apps", "deployments", ""),
        ("patch", "apps", "deployments", ""),
        ("get", "apps", "statefulsets", ""),
        ("patch", "apps", "statefulsets", ""),
        *copies.PERMISSIONS,
    )

    def reach(self, fault: Fault) -> Selector | None:
        """Every pod of the workload."""
        return pods_of(fault)

    def at_most(self, fault: Fault) -> int:
        """As many as the workload has more than are to stay."""
        replicas = fault.target.facts.get("replicas")
        if not isinstance(replicas, int):
            raise PlatformError(f"{fault.target}: it does not say how many pods it is to have (spec.replicas)")
        return max(0, replicas - _stay(fault).of(replicas))

    def prepare(self, fault: Fault) -> Json | None:
        obj, stay = in_place.free(self.port, fault), _stay(fault)
        replicas = in_place.value_at(obj, _PATH)
        if not isinstance(replicas, int):
            raise Refused(f"{fault.target}: it does not say how many pods it is to have (spec.replicas)")
        to = stay.of(replicas)
        if to >= replicas:
            raise Refused(f"{fault.target}: it is to have {replicas} pods, and {to} are to stay: nothing to scale down")
        self._expect_no_autoscaler_against(fault, to)
        return {"replicas": replicas, _TO: to, "owners": in_place.owners(obj, _PATH)}

    def inject(self, fault: Fault, mark: Mark) -> None:
        in_place.inject(self.port, fault, mark, _change(mark.undo))

    def observe(self, fault: Fault) -> Evidence:
        undo = fault.undo or {}
        seen, obj = in_place.look(self.port, fault, _change(undo))
        if not seen.holds:
            return seen
        there, to = in_place.value_at(obj, ("status", "replicas")) or 0, undo[_TO]
        words = f"{there} of {undo['replicas']} pods are there, {to} are to stay"
        return Evidence(holds=there <= to, detail=words, under_way=there > to)

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        proof = in_place.revert(self.port, fault, mark, _change(fault.undo or mark.undo))
        return (copies.take_off(self.port, fault, mark) or proof) if proof.holds else proof

    def _expect_no_autoscaler_against(self, fault: Fault, to: int) -> None:
        """An autoscaler rests while its target has no pods at all, and else scales it up to its least at once."""
        if to == 0:
            return
        for one in self.port.near("horizontalpodautoscaler", fault.target.scope):
            whom, least = in_place.value_at(one, ("spec", "scaleTargetRef")), in_place.value_at(one, _LEAST)
            if not isinstance(whom, dict) or whom.get("name") != fault.target.name:
                continue
            if str(whom.get("kind", "")).lower() == fault.target.kind and to < (least if isinstance(least, int) else 1):
                name = in_place.value_at(one, ("metadata", "name"))
                why = f"HPA {name} keeps at least {least} and would scale it up again at once"
                raise Refused(f"{fault.target}: {to} are to stay, but {why}; leave as many, or none (it rests then)")


_LEAST = ("spec", "minReplicas")


def _stay(fault: Fault) -> Amount:
    said = known(fault, ScaleDown.params).get(_TO, 0)
    try:
        return Amount.parse(said)
    except ValueError as error:
        raise Refused(f"{fault.kind}: {_TO}: {error}") from error


def _change(undo: Json) -> Change:
    return Change(_PATH, undo.get("replicas"), undo.get(_TO), in_place.owners_in(undo))
