"""What lies between a process and all that outlives it: doors at which it may die, and behind which nobody answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from simian_army.audit.ledger import SqlLedger
from simian_army.audit.spool import FileSpool
from simian_army.contract import Recheck
from simian_army.errors import LedgerError
from simian_army.model import AuditEvent, Halt, Phase, Verdict
from simian_army.standing import Attempt
from simian_army.undertaker.folder import Folder
from simian_army.undertaker.store import Kept, Who


class Killed(BaseException):
    """The process is no more: nothing of ours may catch this."""


@dataclass
class Fuse:
    """Kills its process at a door: the ``left``-th from now, and from then on at every other."""

    left: int | None = None
    dead: bool = False
    where: str = ""

    def step(self, where: str) -> None:
        """Come to a door."""
        if self.left is not None and not self.dead:
            self.dead, self.where = self.left <= 0, where
            self.left -= 1
        if self.dead:
            raise Killed(where)


class Answers(StrEnum):
    """How the ledger answers: at once; not at all; with an error after it has written."""

    FAIR = "fair"
    AWAY = "away"
    DEAF = "deaf"


@dataclass
class Line:
    """The way to the ledger, the same for every process. It knows of the ledger's halt: that is asked at every look."""

    answers: Answers = Answers.FAIR
    fresh: bool = False
    halt: Halt | None = None


@dataclass
class LedgerDoor:
    """The real ledger, as one process reaches it."""

    real: SqlLedger
    line: Line
    fuse: Fuse

    def append(self, *events: AuditEvent) -> tuple[AuditEvent, ...]:
        self._before(f"before {_named(events)}")
        self.line.fresh = False
        written = self.real.append(*events)
        self._after(f"after {_named(events)}")
        return written

    def reserve(
        self, intended: AuditEvent, recheck: Recheck, since: datetime | None = None
    ) -> tuple[AuditEvent | None, Sequence[Verdict]]:
        self._before("before intended")
        said = self.real.reserve(intended, recheck, since)
        self._after("after intended")
        return said

    def attempts(self, since: Any) -> Sequence[Attempt]:
        self._must_answer()
        return self.real.attempts(since)

    def open_faults(self) -> Sequence[tuple[AuditEvent, Phase]]:
        self._must_answer()
        return self.real.open_faults()

    def unjudged(self) -> Sequence[tuple[AuditEvent, AuditEvent | None]]:
        self._must_answer()
        return self.real.unjudged()

    def halted(self) -> Halt | None:
        self._must_answer()
        if not self.line.fresh:
            self.line.halt, self.line.fresh = self.real.halted(), True
        return self.line.halt

    def query(self, **words: Any) -> Iterable[AuditEvent]:
        self._must_answer()
        return self.real.query(**words)

    def last_seq(self) -> int:
        self._must_answer()
        return self.real.last_seq()

    def verify(self) -> Sequence[str]:
        self._must_answer()
        return self.real.verify()

    def _must_answer(self) -> None:
        if self.line.answers is Answers.AWAY:
            raise LedgerError("the ledger is away")

    def _before(self, where: str) -> None:
        self.fuse.step(where)
        self._must_answer()

    def _after(self, where: str) -> None:
        self.fuse.step(where)
        if self.line.answers is Answers.DEAF:
            raise LedgerError("no answer: nobody can say whether it was written")


@dataclass
class RecordsDoor:
    """The real records, as one process reaches them."""

    real: Folder
    fuse: Fuse

    @property
    def place(self) -> str:
        return self.real.place

    @property
    def pace(self) -> float:
        return self.real.pace

    def put(self, name: str, text: str) -> None:
        self.fuse.step("before a record")
        self.real.put(name, text)
        self.fuse.step("after a record")

    def get(self, name: str) -> Kept | None:
        return self.real.get(name)

    def all(self) -> Sequence[Kept]:
        return self.real.all()

    def acknowledge(self, name: str) -> None:
        self.fuse.step("before acknowledging")
        self.real.acknowledge(name)
        self.fuse.step("after acknowledging")

    def end(self, name: str, detail: str) -> None:
        self.fuse.step("before the end of a record")
        self.real.end(name, detail)
        self.fuse.step("after the end of a record")

    def drop(self, name: str) -> None:
        self.fuse.step("before a record is dropped")
        self.real.drop(name)
        self.fuse.step("after a record is dropped")

    def beat(self, who: Who, text: str) -> None:
        if self.fuse.dead:
            raise Killed(self.fuse.where)
        self.real.beat(who, text)

    def beaten(self, who: Who) -> str:
        return self.real.beaten(who)


@dataclass
class SpoolDoor:
    """The real spool, as one process reaches it."""

    real: FileSpool
    fuse: Fuse

    def waiting(self) -> bool:
        return self.real.waiting()

    def add(self, *events: AuditEvent) -> None:
        self.fuse.step("before the spool")
        self.real.add(*events)
        self.fuse.step("after the spool")

    def read(self) -> tuple[Sequence[AuditEvent], int]:
        return self.real.read()

    def drop(self, size: int) -> None:
        self.fuse.step("before the spool is emptied")
        self.real.drop(size)
        self.fuse.step("after the spool is emptied")


def _named(events: Iterable[AuditEvent]) -> str:
    return " ".join(str(event.phase) for event in events)
