"""Where a fault is due: in groups that opted in long ago and have been left alone since."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from simian_army.contract import Ledger
from simian_army.errors import AlreadyThere
from simian_army.model import AuditEvent, Fault, Finding, Phase, Target
from simian_army.records import NO_RUN, Scribe
from simian_army.standing import Attempt

OPTED_IN, OPTED_OUT = "opted-in", "opted-out"
"""The rules of the events that say when a group was first seen opted in, and when it was seen so no more; their data
name the ``group``."""

NAMED = 20  # groups that are told by name
BATCH = 500  # events written in one transaction
FIRST = 50  # draws that what is due may take before all others: a group that nobody may strike keeps nobody back


class _Said(NamedTuple):
    """The last word on a group: since when it is opted in, None when it is no more; which monkey saw it, and where that
    stands in the ledger."""

    since: datetime | None
    entry: str
    seq: int


@dataclass(slots=True)
class OptIns:
    """Since when groups are opted in, as the ledger tells; what was read is remembered."""

    ledger: Ledger
    _said: dict[str, _Said] = field(default_factory=dict, init=False)
    _read_to: int = field(default=0, init=False)
    _guard: threading.Lock = field(default_factory=threading.Lock, init=False)

    def opted_in_since(self, group: str) -> datetime | None:
        """When it was first seen opted in, of late if it opted out in between; None while nobody wrote that down.

        Raises:
            LedgerError: it cannot be read.
        """
        return self.all().get(group)

    def all(self) -> Mapping[str, datetime]:
        """The same of every group that is opted in.

        Raises:
            LedgerError: it cannot be read.
        """
        return {group: said.since for group, said in self._read().items() if said.since}

    def remember(self, troop: Iterable[Target], scribe: Scribe, entry: str = "") -> None:
        """Write down each group of an eligible troop that was not opted in as far as is known; ``entry`` sees it.

        Raises:
            LedgerError: it was not written.
        """
        groups = {target.group for target in troop} - {""}
        known = self._read() if groups else {}
        new = sorted(group for group in groups if group not in known or known[group].since is None)
        self._write([self._event(OPTED_IN, group, known.get(group), scribe, entry) for group in new])

    def forget(self, groups: Collection[str], scribe: Scribe, entry: str) -> None:
        """Write down that none of these groups consents any more, where ``entry`` was the one to see that it did: what
        one monkey may not strike, another may.

        Raises:
            LedgerError: it was not written.
        """
        known = self._read() if groups else {}
        last = {group: known[group] for group in sorted(groups) if group in known}
        gone = [group for group, said in last.items() if said.since and said.entry in ("", entry)]
        self._write([self._event(OPTED_OUT, group, last[group], scribe, entry) for group in gone])

    def _read(self) -> Mapping[str, _Said]:
        with self._guard:
            for event in self.ledger.query(phase=Phase.FOUND, after=self._read_to):
                self._read_to = event.seq
                self._hear(event)
            return dict(self._said)

    def _hear(self, event: AuditEvent) -> None:
        rule, group = event.data.get("rule"), str(event.data.get("group", ""))
        known = self._said.get(group)
        if rule == OPTED_IN and (known is None or known.since is None):
            self._said[group] = _Said(event.at, event.entry, event.seq)
        elif rule == OPTED_OUT:
            self._said[group] = _Said(None, event.entry, event.seq)

    def _write(self, told: list[AuditEvent]) -> None:
        for batch in (told[start : start + BATCH] for start in range(0, len(told), BATCH)):
            with suppress(AlreadyThere):  # another process has seen one of them too: the next fire writes the others
                self.ledger.append(*batch)

    def _event(self, rule: str, group: str, last: _Said | None, scribe: Scribe, entry: str) -> AuditEvent:
        seen = "again" if last else "and was not seen so before"
        detail = f"{group} is opted in no more" if rule == OPTED_OUT else f"{group} is opted in, {seen}"
        key = f"{rule}/{group}/after-{last.seq}" if last else f"{rule}/{group}"
        run = replace(NO_RUN, entry=entry)
        return scribe.note(Phase.FOUND, run, key=key, rule=rule, severity="info", group=group, detail=detail)


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
