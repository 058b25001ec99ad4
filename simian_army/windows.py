"""When is when: durations, daily windows, date ranges and blackout windows, parsed and computed without a clock."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from functools import partial
from zoneinfo import ZoneInfo

from simian_army.calendars.days import DaySet
from simian_army.calendars.edges import next_edge, whole
from simian_army.calendars.spans import FAR, Spans, every, some

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
    """A time of quiet: all that is given must hold. A window over midnight belongs to the day it starts.

    ``days`` are more sets of local days, ``spans`` stretches of time by whatever calendar. ``zone`` is its own zone,
    which counts instead of the asker's. ``monkeys`` are the only entries it is for; empty means all.
    """

    weekdays: frozenset[int] = frozenset()
    daily: Daily | None = None
    dates: Dates | None = None
    days: tuple[DaySet, ...] = ()
    spans: tuple[Spans, ...] = ()
    zone: ZoneInfo | None = None
    monkeys: frozenset[str] = frozenset()

    def concerns(self, entry: str) -> bool:
        """Whether it is for this entry of ``monkeys``."""
        return not self.monkeys or entry in self.monkeys

    def covers(self, moment: datetime, zone: ZoneInfo) -> bool:
        """Whether ``moment`` (aware) lies in it, by the local time of ``zone``.

        Raises:
            CalendarError: nobody can say.
        """
        zone = self.zone or zone
        local = moment.astimezone(zone)
        days = self._days(local.date(), local.time())
        return bool(days) and every(
            [
                lambda: some([partial(self._holds, day) for day in days]),
                *[partial(one.covers, moment, zone) for one in self.spans],
            ]
        )

    def ends(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        """``moment`` if it is free, else the first whole minute after it that is; None beyond 400 days.

        Raises:
            CalendarError: nobody can say.
        """
        zone = self.zone or zone
        probe, limit = moment, moment + FAR
        while probe <= limit:
            if not self.covers(probe, zone):
                return probe
            nearest = min(self._next(probe, zone), default=None)
            if nearest is None:
                return None
            probe = whole(nearest)
        return None

    def called(self, moment: datetime, zone: ZoneInfo) -> str:
        """As the config says it, with the names of what covers ``moment``."""
        zone = self.zone or zone
        local = moment.astimezone(zone)
        return self._words(
            [self._named(local.date(), local.time(), one) for one in self.days],
            [one.called(moment, zone) for one in self.spans],
        )

    def __str__(self) -> str:
        """As the config says it."""
        return self._words([str(one) for one in self.days], [str(one) for one in self.spans])

    def _words(self, days: Sequence[str], spans: Sequence[str]) -> str:
        weekdays = ",".join(WEEKDAYS[day] for day in sorted(self.weekdays))
        zone = f"in {self.zone}" if self.zone else ""
        return " ".join(str(part) for part in (weekdays, self.daily, self.dates, *days, *spans, zone) if part)

    def _named(self, day: date, now: time, one: DaySet) -> str:
        name = next((name for begun in self._days(day, now) if one.has(begun) and (name := one.called(begun))), "")
        return f"{one} ({name})" if name else str(one)

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
        fits = in_dates and (not self.weekdays or day.weekday() in self.weekdays)
        return fits and every([partial(one.has, day) for one in self.days])

    def _next(self, moment: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """When, after ``moment`` which it covers, it may end: the nearest is never too late."""
        if self.weekdays or self.daily or self.dates or self.days or not self.spans:
            yield next_edge(moment, zone, (self.daily.start, self.daily.end) if self.daily else ())
        for one in self.spans:
            if end := one.ends(moment, zone):
                yield end


def _clock(text: str) -> time:
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text.strip())
    if found is None:
        raise ValueError(text)
    return time(int(found[1]), int(found[2]))
