"""What the records tell that no open attempt of the ledger answers for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from simian_army.alarms import Alarm
from simian_army.contract import Ledger
from simian_army.errors import AlreadyThere, LedgerError, SimianError
from simian_army.model import Phase
from simian_army.orphans import Orphan, Orphans, Past
from simian_army.records import Held, Relic, Relics
from simian_army.story import RECORD, Story


@dataclass(frozen=True, slots=True)
class Estate:
    """Ends what a record alone tells of, and drops the records of what is over."""

    relics: Relics
    orphans: Orphans
    ledger: Ledger

    def read(self) -> Sequence[Relic]:
        """Every record; none, and somebody is told, when they cannot be had."""
        try:
            found = self.relics.all()
        except SimianError as error:
            self.orphans.alarms.away("the undertaker's records", str(error))
            return ()
        self.orphans.alarms.back("the undertaker's records")
        return found

    def no_earlier(self, now: datetime) -> datetime:
        """``now``, or when somebody showed life last if that is later: then our clock was set back meanwhile."""
        with suppress(SimianError):  # told by ``read``
            return max(now, self.relics.latest() or now)
        return now

    def settle(self, found: Sequence[Relic], busy: Collection[tuple[str, str]], seq: int) -> int:
        """Adopt what nobody of ``busy`` looks after; returns how many. ``seq`` was the ledger's newest row before.

        Raises:
            LedgerError: the ledger cannot be asked.
        """
        return sum(self._settle(relic, busy, seq) for relic in found)

    def _settle(self, relic: Relic, busy: Collection[tuple[str, str]], seq: int) -> bool:
        held = relic.held
        if held is None:
            self.orphans.alarms.tell(_unreadable(relic))
            return False
        if held.key in busy:
            return False
        past = self.orphans.past(held.key, seq)
        if past.moving or past.story is Story.OPEN:
            return False
        if past.story in (Story.OVER, Story.LEFT):
            self._drop(relic)
            return False
        if relic.ended:
            self._bury(relic, held, past)
            return False
        return self.orphans.adopt(Orphan(held.run, held.fault, held.mark, RECORD, _why(held, past)), past)

    def _bury(self, relic: Relic, held: Held, past: Past) -> None:
        """Its undertaker was alone with it: what it did is written down before the record goes."""
        why = f"its undertaker ended it; {_why(held, past)}"
        key = f"buried/{relic.name}"
        kind = held.fault.kind
        note = self.orphans.scribe.note
        try:
            told = note(Phase.REVERTED, held.run, held.fault.target, key=key, why=why, detail=relic.ended, kind=kind)
            with suppress(AlreadyThere):
                self.ledger.append(told)
        except LedgerError:
            return  # told and dropped at the next look
        self._drop(relic)

    def _drop(self, relic: Relic) -> None:
        what = f"the end of the record {relic.name}"  # not the reading of all: that works, and would have it told anew
        try:
            self.relics.drop(relic.name)
        except SimianError as error:
            self.orphans.alarms.away(what, str(error))
        else:
            self.orphans.alarms.back(what)


def _why(held: Held, past: Past) -> str:
    if past.story is Story.UNTOLD:
        return f"the ledger does not know run {held.run.id}, of which there is a record"
    return f"the ledger says that run {held.run.id} ended as {past.ended}, and its record is still there"


def _unreadable(relic: Relic) -> Alarm:
    detail = (
        f"the record {relic.name} was not written so by this fleet with this key: nothing is done for it; if a fault "
        "is missing from `simian status`, look at its target, then delete the record"
    )
    return Alarm("forged-record", f"{relic.name}\0{relic.text}", detail)
