"""What a zone outage does: every node of one topology zone takes no new pods, and those there are evicted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from simian_army import marks
from simian_army.bearing import BEARERS, borne_by
from simian_army.errors import Refused, SimianError
from simian_army.faults.k8s.arguments import known, whole
from simian_army.faults.k8s.leaving import GRACE, grace_of
from simian_army.faults.k8s.leaving_all import evict_them, evictable, gone, on_nodes
from simian_army.faults.k8s.node_cordon import NodeCordon
from simian_army.model import Evidence, Fault, Json, Mark, Selector, Target
from simian_army.ports_kube import KubernetesCrowdPort
from simian_army.standing import REACH

ZONE = "topology.kubernetes.io/zone"
PERCENT = 34


@dataclass(frozen=True, slots=True)
class ZoneOutage:
    """Cordons the nodes of the zone that the struck node stands in, and evicts the pods there as node-drain does.

    The mark is signed for the struck node and borne by every node that we cordon, whose uids its undo names.
    """

    port: KubernetesCrowdPort
    name: ClassVar[str] = "zone-outage"
    platform: ClassVar[str] = "kubernetes"
    strikes: ClassVar[str] = "node"
    reversible: ClassVar[bool] = True
    replaces: ClassVar[bool] = True
    stops: ClassVar[str] = REACH
    restores: ClassVar[tuple[str, ...]] = ("spec.unschedulable",)
    alone: ClassVar[str] = "it does not: the next start of an agent, or `simian revert --all`, uncordons the nodes"
    params: ClassVar[Mapping[str, str]] = {
        "max_percent": f"how many percent of all nodes the zone may have; without it, {PERCENT}",
        "grace": GRACE,
    }
    undo: ClassVar[Mapping[str, str]] = {
        **NodeCordon.undo,
        "zone": "the zone, for people",
        "struck": "the node that the mark is signed for",
        "bearers": "the uids of all nodes that we cordon, each of which bears the mark",
    }
    permissions: ClassVar[tuple[tuple[str, str, str, str], ...]] = (
        *NodeCordon.permissions,
        ("create", "", "pods", "eviction"),
    )
    everywhere: ClassVar[tuple[tuple[str, str, str, str], ...]] = (
        *NodeCordon.everywhere,
        ("create", "", "pods", "eviction"),
    )
    reverting: ClassVar[tuple[tuple[str, str, str, str], ...]] = NodeCordon.permissions[:3]

    def reach(self, fault: Fault) -> Sequence[Selector] | None:
        """The other nodes of the zone, and every pod bound to one of its nodes."""
        zone = fault.target.labels.get(ZONE)
        if not zone:
            return [on_nodes([fault.target.name])]  # prepare refuses it
        nodes = Selector("node", labels=f"{ZONE}={zone}")
        return [nodes, on_nodes(sorted({fault.target.name, *(node.name for node in self.port.find(nodes))}))]

    def prepare(self, fault: Fault) -> Json | None:
        known(fault, self.params)
        grace_of(_graced(fault))
        zone = fault.target.labels.get(ZONE)
        if not zone:
            raise Refused(f"{fault.target}: its label {ZONE} names no zone")
        there = self._few_enough(fault, zone)
        if fault.target.id not in there or _cordoned(there[fault.target.id]):
            raise Refused(f"{fault.target}: gone, moved or cordoned already, so it would not be ours to undo")
        held = next((node for node in there.values() if marks.bears(node)), None)
        if held is not None:
            raise Refused(
                f"node {_name(held)} of zone {zone}: another fault holds it: {marks.found(held) or marks.HELD}"
            )
        ours = [uid for uid, node in there.items() if not _cordoned(node)]  # the others stay as they are
        return {"unschedulable": False, "zone": zone, **borne_by(fault.target, *sorted(ours))}

    def inject(self, fault: Fault, mark: Mark) -> None:
        there = self.port.listed("node", f"{ZONE}={mark.undo['zone']}")
        struck = there.get(fault.target.id)
        if struck is None or _cordoned(struck):
            raise Refused(f"{fault.target}: gone, moved or cordoned meanwhile")
        self.port.patch(fault.target, self._cordon(struck, mark))  # first: it alone says that something was done
        others = [there[uid] for uid in mark.undo[BEARERS] if uid != fault.target.id and uid in there]
        wishes = [(_target(node), self._cordon(node, mark)) for node in others if self._free(node)]
        answers = self.port.patch_all(wishes)
        cordoned = {fault.target.name, *(t.name for (t, _), said in zip(wishes, answers, strict=True) if _took(said))}
        going = [pod for pod in evictable(fault.others) if pod.facts.get("node") in cordoned]
        evict_them(self.port, going, grace_of(_graced(fault)), mark.deadline)

    def observe(self, fault: Fault) -> Evidence:
        wanted = (fault.undo or {}).get(BEARERS, [])
        held = self.port.listed("node", marks.HELD)
        down = [uid for uid in wanted if uid in held and _cordoned(held[uid])]
        words = f"{len(down)} of {len(wanted)} nodes cordoned and marked"
        if len(down) < len(wanted):
            return Evidence(holds=False, detail=words)
        left = gone(self.port, evictable(fault.others))
        return replace(left, detail=f"{words}; {left.detail}")

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        wanted = (fault.undo or mark.undo).get(BEARERS, [fault.target.id])
        held = self._held(wanted)
        if not held:
            return Evidence(holds=True, detail=f"none of the {len(wanted)} nodes is there any more")
        cordons = [(Fault(NodeCordon.name, _target(node), undo={"unschedulable": False}), mark) for node in held]
        proofs = NodeCordon(self.port).revert_all(cordons)
        bad = [f"{f.target}: {proof.detail}" for (f, _), proof in zip(cordons, proofs, strict=True) if not proof.holds]
        if bad:
            way = all(proof.holds or proof.under_way for proof in proofs)
            return Evidence(holds=False, detail="; ".join(bad[:5]), under_way=way)
        told = ", ".join(sorted({proof.detail for proof in proofs}))
        missing = f", {len(wanted) - len(held)} gone" if len(held) < len(wanted) else ""
        return Evidence(holds=True, detail=f"{len(held)} nodes: {told}{missing}")

    def _few_enough(self, fault: Fault, zone: str) -> Mapping[str, dict[str, Any]]:
        """The nodes of the zone, by uid."""
        limit = whole(fault, "max_percent", 1, 100, PERCENT)
        everyone = len(self.port.find(Selector("node")))
        there = self.port.listed("node", f"{ZONE}={zone}")
        if len(there) * 100 > limit * everyone:
            why = f"zone {zone} has {len(there)} of {everyone} nodes, more than {limit} % (max_percent)"
            raise Refused(f"{fault.target}: {why}")
        return there

    def _held(self, wanted: Sequence[str]) -> list[dict[str, Any]]:
        marked = self.port.listed("node", marks.HELD)
        there = marked if all(uid in marked for uid in wanted) else {**self.port.listed("node"), **marked}
        return [there[uid] for uid in wanted if uid in there]

    def _cordon(self, node: Json, mark: Mark) -> list[Json]:
        return [*self.port.mark(node, mark), {"op": "add", "path": "/spec/unschedulable", "value": True}]

    def _free(self, node: Json) -> bool:
        return not _cordoned(node) and not marks.bears(node)


def _graced(fault: Fault) -> Fault:
    return replace(fault, params={key: value for key, value in fault.params.items() if key == "grace"})


def _took(said: Json | SimianError | None) -> bool:
    return said is not None and not isinstance(said, SimianError)


def _target(node: Json) -> Target:
    metadata = node["metadata"]
    return Target("kubernetes", "node", str(metadata["uid"]), str(metadata["name"]), "", "", None, {})


def _name(node: Json) -> str:
    return str(node["metadata"]["name"])


def _cordoned(node: Json) -> bool:
    spec = node.get("spec")
    return isinstance(spec, dict) and spec.get("unschedulable") is True
