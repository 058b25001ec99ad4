"""What a crash left behind: ledger, records and marks are folded, and what nobody looks after is the keeper's again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from simian_army.clock import Clock
from simian_army.contract import FaultKind, Ledger
from simian_army.errors import LedgerError
from simian_army.estate import Estate
from simian_army.flights import Flights
from simian_army.keeper import Keeper
from simian_army.model import AuditEvent, Fault, Mark, Phase, Run
from simian_army.records import Held, Relic, Scribe, fault_of
from simian_army.sweep import Before, Sweep, scopes_of

LOOK_BACK = timedelta(days=31)
"""How far back what is over may still have a mark where config does not look any more."""

SLACK = timedelta(seconds=5)  # as much as the clocks of two machines may differ (the guard skew)
OVERLAP = timedelta(hours=1)  # by which each reading reaches back before the last: clocks of other agents differ

Key: TypeAlias = tuple[str, str]


@dataclass(slots=True)
class Recovery:
    """Runs before anything new is begun, and again and again; needs no lease to revert and asks no guard."""

    kinds: Mapping[str, FaultKind]
    ledger: Ledger
    keeper: Keeper
    clock: Clock
    scribe: Scribe
    sign: Callable[[Run, Fault, datetime], Mark]
    flights: Flights
    estate: Estate
    sweep: Sweep
    _turn: threading.Lock = field(default_factory=threading.Lock, init=False)
    _missed: frozenset[Key] = field(default=frozenset(), init=False)
    _named: set[tuple[str, str]] = field(default_factory=set, init=False)
    _read_to: datetime | None = field(default=None, init=False)

    def recover(self) -> int:
        """Take up every fault that nobody looks after: open ones of the ledger, those that only a record or a mark
        tells of. Returns how many. A second call finds none and writes nothing.

        Raises:
            LedgerError: the ledger cannot be read. What was taken up before stays so.
        """
        with self._turn:
            return self._fold(patient=False)

    def again(self) -> int:
        """The same while others are at work: an open fault is taken up when it is found twice with nobody at it,
        for what the keeper has just ended may not be told yet."""
        with self._turn:
            return self._fold(patient=True)

    def _fold(self, *, patient: bool) -> int:
        busy, seq = self._busy(), self.ledger.last_seq()
        opened = list(self.ledger.open_faults())
        busy |= self._busy()  # again: what was begun meanwhile is in one of both
        lost = [(event, phase) for event, phase in opened if _key(event) not in busy]
        missed, self._missed = self._missed, frozenset(_key(event) for event, _ in lost)
        relics = self.estate.read()
        ended = {relic.held.key: relic.ended for relic in relics if relic.held}
        for run, target in (key for key in busy if ended.get(key)):  # while we did not look: we hold what is over
            self.keeper.end(run, _buried(ended[run, target]), target)
        chosen = [(event, phase) for event, phase in lost if not patient or _key(event) in missed]
        now = self.estate.no_earlier(self.clock.now())
        for event, phase in chosen:
            self._take_up(event, phase, now, ended.get(_key(event), ""))
        busy |= {_key(event) for event, _ in opened}
        count = len(chosen) + self.estate.settle(relics, busy, seq)
        self.keeper.aftermath.catch_up()
        scopes = self._scopes(opened, relics)
        return count + self.sweep.look(Before(seq, busy | self._busy(), scopes))

    def _busy(self) -> frozenset[Key]:
        return frozenset(held.key for held in self.keeper.open()) | self.flights.now()

    def _scopes(self, opened: Sequence[tuple[AuditEvent, Phase]], relics: Sequence[Relic]) -> dict[str, frozenset[str]]:
        """Where marks may be although config does not name it any more."""
        now = self.clock.now()
        tried = self.ledger.attempts(self._read_to or now - LOOK_BACK)
        self._read_to = now - OVERLAP
        self._named |= {(self.kinds[one.kind].platform, one.scope) for one in tried if one.kind in self.kinds}
        places = list(self._named)
        places += [(str(event.data.get("platform")), str(event.data.get("scope"))) for event, _ in opened]
        places += [(r.held.fault.target.platform, r.held.fault.target.scope) for r in relics if r.held]
        return scopes_of(places)

    def _take_up(self, event: AuditEvent, phase: Phase, now: datetime, ended: str) -> None:
        run = Run(event.run, event.entry, event.at, "")
        try:
            fault, deadline = fault_of(event)
        except (KeyError, TypeError, ValueError) as error:  # one record that cannot be read keeps no other back
            unread = f"the intent of event {event.seq} cannot be read ({error!r}): look at {event.target} by hand"
            self._once(phase, replace(self.scribe.note(Phase.STUCK, run, detail=unread), target=event.target))
            return
        kind = self.kinds.get(fault.kind)
        if kind is None:
            missing = f"the fault {fault.kind} cannot be used: install its plug-in, or put its platform "
            missing += f"{fault.target.platform} back into config, then start again to have this reverted"
            self._once(phase, self.scribe.note(Phase.STUCK, run, fault.target, detail=missing, kind=fault.kind))
            return
        # a wall clock set back while nobody ran must not lengthen the hold
        left = min((deadline - now).total_seconds(), fault.hold.total_seconds())
        held = Held(run, fault, self.sign(run, fault, deadline), deadline, self.clock.monotonic() + left)
        ending = _ending(event, phase, now, ended)
        self.keeper.hold(held, ending)
        if kind.reversible and left > 0 and not ending:
            self.keeper.trustee.take_over(held)
            self._once(phase, self.scribe.note(Phase.ADOPTED, run, fault.target, kind=kind.name, left=round(left, 1)))

    def _once(self, phase: Phase, told: AuditEvent) -> None:
        if phase is not told.phase:
            self._tell(told)

    def _tell(self, event: AuditEvent) -> None:
        """Write it down if the ledger can; taking up the next fault waits for no ledger."""
        with suppress(LedgerError):
            self.ledger.append(event)


def _ending(event: AuditEvent, phase: Phase, now: datetime, ended: str) -> str:
    """Why an open fault is ended at once, whatever time it has left; empty when it is not."""
    if ended:  # its word is not signed: the keeper looks for itself, and proves it
        return _buried(ended)
    if phase is Phase.INTENDED:
        return "a crash came between the intent and its outcome"
    if phase is Phase.STUCK:
        return "it was stuck"
    if now < event.at - SLACK:
        return f"the clock was set back: it says {now:%H:%M:%S} and the fault began at {event.at:%H:%M:%S} (UTC)"
    return ""


def _buried(how: str) -> str:
    return f"its undertaker ended it: {how}"


def _key(event: AuditEvent) -> Key:
    return event.run, event.target
