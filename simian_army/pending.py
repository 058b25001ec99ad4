"""Who lets what waits strike: the word is looked for every two seconds, and obeyed under all guards again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from simian_army.asking import denials
from simian_army.contract import Entry
from simian_army.engine import Engine
from simian_army.errors import LedgerError, PlatformError
from simian_army.model import Phase, Verdict
from simian_army.outcome import Among, Draw, Troop
from simian_army.ports import ApprovalPort
from simian_army.records import verdicts_json
from simian_army.turns import in_order
from simian_army.waiting import Place, Waiting, Word, answered, still

EVERY = 2.0
"""Seconds between two looks."""

GUARD = "approval"


@dataclass(slots=True)
class Pending:
    """What waits, as the ledger tells it: nothing of it is lost in a crash. ``ports`` are by platform; ``only`` is the
    one run whose faults are looked after, empty for all."""

    engine: Engine
    entries: Mapping[str, Entry]
    ports: Mapping[str, ApprovalPort]
    only: str = ""
    _open: dict[tuple[str, str], Waiting] = field(default_factory=dict, init=False)
    _read_to: int = field(default=0, init=False)
    _trouble: dict[Place, str] = field(default_factory=dict, init=False)

    def again(self) -> None:
        """Look once: strike what was let strike, and close what waited too long. The ledger being away, it is looked
        again later; only places where something waits are read."""
        words: dict[Place, Word | None] = {}
        try:
            self._learn()
            for one in list(self._open.values()):
                self._consider(one, words)
        except LedgerError:
            return

    def waiting(self, run: str = "") -> list[Waiting]:
        """What waits, of one run or of all, as of the last look."""
        return [one for one in self._open.values() if run in ("", one.run.id)]

    def _learn(self) -> None:
        ledger = self.engine.ledger
        last = ledger.last_seq()
        if last <= self._read_to:
            return
        new = list(ledger.query(run=self.only, phase=Phase.PENDING, after=self._read_to))
        self._open |= {one.key: one for one in still(ledger, new)}
        self._read_to = last

    def _consider(self, one: Waiting, words: dict[Place, Word | None]) -> None:
        if one.place not in words and self.engine.clock.now() < one.until:
            words[one.place] = self._word(one)
        word = words.get(one.place)
        late = self.engine.clock.now() >= one.until
        if not late and not (word and one.run.id in word.runs):
            return
        if one.key in answered(self.engine.ledger, [one.run.id]):
            # by somebody else (a game day that was ended), or by us, and we were not told that it was written
            self._open.pop(one.key, None)
        elif late:
            trouble = self._trouble.get(one.place, "")
            more = f"; it could not be looked for: {trouble}" if trouble else ""
            self._deny(one, f"nobody approved it before {one.until:%Y-%m-%d %H:%M:%S} UTC{more}")
        elif word:
            self._let(one, word)

    def _word(self, one: Waiting) -> Word | None:
        port = self.ports.get(one.fault.target.platform)
        if port is None:
            return None
        try:
            word = port.approved(one.place)
        except PlatformError as error:
            self._trouble[one.place] = str(error)
            return None
        self._trouble.pop(one.place, None)
        return word

    def _let(self, one: Waiting, word: Word) -> None:
        """Do that very fault in that same run, under all guards again: an opt-out set meanwhile is a veto."""
        entry = self.entries.get(one.run.entry)
        if entry is None:
            self._deny(one, f"approved by {word}, but config has no monkey {one.run.entry} any more")
            return
        try:
            draw = self._strike(entry, one, str(word))
        except PlatformError as error:
            self._deny(one, f"approved by {word}, but {error}")
            return
        if draw.taken or one.key in answered(self.engine.ledger, [one.run.id]):
            self._open.pop(one.key, None)
            return
        why = "; ".join(f"{no.guard}: {no.reason}" for no in denials(draw.verdicts))
        self._deny(one, f"approved by {word}, but {why}", draw.verdicts)

    def _strike(self, entry: Entry, one: Waiting, approved: str) -> Draw:
        everyone = in_order(entry.find())
        target = next((target for target in everyone if target.id == one.fault.target.id), None)
        if target is None:
            no = Verdict("present", allowed=False, reason="it is gone, or no more among those the monkey looks for")
            return Draw(one.fault, [no], taken=False)
        # config may hold for less by now, and a step of a game day may have asked for less
        entry = replace(entry, hold=min(entry.hold, one.fault.hold)) if one.fault.hold else entry
        judge, among = self.engine.judge, Among.of(replace(Troop.none(), found=everyone))
        draw = judge.consider(entry, replace(one.fault, target=target), among.peers(target), among.crowd(target))
        if draw.taken and judge.is_leashed(entry):
            no = Verdict("leashed", allowed=False, reason="the fleet or this monkey is leashed by now")
            return replace(draw, verdicts=[*draw.verdicts, no], taken=False)
        return self.engine.commit(one.run, replace(draw, approved=approved)) if draw.taken else draw

    def _deny(self, one: Waiting, reason: str, verdicts: Sequence[Verdict] = ()) -> None:
        """Say once why it is not done."""
        said = verdicts or [Verdict(GUARD, allowed=False, reason=reason)]
        engine, kind = self.engine, one.fault.kind
        told = engine.scribe.note(
            Phase.DENIED, one.run, one.fault.target, kind=kind, reason=reason, verdicts=verdicts_json(said)
        )
        engine.ledger.append(told)
        self._open.pop(one.key, None)
