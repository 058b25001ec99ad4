"""When is when: durations, daily windows, date ranges and blackout windows, parsed and computed without a clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from zoneinfo import ZoneInfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = timedelta(days=1)
_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


def duration(text: str) -> timedelta:
    """``90s``, ``30m``, ``2h``, ``1d``, ``1h30m``.

    Raises:
        ValueError: it is none of that form.
    """
    found = _DURATION.fullmatch(text.strip())
    if not found or not any(found.groups()):
        raise ValueError(f"{text!r} is no duration: write for instance 90s, 30m, 2h, 1d or 1h30m")
    parts = zip(_UNITS.values(), found.groups(), strict=True)
    return timedelta(**{unit: int(number) for unit, number in parts if number})


def weekday(text: str) -> int:
    """0 for ``mon`` to 6 for ``sun``.

    Raises:
        ValueError: it is no weekday's three-letter name, with the nearest one.
    """
    if text in WEEKDAYS:
        return WEEKDAYS.index(text)
    near = [day for day in WEEKDAYS if text.lower().startswith(day)] or get_close_matches(text.lower(), WEEKDAYS, n=1)
    hint = f", did you mean {near[0]}?" if near else ""
    raise ValueError(f"{text!r} is no weekday (mon tue wed thu fri sat sun){hint}")


@dataclass(frozen=True, slots=True)
class Daily:
    """A half-open window of the local day, [start, end); an end before the start lies on the next day."""

    start: time
    end: time

    @classmethod
    def parse(cls, text: str) -> Daily:
        """``17:00-09:00``.

        Raises:
            ValueError: it is not of that form, or empty.
        """
        start, dash, end = text.partition("-")
        try:
            window = cls(_clock(start), _clock(end))
        except ValueError:
            dash = ""
        if not dash:
            raise ValueError(f"{text!r} is no daily window: write HH:MM-HH:MM, for instance 17:00-09:00")
        if window.start == window.end:
            raise ValueError(f"{text!r} is empty: its end is its start; leave it out to mean the whole day")
        return window

    @property
    def over_midnight(self) -> bool:
        """Whether it ends on the day after it starts."""
        return self.end < self.start

    def __str__(self) -> str:
        """As it is written."""
        return f"{self.start:%H:%M}-{self.end:%H:%M}"


@dataclass(frozen=True, slots=True)
class Dates:
    """Local dates, both ends included."""

    first: date
    last: date

    @classmethod
    def parse(cls, text: str) -> Dates:
        """``2026-12-24`` or ``2026-12-20..2027-01-06``.

        Raises:
            ValueError: it is neither, or ends before it begins.
        """
        first, dots, last = text.partition("..")
        try:
            dates = cls(date.fromisoformat(first), date.fromisoformat(last if dots else first))
        except ValueError as error:
            raise ValueError(f"{text!r} is no date or range: write 2026-12-24 or 2026-12-20..2027-01-06") from error
        if dates.last < dates.first:
            raise ValueError(f"{text!r} ends before it begins")
        return dates

    def __str__(self) -> str:
        """As it is written."""
        return f"{self.first}" if self.first == self.last else f"{self.first}..{self.last}"


@dataclass(frozen=True, slots=True)
class Blackout:
    """A time of quiet: all that is given must hold. A window over midnight belongs to the day it starts."""

    weekdays: frozenset[int] = frozenset()
    daily: Daily | None = None
    dates: Dates | None = None

    def covers(self, moment: datetime, zone: ZoneInfo) -> bool:
        """Whether ``moment`` (aware) lies in it, by the local time of ``zone``."""
        local = moment.astimezone(zone)
        return any(self._holds(day) for day in self._days(local.date(), local.time()))

    def ends(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        """The first minute after ``moment`` that is free, None when there is none in the next 400 days."""
        probe = moment
        for _ in range(802):
            if not self.covers(probe, zone):
                return probe
            probe = self._next_edge(probe, zone)
        return None

    def __str__(self) -> str:
        """As the config says it."""
        days = ",".join(WEEKDAYS[day] for day in sorted(self.weekdays))
        return " ".join(str(part) for part in (days, self.daily, self.dates) if part)

    def _days(self, day: date, now: time) -> list[date]:
        """The days a window covering this local time may have started on."""
        daily = self.daily
        if daily is None:
            return [day]
        if not daily.over_midnight:
            return [day] if daily.start <= now < daily.end else []
        return ([day] if now >= daily.start else []) + ([day - DAY] if now < daily.end else [])

    def _holds(self, day: date) -> bool:
        in_dates = self.dates is None or self.dates.first <= day <= self.dates.last
        return in_dates and (not self.weekdays or day.weekday() in self.weekdays)

    def _next_edge(self, moment: datetime, zone: ZoneInfo) -> datetime:
        local = moment.astimezone(zone)
        edges = [time(0)] + ([self.daily.start, self.daily.end] if self.daily else [])
        days = (local.date(), local.date() + DAY)
        later = (datetime.combine(day, edge, zone) for day in days for edge in edges)
        # compared in UTC: local comparison in one zone ignores the fold of a DST night
        return min((edge for edge in later if edge.timestamp() > moment.timestamp()), key=datetime.timestamp)


def _clock(text: str) -> time:
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text.strip())
    if found is None:
        raise ValueError(text)
    return time(int(found[1]), int(found[2]))
