"""What a cordon does: a node takes no new pods until it is given back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from simian_army import marks
from simian_army.errors import Conflict, Gone, Refused
from simian_army.model import Evidence, Fault, Json, Mark, Selector
from simian_army.ports import KubernetesPort

_TRIES = 5
_PATH = "/spec/unschedulable"


@dataclass(frozen=True, slots=True)
class NodeCordon:
    """Cordons a node and holds it so. Undone only while the node bears our mark: without it, someone took over."""

    port: KubernetesPort
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
                return Evidence(holds=True, detail="the node is gone, and our mark with it")
            left = self.port.unmark(node, mark)
            if not left:
                return _proof(node, said)
            said = self._restore(fault, node, left) or said
        return Evidence(
            holds=False, detail=f"the node changed {_TRIES} times while we tried to give it back; try again"
        )

    def _restore(self, fault: Fault, node: Json, left: list[Json]) -> list[str]:
        ours = _cordoned(node) and marks.found(node) is not None
        undo: list[Json] = []
        if ours:
            undo = [{"op": "test", "path": _PATH, "value": True}, {"op": "remove", "path": _PATH}]
        try:
            self.port.patch(fault.target, [*left, *undo])
        except (Conflict, Gone):
            return []
        if ours:
            return ["uncordoned, mark removed"]
        kept = "still cordoned by someone: kept" if _cordoned(node) else "uncordoned by someone: kept"
        return [f"{kept}, mark removed"]

    def _there(self, fault: Fault) -> dict[str, Any]:
        node = self.port.get(fault.target)
        if node is None:
            raise Refused(f"{fault.target}: gone")
        if _cordoned(node):
            raise Refused(f"{fault.target}: cordoned already, so it would not be ours to undo")
        return node


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
