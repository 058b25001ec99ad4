"""Where a fault is due: in groups that opted in long ago and have been left alone since."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from simian_army.contract import Ledger
from simian_army.errors import AlreadyThere
from simian_army.model import AuditEvent, Fault, Finding, Phase, Target
from simian_army.records import Scribe
from simian_army.standing import Attempt

OPTED_IN = "opted-in"
"""The rule of the event that says when a group was first seen opted in; its data names the ``group``."""

NAMED = 20  # groups that are told by name
BATCH = 500  # events written in one transaction
FIRST = 50  # draws that what is due may take before all others: a group that nobody may strike keeps nobody back


@dataclass(slots=True)
class OptIns:
    """Since when groups are opted in, as the ledger tells; what was read is remembered."""

    ledger: Ledger
    _since: dict[str, datetime] = field(default_factory=dict, init=False)
    _read_to: int = field(default=0, init=False)
    _guard: threading.Lock = field(default_factory=threading.Lock, init=False)

    def opted_in_since(self, group: str) -> datetime | None:
        """When it was first seen opted in; None while nobody wrote that down.

        Raises:
            LedgerError: it cannot be read.
        """
        return self.all().get(group)

    def all(self) -> Mapping[str, datetime]:
        """The same of every group.

        Raises:
            LedgerError: it cannot be read.
        """
        with self._guard:
            for event in self.ledger.query(phase=Phase.FOUND, after=self._read_to):
                self._read_to = event.seq
                if event.data.get("rule") == OPTED_IN:
                    self._since.setdefault(str(event.data.get("group", "")), event.at)
            return dict(self._since)

    def remember(self, troop: Iterable[Target], scribe: Scribe) -> None:
        """Write down each group of an eligible troop that was never seen opted in before.

        Raises:
            LedgerError: it was not written.
        """
        groups = {target.group for target in troop} - {""}
        known = self.all() if groups else {}
        new = sorted(groups - known.keys())
        for batch in (new[start : start + BATCH] for start in range(0, len(new), BATCH)):
            told = [self._event(group, scribe) for group in batch]
            with suppress(AlreadyThere):  # another process has seen one of them too: the next fire writes the others
                self.ledger.append(*told)

    def _event(self, group: str, scribe: Scribe) -> AuditEvent:
        detail = f"{group} is opted in, and was not seen so before"
        return scribe.note(
            Phase.FOUND, key=f"{OPTED_IN}/{group}", rule=OPTED_IN, severity="info", group=group, detail=detail
        )


@dataclass(frozen=True, slots=True)
class Due:
    """The groups in which a fault is due now, each with the reason in words."""

    groups: Mapping[str, str] = field(default_factory=dict)

    def want(self, want: int) -> int:
        """How many targets a run strikes of which the monkey's mode asks for so many."""
        return max(want, 1) if self.groups else want

    def named(self) -> list[str]:
        """The groups as an event tells them: the first by name, and how many more there are."""
        names = sorted(self.groups)
        more = len(names) - NAMED
        return [*names[:NAMED], f"{more} more"] if more > 0 else names

    def first(self, proposals: Iterable[Fault | Finding], want: int) -> Iterable[Fault | Finding]:
        """The proposals with what is due in front, one of each such group in turn; nothing else if the monkey's mode
        asked for none."""
        if not self.groups:
            return proposals
        drawn = list(proposals)
        turns = _turns(drawn, self.groups)
        front = sorted(turns, key=lambda number: turns[number])  # stable: of each turn, in draw order
        if not want:
            return [drawn[number] for number in front]
        front = front[:FIRST]
        rest = set(range(len(drawn))) - set(front)
        return [drawn[number] for number in (*front, *sorted(rest))]


@dataclass(frozen=True, slots=True)
class Dues:
    """After how long a quiet time a fault is due: ``fleet`` without one of any monkey, ``monkeys`` by name without one
    of that monkey. None is never."""

    ledger: Ledger
    opted: OptIns
    fleet: timedelta | None = None
    monkeys: Mapping[str, timedelta] = field(default_factory=dict)

    def among(self, entry: str, troop: Sequence[Target], now: datetime) -> Due:
        """What is due for this monkey among its eligible targets; what has no group never is.

        Raises:
            LedgerError: it cannot be told.
        """
        spells = [(self.fleet, ""), (self.monkeys.get(entry), entry)]
        asked = [(spell, whose) for spell, whose in spells if spell is not None]
        groups = dict.fromkeys(target.group for target in troop if target.group) if asked else {}
        if not groups:
            return Due()
        since = self.opted.all()
        recent = [one for one in self.ledger.attempts(now - max(spell for spell, _ in asked)) if _counts(one)]
        due: dict[str, str] = {}
        for spell, whose in asked:
            struck = {one.group for one in recent if whose in ("", one.entry) and (one.open or now - one.at < spell)}
            quiet = [group for group in groups if group not in struck and group in since]
            due |= {group: _words(since[group], spell, whose) for group in quiet if now - since[group] >= spell}
        return Due(due)


def _counts(attempt: Attempt) -> bool:
    return attempt.phase is not Phase.DENIED


def _words(since: datetime, spell: timedelta, whose: str) -> str:
    by = f" of {whose}" if whose else ""
    days = spell / timedelta(days=1)
    return f"opted in since {since:%Y-%m-%d %H:%M} UTC, no fault{by} for {days:g} d (due_after)"


def _turns(drawn: Sequence[Fault | Finding], groups: Mapping[str, str]) -> dict[int, int]:
    """Of each proposal that is due, by its number, how many of its group come before it."""
    seen: Counter[str] = Counter()
    turns: dict[int, int] = {}
    for number, one in enumerate(drawn):
        if one.target.group in groups:
            turns[number] = seen[one.target.group]
            seen[one.target.group] += 1
    return turns
