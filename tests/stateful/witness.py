"""What was seen in the park, kept apart from the product's own books: who harmed what, and what must be there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from simian_army import marks
from simian_army.marks import genuine as signed
from simian_army.model import Mark
from tests.simian_army.fakes import FakeClock
from tests.stateful.hands import TURNED
from tests.stateful.park import FLEET, KEY, Gate, Letter

NEVER = float("-inf")
FIELDS = {"turn": ("dial", TURNED), "shut": ("unschedulable", True)}
"""Which field each held kind changes, and what it then says."""


@dataclass
class Hurt:
    """A held fault as it is on its gate: its field said ``before``, and may say what is ``allowed`` once it is over.

    ``owed`` tells that it must be over in time; ``calm`` that nothing but time has passed since it landed.
    """

    run: str
    kind: str
    text: str
    before: Any
    allowed: list[Any]
    landed: float
    until: float
    late: bool = False
    owed: bool = True
    calm: bool = False
    overridden: bool = False
    failed: float = NEVER

    @property
    def field(self) -> str:
        return FIELDS[self.kind][0]

    @property
    def may_say(self) -> list[Any]:
        """What its field may say now."""
        return [*self.allowed, *([] if self.overridden else [FIELDS[self.kind][1]])]


@dataclass
class Witness:
    """Hears of every change before and after it is made. ``wrong`` is what must never be.

    ``intended`` says why an injection must not be, ``meant`` whether somebody may still look for a fault on a gate.
    """

    clock: FakeClock
    intended: Callable[[Letter], str]
    meant: Callable[[str], bool]
    expected: dict[str, dict[str, Any]] = field(default_factory=dict)
    hurts: dict[str, Hurt] = field(default_factory=dict)
    strange: dict[str, set[str]] = field(default_factory=dict)
    labelled: set[str] = field(default_factory=set)
    told: dict[str, tuple[str, Hurt]] = field(default_factory=dict)
    struck: set[tuple[str, str]] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    calm: bool = True

    def born(self, gate: Gate) -> None:
        self.expected[_uid(gate)] = view(gate)

    def striking(self, letter: Letter, gate: Gate) -> None:
        """An injection is about to be done."""
        mark = letter.mark
        assert mark is not None
        if why := self.intended(letter):
            self._say(f"{letter.uid} was struck by {mark.run} ({mark.kind}) although {why}")
        if (mark.run, letter.uid) in self.struck:
            self._say(f"{letter.uid} was struck twice by {mark.run}")
        self.struck.add((mark.run, letter.uid))
        if letter.operations is None:
            return
        if letter.uid in self.hurts:
            self._say(f"{letter.uid} was struck by {mark.run} while {self.hurts[letter.uid].run} holds it")
        self._hurt(letter, mark, gate)

    def _hurt(self, letter: Letter, mark: Mark, gate: Gate) -> None:
        now = self.clock.monotonic()
        left = (mark.deadline - self.clock.now()).total_seconds()
        before = view(gate)[FIELDS[mark.kind][0]]
        text = marks.to_text(mark)
        hurt = Hurt(mark.run, mark.kind, text, before, [before], now, now + left, letter.late, calm=self.calm)
        self.hurts[letter.uid] = hurt
        self.told[text] = (letter.uid, hurt)

    def written(self, letter: Letter, gate: Gate | None) -> None:
        """Something was changed by an agent or an undertaker."""
        uid = letter.uid
        if gate is None:
            self.forget(uid)
            return
        if letter.mark:
            return
        hurt = self.hurts.get(uid)
        if hurt is None:
            self._tidied(letter, gate)
            return
        early = hurt.until - self.clock.monotonic()
        if hurt.calm and early > 0.01:
            self._say(f"{letter.who} ended {hurt.run} on {uid} {early:.2f} s early for no reason")
        if not marks.bears(gate):
            self.strange.pop(uid, None)
            self.labelled.discard(uid)
            self.over(gate)

    def _tidied(self, letter: Letter, gate: Gate) -> None:
        """Something was written that undoes no harm: whoever puts a mark where a fault was meant has it taken off."""
        uid = letter.uid
        # of a mark, the label may be all that is left
        strange = bool(self.strange.pop(uid, None)) or uid in self.labelled
        if not (strange and self.meant(uid)):
            self._say(f"{letter.who} wrote to {uid}, which is not held: {letter.operations}")
        self.labelled.discard(uid)
        held = {
            field: view(gate)[field] for field, injected in FIELDS.values() if self.expected[uid][field] == injected
        }
        self.expected[uid].update(held)

    def failed(self, letter: Letter) -> None:
        """An act was refused, or its answer lost."""
        if letter.uid in self.hurts and letter.mark is None:
            self.hurts[letter.uid].failed = self.clock.monotonic()

    def over(self, gate: Gate) -> None:
        """Nobody of ours will touch it any more: what its field says now it has to say on."""
        uid = _uid(gate)
        hurt, now = self.hurts.pop(uid), view(gate)
        if now[hurt.field] not in hurt.allowed:
            self._say(f"{uid}: {hurt.field} is {now[hurt.field]!r} after {hurt.run}, not one of {hurt.allowed}")
        self.expected[uid][hurt.field] = now[hurt.field]

    def forget(self, uid: str) -> None:
        """The gate is gone."""
        for known in (self.expected, self.hurts, self.strange):
            known.pop(uid, None)
        self.labelled.discard(uid)

    def stir(self) -> None:
        """Something happened that may well end what is held."""
        for hurt in self.hurts.values():
            hurt.calm = False

    def wrongs(self, gates: Iterator[Gate]) -> list[str]:
        """What must not be, with the park as it is now."""
        return [*self.wrong, *(line for gate in gates for line in self._of(gate))]

    def _of(self, gate: Gate) -> Iterator[str]:
        uid, now = _uid(gate), view(gate)
        hurt = self.hurts.get(uid)
        for name, wanted in self.expected[uid].items():
            may = hurt.may_say if hurt and hurt.field == name else [wanted]
            if now[name] not in may:
                yield f"{uid}: {name} is {now[name]!r}, it may be {may}"
        text = marks.found(gate)
        mine = [hurt.text] if hurt else []
        if text is not None and text not in [*mine, *self.strange.get(uid, ())]:
            yield f"{uid} bears a mark that nobody put there now: {text}"
        if marks.labelled(gate) and not hurt and uid not in self.labelled:
            yield f"{uid} bears our label and is not held"

    def _say(self, what: str) -> None:
        self.wrong.append(f"at {self.clock.monotonic():.2f}: {what}")


def view(gate: Gate) -> dict[str, Any]:
    """What of a gate may be compared: everything but marks and version."""
    labels = {key: value for key, value in gate["metadata"]["labels"].items() if key != marks.HELD}
    notes = {k: v for k, v in (gate["metadata"].get("annotations") or {}).items() if k != marks.FAULT}
    spec = deepcopy(gate["spec"])
    return {**spec, "unschedulable": bool(spec.get("unschedulable")), "labels": labels, "annotations": notes}


def genuine(text: str, uid: str) -> bool:
    """Whether the fleet wrote this for that gate."""
    mark = marks.from_text(text)
    return mark is not None and signed(KEY, mark, uid, FLEET)


def _uid(gate: Gate) -> str:
    return str(gate["metadata"]["uid"])
