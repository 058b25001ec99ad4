"""What a cordon does: a node takes no new pods until it is given back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from simian_army import marks
from simian_army.errors import Conflict, Gone, Refused, SimianError
from simian_army.model import Evidence, Fault, Json, Mark, Selector, Target
from simian_army.ports import KubernetesManyPort

_TRIES = 5
_FEW = 5  # nodes that are read one by one; more are listed
_PATH = "/spec/unschedulable"
_CORDONED = (("spec.unschedulable", "true"),)


@dataclass(frozen=True, slots=True)
class NodeCordon:
    """Cordons a node and holds it so. Undone only while the node bears our mark: without it, someone took over."""

    port: KubernetesManyPort
    name: ClassVar[str] = "node-cordon"
    platform: ClassVar[str] = "kubernetes"
    strikes: ClassVar[str] = "node"
    reversible: ClassVar[bool] = True
    replaces: ClassVar[bool] = False
    stops: ClassVar[str] = "nobody"
    restores: ClassVar[tuple[str, ...]] = ("spec.unschedulable",)
    alone: ClassVar[str] = "it does not: the next start of an agent, or `simian revert --all`, uncordons the node"
    params: ClassVar[Mapping[str, str]] = {}
    undo: ClassVar[Mapping[str, str]] = {"unschedulable": "whether the node took no new pods before; always false"}
    permissions: ClassVar[tuple[tuple[str, str, str, str], ...]] = (
        ("get", "", "nodes", ""),
        ("list", "", "nodes", ""),
        ("patch", "", "nodes", ""),
        ("list", "", "pods", ""),
    )
    everywhere: ClassVar[tuple[tuple[str, str, str, str], ...]] = (("list", "", "pods", ""),)
    reverting: ClassVar[tuple[tuple[str, str, str, str], ...]] = (("get", "", "nodes", ""), ("patch", "", "nodes", ""))

    def unfit(self, fault: Fault) -> str:
        """A node that is cordoned already would not be ours to undo."""
        return "cordoned already" if fault.target.facts.get("unschedulable") is True else ""

    def reach(self, fault: Fault) -> Selector | None:
        """Every pod bound to the node."""
        return Selector(kind="pod", fields=(("spec.nodeName", fault.target.name),))

    def prepare(self, fault: Fault) -> Json | None:
        if fault.params:
            raise Refused(f"{self.name} knows no parameters; it was given {', '.join(sorted(fault.params))}")
        node = self._there(fault)
        if marks.bears(node):
            raise Refused(f"{fault.target}: another fault holds it: {marks.found(node) or 'label ' + marks.HELD}")
        return {"unschedulable": False}

    def inject(self, fault: Fault, mark: Mark) -> None:
        node = self._there(fault)
        cordon = {"op": "add", "path": _PATH, "value": True}
        self.port.patch(fault.target, [*self.port.mark(node, mark), cordon])

    def observe(self, fault: Fault) -> Evidence:
        node = self.port.get(fault.target)
        if node is None:
            return Evidence(holds=False, detail="the node is gone")
        held = marks.bears(node)
        words = f"{'cordoned' if _cordoned(node) else 'not cordoned'}, {'marked' if held else 'not marked'}"
        return Evidence(_cordoned(node) and held, words)

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        said: list[str] = []
        for _ in range(_TRIES + 1):  # the last look proves the last try
            node = self.port.get(fault.target)
            if node is None:
                return _unasked(node)
            left = self.port.unmark(node, mark)
            if not left:
                return _proof(node, said)
            said = self._restore(fault, node, left) or said
        return Evidence(
            holds=False, detail=f"the node changed {_TRIES} times while we tried to give it back; try again"
        )

    def revert_all(self, held: Sequence[tuple[Fault, Mark]]) -> list[Evidence]:
        """As ``revert``, with a list of the marked before, and after it of them and of the cordoned."""
        there = self._listed([fault.target for fault, _ in held])
        left = {f.target.id: self.port.unmark(there[f.target.id], m) for f, m in held if f.target.id in there}
        wishes = [(f.target, _back(there[f.target.id], left[f.target.id])) for f, _ in held if left.get(f.target.id)]
        if not wishes:
            return [_unasked(there.get(fault.target.id)) for fault, _ in held]
        answers = dict(zip((target.id for target, _ in wishes), self.port.patch_all(wishes), strict=True))
        after = {**self.port.listed(self.strikes, marks.HELD), **self.port.listed(self.strikes, fields=_CORDONED)}
        return [
            self._answered(mark, there[fault.target.id], answers[fault.target.id], after.get(fault.target.id))
            if fault.target.id in answers
            else _unasked(there.get(fault.target.id))
            for fault, mark in held
        ]

    def _listed(self, nodes: Sequence[Target]) -> Mapping[str, dict[str, Any]]:
        there = dict(self.port.listed(self.strikes, marks.HELD))
        missing = [node for node in nodes if node.id not in there]
        if len(missing) > _FEW:
            return self.port.listed(self.strikes)
        read = {node.id: self.port.get(node) for node in missing}  # one who took off the label may have left the rest
        return {**there, **{uid: node for uid, node in read.items() if node is not None}}

    def _answered(self, mark: Mark, node: Json, answer: Json | SimianError | None, after: Json | None) -> Evidence:
        if answer is None:
            return Evidence(holds=False, detail="not asked yet: the others took their time", under_way=True)
        if isinstance(answer, SimianError):
            return Evidence(holds=False, detail=str(answer))
        if after is not None and self.port.unmark(after, mark):
            return Evidence(holds=False, detail="the server took the patch, but our mark is still there")
        return _proof(answer if after is None else after, [_done(node)])

    def _restore(self, fault: Fault, node: Json, left: list[Json]) -> list[str]:
        try:
            self.port.patch(fault.target, _back(node, left))
        except (Conflict, Gone):
            return []
        return [_done(node)]

    def _there(self, fault: Fault) -> dict[str, Any]:
        node = self.port.get(fault.target)
        if node is None:
            raise Refused(f"{fault.target}: gone")
        if _cordoned(node):
            raise Refused(f"{fault.target}: cordoned already, so it would not be ours to undo")
        return node


def _back(node: Json, left: list[Json]) -> list[Json]:
    """The operations that take off what is ``left`` of the mark, and our cordon with it."""
    if not _is_ours(node):
        return left
    return [*left, {"op": "test", "path": _PATH, "value": True}, {"op": "remove", "path": _PATH}]


def _done(node: Json) -> str:
    """What those operations do."""
    if _is_ours(node):
        return "uncordoned, mark removed"
    return f"{'still cordoned' if _cordoned(node) else 'uncordoned'} by someone: kept, mark removed"


def _is_ours(node: Json) -> bool:
    return _cordoned(node) and marks.found(node) is not None


def _unasked(node: Json | None) -> Evidence:
    if node is None:
        return Evidence(holds=True, detail="the node is gone, and our mark with it")
    return _proof(node, [])


def _proof(node: Json, said: list[str]) -> Evidence:
    cordoned = _cordoned(node)
    facts = {"unschedulable": cordoned}
    if said:
        return Evidence(holds=True, detail=f"{said[-1]}; read back", facts=facts)
    if cordoned:
        return Evidence(holds=True, detail="cordoned without our mark: someone took over, kept", facts=facts)
    return Evidence(holds=True, detail="not cordoned, and no mark of this run: nothing to undo", facts=facts)


def _cordoned(node: Json) -> bool:
    spec = node.get("spec")
    return isinstance(spec, dict) and spec.get("unschedulable") is True
