"""What a taint does: a node takes, or keeps, only pods that tolerate it, until it is given back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from simian_army import marks
from simian_army.errors import Refused
from simian_army.faults.k8s.arguments import known, word
from simian_army.faults.k8s.giving_back import Back, give_back
from simian_army.faults.k8s.leaving_all import driven_off, tainted, tolerations_of
from simian_army.model import Evidence, Fault, Json, Mark, Selector, Target
from simian_army.ports_kube import KubernetesCrowdPort
from simian_army.standing import NOBODY, REACH
from simian_army.tolerating import FOR_GOOD, stays

_PATH = "/spec/taints"
_PART = r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_KEY = re.compile(rf"([a-z0-9]([-a-z0-9.]{{0,251}}[a-z0-9])?/)?{_PART}")
_VALUE = re.compile(rf"({_PART})?")
_KEEPS, _SPARES, _EMPTIES = "NoSchedule", "PreferNoSchedule", "NoExecute"


@dataclass(frozen=True, slots=True)
class NodeTaint:
    """Taints a node and holds it so. Undone only while the node bears our mark and the taint is as we wrote it."""

    port: KubernetesCrowdPort
    name: ClassVar[str] = "node-taint"
    platform: ClassVar[str] = "kubernetes"
    strikes: ClassVar[str] = "node"
    reversible: ClassVar[bool] = True
    replaces: ClassVar[bool] = True
    stops: ClassVar[str] = REACH
    restores: ClassVar[tuple[str, ...]] = ("spec.taints",)
    alone: ClassVar[str] = "it does not: the next start of an agent, or `simian revert --all`, takes the taint off"
    params: ClassVar[Mapping[str, str]] = {
        "key": "the taint's key; without it, simian-army/taint. Keys of Kubernetes' own are not offered",
        "value": "the taint's value; without it, empty",
        "effect": "NoSchedule (the default: no new pods), PreferNoSchedule, or NoExecute (pods that do not tolerate it "
        "leave at once, whatever their PodDisruptionBudget says)",
    }
    undo: ClassVar[Mapping[str, str]] = {"taint": "the taint we add: key, effect, and value where it has one"}
    permissions: ClassVar[tuple[tuple[str, str, str, str], ...]] = (
        ("get", "", "nodes", ""),
        ("list", "", "nodes", ""),
        ("patch", "", "nodes", ""),
        ("list", "", "pods", ""),
    )
    everywhere: ClassVar[tuple[tuple[str, str, str, str], ...]] = (("list", "", "pods", ""),)
    reverting: ClassVar[tuple[tuple[str, str, str, str], ...]] = (("get", "", "nodes", ""), ("patch", "", "nodes", ""))

    def stops_by(self, fault: Fault) -> str:
        """Whom this fault stops: only NoExecute makes anybody leave."""
        return REACH if fault.params.get("effect", _KEEPS) not in (_KEEPS, _SPARES) else NOBODY

    def reach(self, fault: Fault) -> Selector | None:
        """Every pod bound to the node."""
        return tainted(fault.target.name)

    def sweeps(self, fault: Fault, other: Target) -> bool:
        """Whether this one leaves, even if a DaemonSet keeps it there: unless it tolerates the taint for good."""
        if self.stops_by(fault) != REACH:
            return False
        return stays(tolerations_of(other), self._wanted(fault)) < FOR_GOOD

    def prepare(self, fault: Fault) -> Json | None:
        taint = self._wanted(fault)
        node = self._there(fault, taint)
        if marks.bears(node):
            raise Refused(f"{fault.target}: another fault holds it: {marks.found(node) or 'label ' + marks.HELD}")
        bare = [other for other in fault.others if not other.group and not other.facts.get("mirror")]
        if bare and taint["effect"] == _EMPTIES:
            raise Refused(f"{fault.target}: no controller makes {bare[0]} anew, which NoExecute would make leave")
        return {"taint": taint}

    def inject(self, fault: Fault, mark: Mark) -> None:
        taint = mark.undo["taint"]
        node = self._there(fault, taint)
        there = _taints(node)
        add = {"op": "add", "path": f"{_PATH}/-", "value": taint} if there else _all([taint])
        self.port.patch(fault.target, [*self.port.mark(node, mark), add])

    def observe(self, fault: Fault) -> Evidence:
        node, taint = self.port.get(fault.target), (fault.undo or {}).get("taint", {})
        if node is None:
            return Evidence(holds=False, detail="the node is gone")
        stands, held = _at(node, taint) is not None, marks.bears(node)
        words = f"{'tainted' if stands else 'not tainted'}, {'marked' if held else 'not marked'}"
        if not (stands and held) or taint.get("effect") != _EMPTIES:
            return Evidence(stands and held, words)
        left = driven_off(self.port, fault.others, fault.target.name, taint)
        return replace(left, detail=f"{words}; {left.detail}")

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        taint = (fault.undo or mark.undo).get("taint", {})
        return give_back(self.port, fault, mark, lambda node: _back(node, taint))

    def _wanted(self, fault: Fault) -> dict[str, str]:
        known(fault, self.params)
        key, value = word(fault, "key", "simian-army/taint"), word(fault, "value")
        effect = word(fault, "effect", _KEEPS)
        if effect not in (_KEEPS, _SPARES, _EMPTIES):
            raise Refused(f"{self.name}: effect is {effect!r}, give {_KEEPS}, {_SPARES} or {_EMPTIES}")
        if not _KEY.fullmatch(key) or not _VALUE.fullmatch(value):
            raise Refused(f"{self.name}: {key}={value} is no taint: write key and value as those of a label")
        if key.partition("/")[0].endswith(("kubernetes.io", "k8s.io")):
            raise Refused(f"{self.name}: {key} is Kubernetes' own, which it adds and removes by itself: take another")
        return {"key": key, "effect": effect, **({"value": value} if value else {})}

    def _there(self, fault: Fault, taint: Json) -> dict[str, Any]:
        node = self.port.get(fault.target)
        if node is None:
            raise Refused(f"{fault.target}: gone")
        same = [one for one in _taints(node) if (one.get("key"), one.get("effect")) == (taint["key"], taint["effect"])]
        if same:
            raise Refused(f"{fault.target}: tainted {taint['key']}:{taint['effect']} already, it would not be ours")
        return node


def _back(node: Json, taint: Json) -> Back:
    there, number = _taints(node), _at(node, taint)
    if number is None:
        return Back([], "the taint is gone or another by someone: kept")
    path = _PATH if len(there) == 1 else f"{_PATH}/{number}"
    return Back(
        [{"op": "test", "path": f"{_PATH}/{number}", "value": there[number]}, {"op": "remove", "path": path}],
        "taint removed",
    )


def _at(node: Json, taint: Json) -> int | None:
    """Which of a node's taints is ours; the server may have added when it began."""
    bare = [{key: value for key, value in one.items() if key != "timeAdded"} for one in _taints(node)]
    return bare.index(dict(taint)) if dict(taint) in bare else None


def _taints(node: Json) -> list[dict[str, Any]]:
    spec = node.get("spec")
    found = spec.get("taints") if isinstance(spec, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _all(taints: list[dict[str, str]]) -> Json:
    return {"op": "add", "path": _PATH, "value": taints}
