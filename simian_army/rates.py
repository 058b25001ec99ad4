"""How often and how far apart: rates, working days, and what of the past they look back on, without a clock."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from math import ceil
from typing import TypeAlias
from zoneinfo import ZoneInfo

from simian_army.errors import CalendarError

DAY = timedelta(days=1)
RAREST = 366  # days: what is rarer is never, and is written 0
MOST_WORKING = 60
OFF = 400  # days off in a row after which a calendar is taken to have no working days at all
_WORKING = re.compile(r"(\d+) working days?")
_DAYS = re.compile(r"(\d{1,4})(?:( working days?)|d)")
_RATE = re.compile(r"\d{1,9}(?:\.\d{1,9}| ?/ ?\d{1,9})?")


@dataclass(frozen=True, slots=True)
class Rate:
    """At most ``most`` in any stretch as long as ``over``; it holds its beginning and not its end."""

    most: int
    over: timedelta

    @classmethod
    def per_day(cls, value: object) -> Rate:
        """``20``; ``1/3`` or ``0.25``, which mean one in any 3 and 4 days (rounded up to whole days); ``0``, never.

        Raises:
            ValueError: it is none of these.
        """
        rate = _fraction(value)
        if rate is None or (rate > 1 and rate.denominator != 1):
            raise ValueError(f"{value!r} is no rate: write a whole number, or a fraction such as 1/3 for one in 3 days")
        if rate.denominator == 1:
            return cls(int(rate), DAY)
        days = ceil(1 / rate)
        if days > RAREST:
            raise ValueError(f"{value!r} is less than one in {RAREST} days: write 0 for never")
        return cls(1, days * DAY)


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """A time apart of so many working days."""

    count: int

    @classmethod
    def parse(cls, text: str) -> WorkingDays | None:
        """``2 working days``; None when it speaks of something else.

        Raises:
            ValueError: it is not 1 to 60 of them.
        """
        found = _WORKING.fullmatch(text.strip())
        if found is None:
            return None
        count = int(found[1])
        if not 1 <= count <= MOST_WORKING:
            raise ValueError(f"{text!r} is not 1 to {MOST_WORKING} working days; for none write 0s")
        return cls(count)

    def __str__(self) -> str:
        """As it is written."""
        return f"{self.count} working day{'s' if self.count > 1 else ''}"


@dataclass(frozen=True, slots=True)
class Days:
    """A time apart that ends at the midnight of the ``count``-th day after: of all days, or of ``working`` ones."""

    count: int
    working: bool = True

    @classmethod
    def parse(cls, value: object) -> Days:
        """``5 working days`` or ``5d``.

        Raises:
            ValueError: it is neither, or not 1 to 366 of them.
        """
        found = _DAYS.fullmatch(str(value).strip())
        if found is None or not 1 <= int(found[1]) <= RAREST:
            raise ValueError(f"{value!r} is no number of days: write for instance 5 working days, or 5d for any days")
        return cls(int(found[1]), working=bool(found[2]))

    def __str__(self) -> str:
        """As people write it."""
        return f"{self.count} {'working ' if self.working else ''}day{'s' if self.count > 1 else ''}"


Apart: TypeAlias = timedelta | WorkingDays | Days
"""How far apart two faults must begin."""


def _no_holiday(_: date) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Week:
    """Which days are worked: Monday to Friday by the local time of ``zone``, but for ``holiday``."""

    zone: ZoneInfo
    holiday: Callable[[date], bool] = _no_holiday

    def works(self, day: date) -> bool:
        """Whether that day is a working day."""
        return day.weekday() < 5 and not self.holiday(day)

    def over(self, start: datetime, apart: Apart) -> datetime | None:
        """When the time apart that began at ``start`` is over; None when no day is worked any more.

        Working days end at the same local time, so many working days later; what begins on a day off counts from the
        midnight that ends it and the days off after it. Where clocks are changed, the later of both readings.

        Raises:
            CalendarError: nobody can say which days are holidays.
        """
        if isinstance(apart, timedelta):
            return start + apart
        local = start.astimezone(self.zone)
        if isinstance(apart, Days):
            return self._midnight(local.date(), apart)
        first = self._next(local.date())
        if first is None:
            return None
        clock = local.time().replace(fold=0) if first == local.date() else time()
        day: date | None = first
        for _ in range(apart.count):
            day = self._next(day + DAY) if day else None
        return self._later(day, clock) if day else None

    def back(self, now: datetime, apart: Apart) -> datetime:
        """A moment before ``now`` such that what began before it is over by now."""
        if isinstance(apart, timedelta):
            return now - apart
        if isinstance(apart, Days) and not apart.working:
            return now - (apart.count + 1) * DAY
        day, left = now.astimezone(self.zone).date(), apart.count + 1
        for _ in range(OFF):
            left -= self._surely(day)
            if not left:
                break
            day -= DAY
        return self._later(day - DAY, time())

    def _midnight(self, day: date, apart: Days) -> datetime | None:
        """The midnight of the ``apart``-th day after."""
        there: date | None = day
        for _ in range(apart.count):
            ahead = there + DAY if there else None
            there = self._next(ahead) if ahead and apart.working else ahead
        return self._later(there, time()) if there else None

    def _surely(self, day: date) -> bool:
        try:
            return self.works(day)
        except CalendarError:  # looking too far back does no harm
            return False

    def _next(self, day: date) -> date | None:
        """The first working day from ``day`` on."""
        return next((there for there in (day + n * DAY for n in range(OFF)) if self.works(there)), None)

    def _later(self, day: date, clock: time) -> datetime:
        readings = [datetime.combine(day, clock, self.zone).replace(fold=fold) for fold in (0, 1)]
        return max(readings, key=datetime.timestamp)


def _fraction(value: object) -> Fraction | None:
    text = "" if isinstance(value, bool) else str(value).strip()
    if not _RATE.fullmatch(text):
        return None
    try:
        return Fraction(text.replace(" ", ""))
    except ZeroDivisionError:
        return None
