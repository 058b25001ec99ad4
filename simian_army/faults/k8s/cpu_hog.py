"""What a CPU hog does: a pod beside the target keeps so many cores of its node busy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from simian_army.faults.k8s import hogging
from simian_army.faults.k8s.arguments import known, whole
from simian_army.faults.k8s.hogging import Hog
from simian_army.model import Evidence, Fault, Json, Mark, Selector
from simian_army.ports_kube import KubernetesMakingPort


@dataclass(frozen=True, slots=True)
class CpuHog:
    """Makes a pod that computes nothing, as much as its own limit lets it; it asks its node for as much."""

    port: KubernetesMakingPort
    name: ClassVar[str] = "cpu-hog"
    platform: ClassVar[str] = "kubernetes"
    strikes: ClassVar[str] = "pod"
    reversible: ClassVar[bool] = True
    replaces: ClassVar[bool] = False
    stops: ClassVar[str] = "nobody"
    restores: ClassVar[tuple[str, ...]] = ()
    alone: ClassVar[str] = hogging.ALONE
    params: ClassVar[Mapping[str, str]] = {
        "millicores": "how many thousandths of a core it uses; without it, 1000: one core",
        **hogging.PARAMS,
    }
    undo: ClassVar[Mapping[str, str]] = hogging.UNDO
    permissions: ClassVar[tuple[tuple[str, str, str, str], ...]] = hogging.PERMISSIONS
    everywhere: ClassVar[tuple[tuple[str, str, str, str], ...]] = hogging.EVERYWHERE
    reverting: ClassVar[tuple[tuple[str, str, str, str], ...]] = hogging.REVERTING

    def reach(self, fault: Fault) -> Selector | None:
        return hogging.reach(fault)

    def prepare(self, fault: Fault) -> Json | None:
        known(fault, self.params)
        _millis(fault)
        return hogging.prepare(self.port, fault)

    def inject(self, fault: Fault, mark: Mark) -> None:
        millis = _millis(fault)
        busy = "while :; do :; done & " * -(-millis // 1000)
        hogging.inject(self.port, fault, mark, Hog(f"{busy}wait", {"cpu": f"{millis}m", "memory": "32Mi"}))

    def observe(self, fault: Fault) -> Evidence:
        return hogging.observe(self.port, fault)

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        return hogging.revert(self.port, fault, mark)


def _millis(fault: Fault) -> int:
    return whole(fault, "millicores", 10, 64_000, 1000)
