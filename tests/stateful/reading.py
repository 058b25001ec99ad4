"""What ledger and records say of a fault, read without asking the product what it makes of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from simian_army.audit.ledger import SqlLedger
from simian_army.model import ENDS, Phase
from simian_army.undertaker.folder import Folder
from simian_army.undertaker.record import name_of


@dataclass(frozen=True)
class Reading:
    """The ledger in that folder, and the records."""

    books: SqlLedger
    records: Folder
    folder: Path

    def intends(self, run: str, uid: str) -> bool:
        """Whether the intent of that fault is written down."""
        return any(event.target == uid for event in self.books.query(run=run, phase=Phase.INTENDED))

    def entrusts(self, run: str, uid: str) -> bool:
        """Whether an undertaker has said that it looks after that fault."""
        kept = self.records.get(name_of(run, uid))
        return kept is not None and kept.acknowledged

    def is_past(self, run: str, uid: str) -> bool:
        """Whether that fault was there, and nobody has to end it any more."""
        told = [event.phase for event in self.books.query(run=run) if event.target == uid]
        seen = Phase.INJECTED in told or Phase.OBSERVED in told
        return seen and Phase.REVERTED in told and self.records.get(name_of(run, uid)) is None

    def is_meant(self, uid: str) -> bool:
        """Whether a fault is to be ended there, whatever has landed of it."""
        runs = {event.run for event in self.books.query(phase=Phase.INTENDED) if event.target == uid}
        kept = any(self.records.get(name_of(run, uid)) for run in runs)
        return kept or any(event.target == uid for event, _ in self.books.open_faults())

    def wrongs(self) -> list[str]:
        """What no ledger may say: a broken chain, two open faults on one target."""
        with closing(sqlite3.connect(self.folder / "ledger.db")) as raw:
            rows = raw.execute("SELECT run, target, phase FROM events WHERE target != '' ORDER BY seq")
            return [*_open_twice(rows), *self.books.verify()]

    def since(self, seq: int) -> list[str]:
        """What was written after that row."""
        return [f"{event.phase} {dict(event.data)}" for event in self.books.query(after=seq)]


def _open_twice(rows: Iterator[tuple[str, str, str]]) -> list[str]:
    held: dict[str, set[str]] = {}
    wrong: list[str] = []
    for run, target, phase in rows:
        runs = held.setdefault(target, set())
        if phase == Phase.INTENDED:
            runs.add(run)
        elif phase in ENDS:
            runs.discard(run)
        if len(runs) > 1:
            wrong.append(f"{target} holds {len(runs)} open faults: {sorted(runs)}")
    return wrong
