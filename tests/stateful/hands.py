"""What one process can do to the park: real faults over a port that may be cut off at any act."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from simian_army import marks
from simian_army.contract import FaultKind
from simian_army.errors import Conflict, Gone, Refused, SimianError
from simian_army.faults.k8s.node_cordon import NodeCordon
from simian_army.faults.k8s.pod_delete import PodDelete
from simian_army.model import Evidence, Fault, Json, Mark, Selector, Target
from simian_army.targets.kube import marking
from tests.stateful.park import FLEET, KEY, Gate, Letter, Park

TURNED = 0  # what the dial says while it is turned
TRIES = 3


@dataclass
class Port:
    """The acts of one process, by the port of Kubernetes; ``step`` is asked before and after each and may end it."""

    park: Park
    who: str
    step: Callable[[str], None]
    harm: Mark | None = None

    def get(self, target: Target) -> Gate | None:
        self.park.must_answer()
        return deepcopy(self.park.of(target.id))

    def patch(self, target: Target, operations: Sequence[Json]) -> Gate:
        self._send(Letter(self.who, target.id, operations, self.harm))
        return self.park.of(target.id) or {}

    def patch_all(self, wishes: Sequence[tuple[Target, Sequence[Json]]]) -> list[Gate | SimianError | None]:
        return [self._answer(*wish) for wish in wishes]

    def listed(self, kind: str, labels: str = "", fields: Sequence[tuple[str, str]] = ()) -> dict[str, Gate]:
        self.park.must_answer()
        found = [gate for gate in self.park.gates.values() if not labels or marks.labelled(gate)]
        found = [gate for gate in found if not fields or gate["spec"].get("unschedulable")]
        return {gate["metadata"]["uid"]: deepcopy(gate) for gate in found}

    def _answer(self, target: Target, operations: Sequence[Json]) -> Gate | SimianError:
        try:
            return self.patch(target, operations)
        except SimianError as error:
            return error

    def delete(self, target: Target, grace: int | None = None, version: str = "") -> None:
        gate = self.park.of(target.id)
        if gate is not None and version not in ("", gate["metadata"]["resourceVersion"]):
            raise Conflict(f"{target} changed since it was read")
        self._send(Letter(self.who, target.id, None, self.harm))

    def mark(self, obj: Json, mark: Mark) -> list[Json]:
        return marking.put(obj, mark)

    def unmark(self, obj: Json, mark: Mark) -> list[Json]:
        return marking.take_off(obj, mark, lambda there: marks.genuine(KEY, there, obj["metadata"]["uid"], FLEET))

    @contextmanager
    def harming(self, mark: Mark) -> Iterator[None]:
        """Within it, what is sent is an injection."""
        self.harm = mark
        try:
            yield
        finally:
            self.harm = None

    def _send(self, letter: Letter) -> None:
        self.step("before an act")
        self.park.send(letter)
        self.step("after an act")


class Shut(NodeCordon):
    """The cordon of a node, on a gate."""

    name: ClassVar[str] = "shut"
    platform: ClassVar[str] = "park"
    strikes: ClassVar[str] = "gate"

    def reach(self, fault: Fault) -> Selector | None:
        return None

    def inject(self, fault: Fault, mark: Mark) -> None:
        with cast("Port", self.port).harming(mark):
            super().inject(fault, mark)


class Fell(PodDelete):
    """The deletion of a pod, of a gate."""

    name: ClassVar[str] = "fell"
    platform: ClassVar[str] = "park"
    strikes: ClassVar[str] = "gate"

    def inject(self, fault: Fault, mark: Mark) -> None:
        with cast("Port", self.port).harming(mark):
            super().inject(fault, mark)


@dataclass
class Turn:
    """Turns the dial of a gate, whose pre-image may be any number, and turns it back while it is as we turned it."""

    port: Port
    name: ClassVar[str] = "turn"
    platform: ClassVar[str] = "park"
    strikes: ClassVar[str] = "gate"
    reversible: ClassVar[bool] = True
    replaces: ClassVar[bool] = False
    restores: ClassVar[tuple[str, ...]] = ("spec.dial",)
    params: ClassVar[Mapping[str, str]] = {}
    undo: ClassVar[Mapping[str, str]] = {"dial": "the number before"}
    permissions: ClassVar[tuple[tuple[str, ...], ...]] = ()

    def reach(self, fault: Fault) -> Selector | None:
        return None

    def prepare(self, fault: Fault) -> Json | None:
        return {"dial": self._there(fault)["spec"]["dial"]}

    def inject(self, fault: Fault, mark: Mark) -> None:
        gate, before = self._there(fault), (fault.undo or {})["dial"]
        turn = [{"op": "test", "path": "/spec/dial", "value": before}, _dial(TURNED)]
        with self.port.harming(mark):
            self.port.patch(fault.target, [*self.port.mark(gate, mark), *turn])

    def observe(self, fault: Fault) -> Evidence:
        gate = self.port.get(fault.target)
        return Evidence(bool(gate and gate["spec"]["dial"] == TURNED), "looked at")

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        for _ in range(TRIES + 1):
            gate = self.port.get(fault.target)
            left = self.port.unmark(gate, mark) if gate else []
            if not left:
                return Evidence(holds=True, detail="no mark of this run")
            self._restore(fault, left, gate or {})
        return Evidence(holds=False, detail="it changed all the time")

    def _restore(self, fault: Fault, left: list[Json], gate: Gate) -> None:
        undo = self.undoing(fault, gate) if marks.found(gate) is not None else []
        try:
            self.port.patch(fault.target, [*left, *undo])
        except (Conflict, Gone):
            return

    def undoing(self, fault: Fault, gate: Gate) -> list[dict[str, Any]]:
        if gate["spec"]["dial"] != TURNED:
            return []
        return [{"op": "test", "path": "/spec/dial", "value": TURNED}, _dial((fault.undo or {})["dial"])]

    def _there(self, fault: Fault) -> Gate:
        gate = self.port.get(fault.target)
        if gate is None or marks.bears(gate) or gate["spec"]["dial"] == TURNED:
            raise Refused(f"{fault.target}: gone, held, or turned already")
        return gate


def kinds_of(port: Port) -> dict[str, FaultKind]:
    """Every fault there is, over that port."""
    made = (Shut(cast("Any", port)), Fell(cast("Any", port)), Turn(port))
    return {kind.name: cast("FaultKind", kind) for kind in made}


def _dial(value: object) -> dict[str, Any]:
    return {"op": "replace", "path": "/spec/dial", "value": value}
