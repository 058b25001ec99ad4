"""What an eviction does: a pod leaves politely, if its PodDisruptionBudget lets it."""

from __future__ import annotations

from dataclasses import dataclass, field

from simian_army.faults.k8s.grace import GRACE, grace_of
from simian_army.faults.k8s.leaving import expect_running, look
from simian_army.model import NOTHING, Evidence, Fault, Json, Mark, Selector
from simian_army.ports import KubernetesPort


@dataclass(frozen=True, slots=True)
class PodEvict:
    """Evicts a pod. Momentary: its controller makes a new one, and there is nothing to undo."""

    port: KubernetesPort
    name: str = field(default="pod-evict", init=False)
    platform: str = field(default="kubernetes", init=False)
    strikes: str = field(default="pod", init=False)
    reversible: bool = field(default=False, init=False)
    replaces: bool = field(default=True, init=False)
    restores: tuple[str, ...] = field(default=(), init=False)
    params: Json = field(default_factory=lambda: {"grace": GRACE}, init=False)
    undo: Json = field(default_factory=lambda: NOTHING, init=False)
    permissions: tuple[tuple[str, str, str, str], ...] = field(
        default=(("get", "", "pods", ""), ("create", "", "pods", "eviction")), init=False
    )

    def reach(self, fault: Fault) -> Selector | None:
        """Nothing but the pod."""
        del fault

    def prepare(self, fault: Fault) -> Json | None:
        grace_of(fault)
        expect_running(self.port, fault.target)
        return None

    def inject(self, fault: Fault, mark: Mark) -> None:
        del mark
        self.port.evict(fault.target, grace_of(fault))

    def observe(self, fault: Fault) -> Evidence:
        return look(self.port, fault.target)

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        del fault, mark
        return Evidence(True, "nothing to undo: its controller makes a new pod")
