"""What an eviction does: a pod leaves if its PodDisruptionBudget lets it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from simian_army.faults.k8s.leaving import GRACE, expect_there, grace_of, look
from simian_army.model import Evidence, Fault, Json, Mark, Selector
from simian_army.ports import KubernetesPort


@dataclass(frozen=True, slots=True)
class PodEvict:
    """Evicts a pod through the eviction API. Momentary: its controller makes a new one."""

    port: KubernetesPort
    name: ClassVar[str] = "pod-evict"
    platform: ClassVar[str] = "kubernetes"
    strikes: ClassVar[str] = "pod"
    reversible: ClassVar[bool] = False
    replaces: ClassVar[bool] = True
    restores: ClassVar[tuple[str, ...]] = ()
    alone: ClassVar[str] = "momentary: nothing to end"
    params: ClassVar[Mapping[str, str]] = {"grace": GRACE}
    undo: ClassVar[Mapping[str, str]] = {}
    permissions: ClassVar[tuple[tuple[str, str, str, str], ...]] = (
        ("get", "", "pods", ""),
        ("create", "", "pods", "eviction"),
    )

    def reach(self, fault: Fault) -> Selector | None:
        del fault
        return None

    def prepare(self, fault: Fault) -> Json | None:
        grace_of(fault)
        expect_there(self.port, fault)
        return None

    def inject(self, fault: Fault, mark: Mark) -> None:
        del mark  # nothing is held, so nothing is marked
        self.port.evict(fault.target, grace_of(fault))

    def observe(self, fault: Fault) -> Evidence:
        return look(self.port, fault)

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        del fault, mark
        return Evidence(holds=True, detail="nothing to undo: the pod's controller makes a new one")
