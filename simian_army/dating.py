"""What a server's clock says, told by the Date of its answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from simian_army.clock import Clock
from simian_army.reading import Reading

FRESH = 60.0
"""For so many seconds the Date of an answer is good enough to know the server's clock by."""

_HALF = timedelta(milliseconds=500)  # a Date names a whole second: in the middle of it the error is least


@dataclass(frozen=True, slots=True)
class Dated:
    """The Date of one answer, aware, in UTC; ``sent`` and ``got`` are monotonic seconds of the exchange."""

    said: datetime
    sent: float
    got: float


def dated(header: str, sent: float, got: float) -> Dated | None:
    """What an answer's Date header tells; None when it tells nothing."""
    try:
        said = parsedate_to_datetime(header)
    except (TypeError, ValueError):
        return None
    aware = said.replace(tzinfo=UTC) if said.tzinfo is None else said.astimezone(UTC)
    return Dated(aware, sent, got)


def is_fresh(answer: Dated, clock: Clock) -> bool:
    """Whether it is young enough to know the server's clock by."""
    return clock.monotonic() - answer.got <= FRESH


def read(answer: Dated | None, clock: Clock) -> Reading | None:
    """Both clocks now: the server's has gone on since, as long as the monotonic one says; None without a Date."""
    if answer is None:
        return None
    half, at = (answer.got - answer.sent) / 2, clock.monotonic()
    passed = timedelta(seconds=at - answer.sent - half)
    age = timedelta(seconds=at - answer.got)
    return Reading(answer.said + _HALF + passed, clock.now(), timedelta(seconds=half), age, at)


def carried(reading: Reading, clock: Clock) -> Reading:
    """The same reading now: when this machine's clock has jumped since, the two are apart by that."""
    at = clock.monotonic()
    passed = timedelta(seconds=at - reading.at)
    return replace(reading, theirs=reading.theirs + passed, ours=clock.now(), age=reading.age + passed, at=at)
