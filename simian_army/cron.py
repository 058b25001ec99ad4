"""What a cron line means, with days by name only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time

from simian_army.windows import WEEKDAYS, weekday

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
NUMBERED = (
    "weekdays by number mean different days in different crons (0 or 1 is Monday or Sunday): write names, mon-fri"
)


@dataclass(frozen=True, slots=True)
class Cron:
    """Five fields as sets of numbers; weekdays run from 0 = Monday."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    @classmethod
    def parse(cls, text: str) -> Cron:
        """``minute hour day month weekday``, each ``*``, a value, ``a-b``, ``*/n``, ``a-b/n``, or a list of these.

        Raises:
            ValueError: a field cannot be read, or both a day of the month and a weekday are given.
        """
        fields = text.split()
        if len(fields) != 5:
            raise ValueError(f"{text!r} has {len(fields)} fields: write minute hour day month weekday")
        if fields[2] != "*" and fields[4] != "*":
            raise ValueError(f"{text!r} gives a day of the month and a weekday, which crons join differently: give one")
        return cls(
            _field(fields[0], "minute", range(60)),
            _field(fields[1], "hour", range(24)),
            _field(fields[2], "day", range(1, 32)),
            _field(fields[3], "month", range(1, 13)),
            _field(fields[4], "weekday", range(7)),
        )

    def times(self, day: date) -> list[time]:
        """The local times of this day, in order."""
        if day.month not in self.months or day.day not in self.days or day.weekday() not in self.weekdays:
            return []
        return [time(hour, minute) for hour in sorted(self.hours) for minute in sorted(self.minutes)]


def _field(text: str, name: str, allowed: range) -> frozenset[int]:
    return frozenset(value for part in text.split(",") for value in _part(part, name, allowed))


def _part(part: str, name: str, allowed: range) -> range | list[int]:
    span, slash, step = part.partition("/")
    if slash and (not step.isdigit() or int(step) < 1):
        raise ValueError(f"{name} {part!r}: the step after / must be a number of 1 or more")
    stride = int(step) if slash else 1
    if span == "*":
        return allowed[::stride]
    low, dash, high = span.partition("-")
    first = _value(low, name, allowed)
    last = _value(high, name, allowed) if dash else (allowed[-1] if slash else first)
    if name == "weekday" and last < first:
        return [day % 7 for day in range(first, last + 8, stride)]
    if last < first:
        raise ValueError(f"{name} {part!r} ends before it begins")
    return range(first, last + 1, stride)


def _value(text: str, name: str, allowed: range) -> int:
    word = text.lower()
    if name == "weekday":
        if word.isdigit():
            raise ValueError(f"weekday {text!r}: {NUMBERED}")
        return weekday(word)
    if name == "month" and word in MONTHS:
        return MONTHS.index(word) + 1
    if not word.isdigit() or int(word) not in allowed:
        raise ValueError(f"{name} {text!r} is not between {allowed[0]} and {allowed[-1]}")
    return int(word)


__all__ = ["MONTHS", "WEEKDAYS", "Cron"]
