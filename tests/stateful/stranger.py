"""Somebody else who may write to gates: what he edits stays his, and what he makes of marks is not obeyed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simian_army import marks
from tests.stateful.park import Gate, Park
from tests.stateful.witness import FIELDS, Hurt, Witness, genuine, view

OPT_OUT = "simian-army/opt-out"
HELD_FIELDS = {field for field, _ in FIELDS.values()}


@dataclass
class Stranger:
    """Acts on the park and tells the witness. ``past`` says of a run on a gate whether nobody acts on its mark again."""

    park: Park
    witness: Witness
    past: Callable[[str, str], bool]

    def edit(self, gate: Gate, name: str, value: object) -> None:
        """Set a field of the spec."""
        gate["spec"][name] = value
        self._edited(gate)
        hurt = self.witness.hurts.get(_uid(gate))
        if hurt is None or hurt.field != name:
            self.witness.expected[_uid(gate)][name] = value
            return
        injected = FIELDS[hurt.kind][1]
        if value == injected:  # nobody can tell it from ours
            hurt.allowed, hurt.overridden = [hurt.before, injected], False
            return
        hurt.allowed, hurt.overridden = [value], True

    def label(self, gate: Gate, name: str, value: str | None) -> None:
        """Set a label, or take it off."""
        labels = gate["metadata"]["labels"]
        labels.pop(name, None)
        labels.update({name: value} if value is not None else {})
        self._edited(gate)
        self.witness.expected[_uid(gate)]["labels"] = view(gate)["labels"]

    def delete(self, gate: Gate) -> None:
        """Take the gate away."""
        del self.park.gates[gate["metadata"]["name"]]
        self.witness.forget(_uid(gate))
        self.witness.stir()

    def unmark(self, gate: Gate, *, label: bool, text: bool) -> None:
        """Take off parts of the mark."""
        metadata, hurt = gate["metadata"], self.witness.hurts.get(_uid(gate))
        if label:
            metadata["labels"].pop(marks.HELD, None)
            self.witness.labelled.discard(_uid(gate))
        if text:
            (metadata.get("annotations") or {}).pop(marks.FAULT, None)
            self.witness.strange.pop(_uid(gate), None)
        self._edited(gate)
        if hurt is None:
            return
        hurt.owed = hurt.owed and not hurt.late  # only its mark told of it
        if marks.found(gate) is None:
            self._take_over(hurt)
        if not marks.bears(gate):
            self.witness.over(gate)

    def forge(self, gate: Gate, text: str) -> None:
        """Put a text of his own in the place of the mark, with its label."""
        uid, hurt = _uid(gate), self.witness.hurts.get(_uid(gate))
        self._put(gate, text)
        if genuine(text, uid):
            self._replayed(gate, text)
            return
        if hurt is None:
            return
        hurt.owed = hurt.owed and not hurt.late
        mark = marks.from_text(text)
        if mark is not None and mark.fleet != hurt_fleet(hurt):  # another fleet's is left alone
            self._take_over(hurt)
            self.witness.over(gate)

    def _replayed(self, gate: Gate, text: str) -> None:
        uid, hurt = _uid(gate), self.witness.hurts.get(_uid(gate))
        _, old = self.witness.told[text]
        if hurt and hurt.run == old.run:
            return  # ours is back
        if hurt:
            self._take_over(hurt)
            self.witness.over(gate)
        if self.past(old.run, uid):
            return
        # somebody may still answer for that run, or must: its fault may have landed late
        now, said = self.witness.clock.monotonic(), view(gate)[old.field]
        allowed = [said, old.before, *old.allowed]
        self.witness.hurts[uid] = Hurt(old.run, old.kind, text, said, allowed, now, now, owed=False)

    def _put(self, gate: Gate, text: str) -> None:
        metadata = gate["metadata"]
        metadata["labels"][marks.HELD] = "true"
        metadata["annotations"] = {**(metadata.get("annotations") or {}), marks.FAULT: text}
        self.witness.strange.setdefault(_uid(gate), set()).add(text)
        self.witness.labelled.add(_uid(gate))
        self._edited(gate)

    def _take_over(self, hurt: Hurt) -> None:
        """Without our mark nobody of ours undoes it: as it is, it is his."""
        hurt.allowed = [*hurt.allowed, FIELDS[hurt.kind][1]] if not hurt.overridden else hurt.allowed

    def _edited(self, gate: Gate) -> None:
        self.park.touch(gate)
        self.witness.stir()


def edited(text: str, name: str, value: Any) -> str:
    """A mark with one field changed, and written as ours are."""
    return json.dumps({**json.loads(text), name: value}, sort_keys=True, separators=(",", ":"))


def hurt_fleet(hurt: Hurt) -> str:
    mark = marks.from_text(hurt.text)
    return mark.fleet if mark else ""


def _uid(gate: Gate) -> str:
    return str(gate["metadata"]["uid"])
