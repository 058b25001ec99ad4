"""Which days are quiet as a whole, year after year."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Protocol

LEAP = 2024  # a year that has every day
_DAY = re.compile(r"(\d{2})-(\d{2})")


class DaySet(Protocol):
    """Local days."""

    def has(self, day: date) -> bool:
        """Whether ``day`` is one of them.

        Raises:
            CalendarError: nobody can say.
        """
        ...

    def called(self, day: date) -> str:
        """What one of them is called, empty when it has no name."""
        ...


@dataclass(frozen=True, slots=True)
class Yearly:
    """Days of every year as (month, day), both ends included; an end before the start lies in the next year."""

    first: tuple[int, int]
    last: tuple[int, int]

    @classmethod
    def parse(cls, text: str) -> Yearly:
        """``12-24`` or ``12-20..01-06``.

        Raises:
            ValueError: it is neither.
        """
        first, dots, last = text.partition("..")
        return cls(_day(first, text), _day(last if dots else first, text))

    def has(self, day: date) -> bool:
        """Whether ``day`` is one of them; the 29th of February is, in a leap year, when those around it are."""
        today = (day.month, day.day)
        if self.first <= self.last:
            return self.first <= today <= self.last
        return today >= self.first or today <= self.last

    def called(self, day: date) -> str:
        """They have no names."""
        del day
        return ""

    def __str__(self) -> str:
        """As it is written."""
        first, last = (f"{month:02}-{day:02}" for month, day in (self.first, self.last))
        return first if first == last else f"{first}..{last}"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Days that one of several has."""

    sets: tuple[Yearly, ...]

    def has(self, day: date) -> bool:
        """Whether ``day`` is one of them."""
        return any(one.has(day) for one in self.sets)

    def called(self, day: date) -> str:
        """They have no names."""
        del day
        return ""

    def __str__(self) -> str:
        """As they are written."""
        return ",".join(str(one) for one in self.sets)


def _day(text: str, whole: str) -> tuple[int, int]:
    found = _DAY.fullmatch(text.strip())
    try:
        day = date(LEAP, *(int(number) for number in found.groups())) if found else None
    except ValueError:
        day = None
    if day is None:
        hint = "; with a year it belongs in dates" if re.match(r"\d{4}-", text.strip()) else ""
        raise ValueError(f"{whole!r} is no day of the year: write MM-DD, 12-24 or 12-20..01-06{hint}")
    return day.month, day.day
