"""What a drain does: a node takes no new pods, and those it has are evicted, until it is given back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from simian_army.faults.k8s.leaving import GRACE, grace_of
from simian_army.faults.k8s.leaving_all import evict_them, evictable, gone, on_nodes
from simian_army.faults.k8s.node_cordon import NodeCordon
from simian_army.model import Evidence, Fault, Json, Mark, Selector
from simian_army.ports_kube import KubernetesCrowdPort
from simian_army.standing import REACH


@dataclass(frozen=True, slots=True)
class NodeDrain:
    """Cordons a node as node-cordon does, then evicts once each pod that the guards were shown and that is still as it
    was then; a PodDisruptionBudget may keep some. Undone is the cordon: evicted pods are made anew elsewhere."""

    port: KubernetesCrowdPort
    name: ClassVar[str] = "node-drain"
    platform: ClassVar[str] = "kubernetes"
    strikes: ClassVar[str] = "node"
    reversible: ClassVar[bool] = True
    replaces: ClassVar[bool] = True
    stops: ClassVar[str] = REACH
    restores: ClassVar[tuple[str, ...]] = ("spec.unschedulable",)
    alone: ClassVar[str] = NodeCordon.alone
    params: ClassVar[Mapping[str, str]] = {"grace": GRACE}
    undo: ClassVar[Mapping[str, str]] = NodeCordon.undo
    permissions: ClassVar[tuple[tuple[str, str, str, str], ...]] = (
        *NodeCordon.permissions,
        ("create", "", "pods", "eviction"),
    )
    everywhere: ClassVar[tuple[tuple[str, str, str, str], ...]] = (
        *NodeCordon.everywhere,
        ("create", "", "pods", "eviction"),
    )
    reverting: ClassVar[tuple[tuple[str, str, str, str], ...]] = NodeCordon.reverting

    def unfit(self, fault: Fault) -> str:
        """A node that is cordoned already would not be ours to undo."""
        return "cordoned already" if fault.target.facts.get("unschedulable") is True else ""

    def reach(self, fault: Fault) -> Selector | None:
        """Every pod bound to the node."""
        return on_nodes([fault.target.name])

    def prepare(self, fault: Fault) -> Json | None:
        grace_of(fault)
        return NodeCordon(self.port).prepare(replace(fault, params={}))

    def inject(self, fault: Fault, mark: Mark) -> None:
        NodeCordon(self.port).inject(fault, mark)  # first: what is evicted must not come back
        evict_them(self.port, evictable(fault.others), grace_of(fault), mark.deadline)

    def observe(self, fault: Fault) -> Evidence:
        cordon = NodeCordon(self.port).observe(fault)
        if not cordon.holds:
            return cordon
        left = gone(self.port, evictable(fault.others))
        return replace(left, detail=f"{cordon.detail}; {left.detail}")

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        return NodeCordon(self.port).revert(fault, mark)

    def revert_all(self, held: Sequence[tuple[Fault, Mark]]) -> Sequence[Evidence]:
        """As ``revert``, with lists."""
        return NodeCordon(self.port).revert_all(held)
