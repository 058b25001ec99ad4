"""Who hears of events: the log, the metrics and the notices, each event once, and none of them can break another."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from simian_army.model import AuditEvent
from simian_army.teller import Spool

MOST = 10_000  # events that are remembered, so that one told twice is heard once

Told = Callable[[AuditEvent], None]


@dataclass(slots=True)
class Once:
    """Hears every event once, by its number or by its key: one that waited for the ledger comes twice."""

    ears: Sequence[Told]
    _seen: OrderedDict[object, None] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def hear(self, event: AuditEvent) -> None:
        """Pass it on, unless it was heard before."""
        if self._is_new(event):
            hear_all(event, self.ears)

    def _is_new(self, event: AuditEvent) -> bool:
        marks = [mark for mark in (event.seq, event.key) if mark]
        with self._lock:
            new = not any(mark in self._seen for mark in marks)
            self._seen.update(dict.fromkeys(marks))
            while len(self._seen) > MOST:
                self._seen.popitem(last=False)
        return new


def hear_all(event: AuditEvent, ears: Sequence[Told]) -> None:
    """Tell each of them; what breaks in one is logged and keeps no other back."""
    for ear in ears:
        try:
            ear(event)
        except Exception:  # what is written is written, whoever cannot listen
            logging.getLogger(__name__).exception("event %s was not heard by all", event.seq)


@dataclass(frozen=True, slots=True)
class Overheard:
    """A spool whose events are heard when they are kept, not first when the ledger is back."""

    spool: Spool
    told: Told

    def waiting(self) -> bool:
        """Whether any do."""
        return self.spool.waiting()

    def add(self, *events: AuditEvent) -> None:
        """Keep the events and have them heard, also when they cannot be kept."""
        try:
            self.spool.add(*events)
        finally:
            for event in events:
                hear_all(event, (self.told,))

    def read(self) -> tuple[Sequence[AuditEvent], int]:
        """What waits."""
        return self.spool.read()

    def drop(self, size: int) -> None:
        """Forget what was read."""
        self.spool.drop(size)
