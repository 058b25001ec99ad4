"""What an iCalendar file says: its events as stretches of time, expanded month by month when asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from simian_army.errors import CalendarError

EVENTS = 5000
STEPS = 1_000_000  # repetitions that looking through one month may cost; beyond, a look would take seconds
MARGIN = timedelta(days=2)  # more than any two zones differ
NAME = 80  # characters of an event's summary that are told
OFTEN = {"SECONDLY": 86400, "MINUTELY": 1440, "HOURLY": 24}
ZONED = ("DTSTART", "DTEND", "RECURRENCE-ID", "RDATE", "EXDATE")


@dataclass(frozen=True, slots=True)
class Event:
    """One stretch, [start, end), in UTC, with its summary."""

    start: datetime
    end: datetime
    name: str


@dataclass(frozen=True, slots=True)
class Events:
    """The events of one file. ``query`` is the library's, which is not to be used by two threads at once."""

    query: Any
    lock: threading.Lock = field(default_factory=threading.Lock)
    months: dict[tuple[int, int, str], tuple[Event, ...]] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: bytes, now: datetime) -> Events:
        """Read a file, and expand the month of ``now`` to see that it can be.

        Raises:
            ValueError: it is none, or one that cannot be understood for sure.
        """
        import icalendar
        import recurring_ical_events

        try:
            calendar = icalendar.Calendar.from_ical(text.decode())
            _vet(calendar, now)
            made = cls(recurring_ical_events.of(calendar))
            made._month(now.year, now.month, ZoneInfo("UTC"))
        except CalendarError as error:
            raise ValueError(str(error)) from error
        except UnicodeDecodeError as error:
            raise ValueError("it is not UTF-8 text") from error
        except Exception as error:
            raise ValueError(f"it is no iCalendar file that can be read: {_short(error)}") from error
        return made

    def at(self, moment: datetime, zone: ZoneInfo) -> list[Event]:
        """The events that cover ``moment``; days and times without a zone are those of ``zone``."""
        here = moment.astimezone(UTC)
        return [event for event in self._month(here.year, here.month, zone) if event.start <= here < event.end]

    def _month(self, year: int, month: int, zone: ZoneInfo) -> tuple[Event, ...]:
        with self.lock:
            known = (year, month, zone.key)
            if known not in self.months:
                self.months[known] = tuple(self._expand(year, month, zone))
            return self.months[known]

    def _expand(self, year: int, month: int, zone: ZoneInfo) -> Iterator[Event]:
        first = datetime(year, month, 1, tzinfo=UTC)
        last = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
        try:
            found = list(self.query.between(first - MARGIN, last + MARGIN))
        except Exception as error:
            raise CalendarError(f"its events of {first:%B %Y} cannot be told: {_short(error)}") from error
        for one in found:
            start, end = _moment(one.start, zone), _moment(one.end, zone)
            if str(one.get("STATUS", "")).upper() != "CANCELLED" and start < end and start < last and end > first:
                yield Event(start, end, _words(str(one.get("SUMMARY", ""))))


def _vet(calendar: Any, now: datetime) -> None:
    """Raise ValueError for what the library would take in silence and get wrong, or take for ever to get right."""
    events = calendar.walk("VEVENT")
    if calendar.name != "VCALENDAR" or len(events) > EVENTS:
        raise ValueError(f"{calendar.name} with {len(events)} events: at most {EVENTS} in a VCALENDAR")
    steps = 0
    for event in events:
        if event.errors:
            raise ValueError(f"an event has a broken {event.errors[0][0]}")
        for word in ZONED:
            for one in _several(event.get(word)):
                _zoned(word, one)
        steps += _steps(event, now)
    if steps > STEPS:
        raise ValueError("its events repeat too often to be looked through: begin them later, or repeat them by day")


def _zoned(word: str, value: Any) -> None:
    """A zone that the library does not know it drops, and the time would count as any zone's."""
    zone = value.params.get("TZID", "")
    moments = [getattr(one, "dt", None) for one in getattr(value, "dts", [value])]
    if zone and any(isinstance(one, datetime) and one.tzinfo is None for one in moments):
        raise ValueError(f"{word} is in the time zone {str(zone)[:NAME]!r}, which is unknown and not defined in it")


def _steps(event: Any, now: datetime) -> int:
    """How often the event may have repeated until a year from ``now``."""
    total = 0
    start = event["DTSTART"].dt
    for rule in _several(event.get("RRULE")):
        often = OFTEN.get(str(rule.get("FREQ", [""])[0]).upper(), 1)
        for word in ("BYHOUR", "BYMINUTE", "BYSECOND"):
            often *= len(rule.get(word, [])) or 1
        total += max(1, now.year + 1 - start.year) * 366 * often
    return total


def _several(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _moment(said: date, zone: ZoneInfo) -> datetime:
    """In UTC: a day begins at midnight of ``zone``, a time without a zone is one of ``zone``."""
    if not isinstance(said, datetime):
        said = datetime.combine(said, time(0), zone)
    return (said if said.tzinfo else said.replace(tzinfo=zone)).astimezone(UTC)


def _words(text: str) -> str:
    """On one line, printable and short: whoever may write to the calendar writes it."""
    plain = "".join(sign if sign.isprintable() else " " for sign in text).strip()
    return plain if len(plain) <= NAME else f"{plain[:NAME]}..."


def _short(error: Exception) -> str:
    return _words(f"{type(error).__name__}: {error}")
