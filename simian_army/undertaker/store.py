"""Where records are kept, and how agent and undertaker see that the other lives."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol, TypeAlias

from simian_army.clock import Clock
from simian_army.errors import SimianError

Who: TypeAlias = Literal["agent", "undertaker"]
GONE = "gone"
"""The beat of one that ended in order."""


class RecordsError(SimianError):
    """The records could not be read or written."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One record as it is kept: its text, whether an undertaker acknowledged it, and how it ended it, if it did."""

    name: str
    text: str
    acknowledged: bool = False
    ended: str = ""


class Records(Protocol):
    """The records of one fleet. Every call has a timeout and may raise RecordsError."""

    @property
    def place(self) -> str:
        """Where they are, for people."""
        ...

    @property
    def pace(self) -> float:
        """Seconds between two looks at them: what they cost decides."""
        ...

    def put(self, name: str, text: str) -> None:
        """Keep a record; durable on return."""
        ...

    def get(self, name: str) -> Kept | None:
        """One record; None when there is none."""
        ...

    def all(self) -> Sequence[Kept]:
        """Every record there is."""
        ...

    def acknowledge(self, name: str) -> None:
        """Say that an undertaker has understood it."""
        ...

    def end(self, name: str, detail: str) -> None:
        """Say that an undertaker has ended the fault, and how."""
        ...

    def drop(self, name: str) -> None:
        """Forget a record; nothing when it is not there."""
        ...

    def beat(self, who: Who, text: str) -> None:
        """Say that one of both lives: ``text`` differs from the last."""
        ...

    def beaten(self, who: Who) -> str:
        """The last beat; empty when there never was one."""
        ...


def latest(records: Records) -> datetime | None:
    """The latest time at which one of both showed life, by its own clock: no clock that is right stands before it.

    Raises:
        RecordsError: nobody can say.
    """
    told: list[datetime] = []
    for who in ("agent", "undertaker"):
        with suppress(ValueError):
            told.append(datetime.fromisoformat(records.beaten(who).partition(" ")[0]))
    return max((moment for moment in told if moment.tzinfo), default=None)


@dataclass(slots=True)
class Pulse:
    """How long ago the other one showed life, by our own monotonic clock: whatever its clock says, a change is life."""

    who: Who
    clock: Clock
    _last: str = ""
    _seen: float | None = field(default=None)
    _since: float = field(init=False)

    def __post_init__(self) -> None:
        self._since = self.clock.monotonic()

    def feel(self, beat: str) -> None:
        """Take note of the beat as it stands now."""
        if beat and beat != self._last:
            # the first one seen proves nothing: whoever wrote it may be long dead
            self._seen = self.clock.monotonic() if self._last else self._seen
            self._last = beat

    @property
    def left(self) -> bool:
        """Whether it said, while we listened, that it ended in order."""
        return self._last == GONE and self._seen is not None

    @property
    def alive(self) -> bool:
        """Whether it was ever seen to beat."""
        return self._seen is not None and not self.left

    def age(self) -> float:
        """Seconds since its last sign of life, or since we began to listen."""
        return self.clock.monotonic() - (self._since if self._seen is None else self._seen)
