"""What somebody has to look at: told once, however often it is seen."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

from simian_army.clock import Clock
from simian_army.contract import Ledger
from simian_army.errors import AlreadyThere, LedgerError
from simian_army.model import Phase, Run, Target
from simian_army.records import NO_RUN, Scribe

SETTLE = timedelta(seconds=30)
"""How long a platform may go on showing what is gone, or show half of what is new: AWS reads its tags late."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something wrong about a target, or where there is none about what ``text`` is; that text makes it unique."""

    rule: str
    text: str
    detail: str
    target: Target | None = None
    run: Run = NO_RUN

    @property
    def key(self) -> str:
        """The same for the same text on the same target, by whatever rule."""
        said = f"{self.target.id if self.target else ''}\0{self.text}"
        return f"alarm/{hashlib.sha256(said.encode(errors='surrogatepass')).hexdigest()[:32]}"


@dataclass(slots=True)
class Alarms:
    """Tells the ledger. Nothing is told of a target to which something was done within ``settle``: it may not show."""

    ledger: Ledger
    scribe: Scribe
    clock: Clock
    settle: timedelta = SETTLE
    _told: set[str] = field(default_factory=set)
    _away: dict[str, Alarm] = field(default_factory=dict)
    _fresh: frozenset[str] | None = None

    def tell(self, alarm: Alarm) -> None:
        """As an event FOUND, error, once for ever; later if the ledger is away now."""
        with suppress(LedgerError):
            if alarm.key in self._told or (alarm.target and self._is_fresh(alarm.target)):
                return
            self._once(alarm, "error")

    def away(self, what: str, why: str) -> None:
        """That something cannot be read, once until it can: it is asked again at the next look."""
        with suppress(LedgerError):
            if what not in self._away:
                # the newest row makes it unique: a ledger that gave no answer is told the same again, not anew
                unique = f"{what}\0{self.ledger.last_seq()}"
                self._away[what] = Alarm("unread", unique, f"{what}: {why}; asked again within a minute")
            self._once(self._away[what], "warning")

    def back(self, what: str) -> None:
        """It can be read."""
        self._away.pop(what, None)

    def listed(self) -> None:
        """Targets were just listed: what was done to any of them is asked anew, once for all that is told of them."""
        self._fresh = None

    def _is_fresh(self, target: Target) -> bool:
        if self._fresh is None:
            since = self.clock.now() - self.settle
            heard = (event for event in self.ledger.query(since=since) if event.at > since)
            self._fresh = frozenset(event.target for event in heard if event.phase is not Phase.FOUND)
        return target.id in self._fresh

    def _once(self, alarm: Alarm, severity: str) -> None:
        if alarm.key in self._told:
            return
        with suppress(AlreadyThere):
            self._write(alarm, severity, alarm.key)
        self._told.add(alarm.key)

    def _write(self, alarm: Alarm, severity: str, key: str) -> None:
        note = self.scribe.note(
            Phase.FOUND, alarm.run, alarm.target, key=key, rule=alarm.rule, severity=severity, detail=alarm.detail
        )
        self.ledger.append(note)
