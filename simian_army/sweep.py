"""What bears our mark without the ledger's word for it: orphans are ended, all that is not genuine is told once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from simian_army import marks
from simian_army.alarms import Alarm
from simian_army.contract import Ledger, Platform
from simian_army.errors import PlatformError, Refused
from simian_army.model import AuditEvent, Fault, Mark, Phase, Run, Target
from simian_army.orphans import Orphan, Orphans, run_of
from simian_army.records import fault_of
from simian_army.story import MARK, Story

Found: TypeAlias = tuple[Target, Mark | None]


@dataclass(frozen=True, slots=True)
class Before:
    """What was known when the look began: ``seq`` is the ledger's newest row, ``busy`` what somebody looks after (run
    and target id), ``scopes`` where besides config's own places marks may be, by platform."""

    seq: int
    busy: frozenset[tuple[str, str]]
    scopes: Mapping[str, Collection[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sweep:
    """Looks at every mark there is. A mark that this fleet did not sign for that very target is never acted on."""

    platforms: Mapping[str, Platform]
    orphans: Orphans
    ledger: Ledger
    sign: Callable[[Run, Fault, datetime], Mark]

    def look(self, before: Before) -> int:
        """End orphans and tell the rest; returns how many were taken up.

        Raises:
            LedgerError: the ledger cannot be asked.
        """
        return sum(self._look(name, before) for name in self.platforms)

    def _look(self, name: str, before: Before) -> int:
        found = self._listed(name, before.scopes.get(name, ()))
        taken = 0
        for target, mark in found:
            if mark is None:
                self._tell_false(target, found, before)
            elif (mark.run, target.id) not in before.busy:
                taken += self._judge(target, mark, before)
        return taken

    def _listed(self, name: str, scopes: Collection[str]) -> Sequence[Found]:
        """Every mark of the platform, or those that could be had before it failed: it keeps no other back."""
        found: list[Found] = []
        what = f"the marks on {name}"
        try:
            for one in self.platforms[name].marked(scopes):
                found.append(one)  # noqa: PERF402 - what was told before it broke is kept
        except PlatformError as error:
            self.orphans.alarms.away(what, str(error))
        else:
            self.orphans.alarms.back(what)
        self.orphans.alarms.listed()
        return found

    def _judge(self, target: Target, mark: Mark, before: Before) -> bool:
        run = run_of(mark)
        fault = Fault(mark.kind, target, undo=mark.undo)
        past = self.orphans.past((mark.run, target.id), before.seq)
        if past.moving or past.story in (Story.OPEN, Story.LEFT):
            return False
        if past.story is Story.OVER:
            self.orphans.alarms.tell(_replayed(target, mark, run))
            return False
        why = f"the ledger does not know run {mark.run}, whose mark it bears"
        if past.story is Story.LOOSE:
            why = f"the ledger says that run {mark.run} ended as {past.ended}, and its mark is there: it landed late"
        return self.orphans.adopt(Orphan(run, fault, mark, MARK, why), past)

    def _tell_false(self, target: Target, found: Sequence[Found], before: Before) -> None:
        text = text_of(target)
        if not text and target.id in {held for _, held in before.busy}:
            return  # half of a mark was deleted: the revert of the fault that is held there takes off the rest
        origin = self._origin(target, text, found) if text else ""
        self.orphans.alarms.tell(_copied(target, text, origin) if origin else _forged(target, text))

    def _origin(self, target: Target, text: str, found: Sequence[Found]) -> str:
        """The other target that this mark was signed for, if that can be told."""
        mark = marks.from_text(text)
        if mark is None:
            return ""
        for other, there in found:
            if there == mark:
                return str(other)
        for event in self.ledger.query(run=mark.run, phase=Phase.INTENDED):
            if event.target != target.id and self._signed(event, mark):
                return f"{event.data['strikes']} {event.data['name']}"
        return ""

    def _signed(self, event: AuditEvent, mark: Mark) -> bool:
        with suppress(KeyError, TypeError, ValueError, Refused):
            fault, deadline = fault_of(event)
            return self.sign(Run(event.run, "", event.at, ""), fault, deadline) == mark
        return False


def text_of(target: Target) -> str:
    """What a target bears in place of a genuine mark, as text: what its adapter says, else its labels of a mark."""
    said = target.facts.get("mark")
    if isinstance(said, str):
        return said
    return "\n".join(f"{key}={target.labels[key]}" for key in sorted(target.labels) if key.startswith(marks.FAULT))


def _replayed(target: Target, mark: Mark, run: Run) -> Alarm:
    detail = (
        f"{target} bears the mark of run {mark.run} ({mark.kind}), which was reverted with proof: somebody put an old "
        f"mark back; nothing is done for it. Look who wrote it and what else was done, then remove {marks.HELD} and "
        f"{marks.FAULT}"
    )
    return Alarm("replayed-mark", marks.to_text(mark), detail, target, run)


def _copied(target: Target, text: str, origin: str) -> Alarm:
    detail = (
        f"{target} bears the mark that was signed for {origin}: nothing is done for it. Look who copied it, then "
        f"remove {marks.HELD} and {marks.FAULT}"
    )
    return Alarm("copied-mark", text, detail, target)


def _forged(target: Target, text: str) -> Alarm:
    said = "a mark that this fleet did not write so" if text else f"the label {marks.HELD} without a mark"
    detail = (
        f"{target} bears {said}: nothing is done for it. Look at it by hand: undo what was done to it if that is "
        f"still so, then remove {marks.HELD} and {marks.FAULT}"
    )
    return Alarm("forged-mark", text, detail, target)


def scopes_of(named: Sequence[tuple[str, str]]) -> dict[str, frozenset[str]]:
    """Platform to scopes, from pairs of both; what has no scope is everywhere looked for."""
    found: dict[str, set[str]] = {}
    for platform, scope in named:
        found.setdefault(platform, set()).update({scope} - {""})
    return {platform: frozenset(scopes) for platform, scopes in found.items()}
