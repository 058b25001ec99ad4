"""What was done and is not written down yet: told to the ledger in order, as soon as it listens."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from simian_army.contract import Ledger
from simian_army.errors import AlreadyThere, LedgerError
from simian_army.model import AuditEvent
from simian_army.sameness import key_of

TURN = 0.5  # seconds to wait for others who are telling; what they then have not told is kept, to be told late


class Spool(Protocol):
    """Where events wait while the ledger is away, so that a crash loses none. Every method may raise LedgerError."""

    def waiting(self) -> bool:
        """Whether any do."""
        ...

    def add(self, *events: AuditEvent) -> None:
        """Keep the events, in order; durable on return."""
        ...

    def read(self) -> tuple[Sequence[AuditEvent], int]:
        """What waits, in order, and its size, to be given to ``drop`` once it is told."""
        ...

    def drop(self, size: int) -> None:
        """Forget what was read; what came later stays."""
        ...


@dataclass(slots=True)
class Teller:
    """Keeps events for a ledger that may be away, and tells each once, marked late if it could not be told at once.

    What it says stands in the ledger or in the spool when it returns; without a spool, or when that cannot be
    written, it is only remembered.
    """

    ledger: Ledger
    spool: Spool | None = None
    _untold: list[AuditEvent] = field(default_factory=list)
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _away: bool = False

    @property
    def behind(self) -> bool:
        """Whether something is still to be told, by us or for a process that is gone."""
        return bool(self._untold) or bool(self.spool and self.spool.waiting())

    def say(self, *events: AuditEvent) -> None:
        """Keep the events, and tell them at once, in one transaction, unless the ledger is known to be away."""
        if not events:
            return
        # a telling whose answer is lost is told again: by its key the ledger knows it
        said = {key: replace(event, key=key) for event in events if (key := key_of(event))}
        with self._guard:
            self._untold += said.values()
        if not self._away:
            self._take_turn()
        if any(untold.key in said for untold in self._untold):
            self._keep()

    def lose(self) -> None:
        """Somebody else found the ledger away: until a retry finds it back, nobody waits for it."""
        self._away = True

    def retry(self) -> None:
        """Tell what is kept, if the ledger listens again."""
        with self._turn:
            self._tell()
        if self._away:
            self._keep()

    def _take_turn(self) -> None:
        # whoever speaks has reverts to do: he waits for no ledger that is slow to answer somebody else
        if not self._turn.acquire(timeout=TURN):
            return
        try:
            if not self._away:
                self._tell()
        finally:
            self._turn.release()

    def _tell(self) -> None:
        kept, size = self._spooled()
        with self._guard:
            mine = tuple(self._untold)
        try:
            self._append([*kept, *mine])
        except LedgerError as error:
            _warn("the ledger is away, so what was done is kept to be told later", error)
            self._away = True
            return
        self._away = False
        told = {event.key for event in mine}
        with self._guard:
            self._untold = [event for event in self._untold if event.key not in told]
        if size:
            self._drop(size)

    def _append(self, events: Sequence[AuditEvent]) -> None:
        if not events:
            return
        try:
            self.ledger.append(*events)
        except AlreadyThere:  # told before, and the answer or we were lost then
            if len(events) == 1:
                return
            half = len(events) // 2
            self._append(events[:half])
            self._append(events[half:])

    def _keep(self) -> None:
        with self._guard:
            self._untold = [_late(event) for event in self._untold]
            if not (self._untold and self.spool):
                return
            try:
                self.spool.add(*self._untold)
            except LedgerError as error:
                _warn("what was done is only remembered", error)
                return
            self._untold = []

    def _spooled(self) -> tuple[Sequence[AuditEvent], int]:
        if not (self.spool and self.spool.waiting()):
            return (), 0
        try:
            return self.spool.read()
        except LedgerError as error:
            _warn("what waits for the ledger cannot be read", error)
            return (), 0

    def _drop(self, size: int) -> None:
        try:
            if self.spool:
                self.spool.drop(size)
        except LedgerError as error:  # it is read again, and found to stand there
            _warn("what was told could not be dropped", error)


def _late(event: AuditEvent) -> AuditEvent:
    """The event as it is told when it could not be told at once: its time stays, its data says so."""
    return replace(event, data={**event.data, "late": True})


def _warn(what: str, error: LedgerError) -> None:
    logging.getLogger(__name__).warning("%s: %s", what, error)
