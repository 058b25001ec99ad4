"""What the records say, for recovery: which fault each is of, and whether its undertaker has ended it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from simian_army.clock import Clock
from simian_army.records import Held, Relic
from simian_army.undertaker.record import from_text
from simian_army.undertaker.store import Kept, Records, latest


@dataclass(frozen=True, slots=True)
class SignedRelics:
    """The records of one fleet, as ``records.Relics``; what the fleet did not sign is told as unreadable."""

    key: bytes = field(repr=False)
    fleet: str
    records: Records
    clock: Clock

    def all(self) -> Sequence[Relic]:
        return [self._relic(kept) for kept in self.records.all()]

    def drop(self, name: str) -> None:
        self.records.drop(name)

    def latest(self) -> datetime | None:
        return latest(self.records)

    def _relic(self, kept: Kept) -> Relic:
        record = from_text(self.key, self.fleet, kept.text)
        if record is None or record.name != kept.name:
            return Relic(kept.name, kept.text, None, kept.ended)
        held = Held(record.run, record.fault, record.mark, record.deadline, self.clock.monotonic())
        return Relic(kept.name, kept.text, held, kept.ended)
