"""When, purely: a seed and a local day give fire times in UTC; the same ones always."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Protocol
from zoneinfo import ZoneInfo

from simian_army.cron import Cron
from simian_army.windows import Daily

DAY = timedelta(days=1)
EPOCH = date(2024, 1, 1)  # a Monday: periods over a day are counted from here
HORIZON = 2930  # days looked ahead for the next fire: 29 February is up to eight years away


class Schedule(Protocol):
    """What tells the fire times of one local day, in order and each once."""

    def fires(self, day: date, zone: ZoneInfo, dice: Random) -> Iterator[datetime]:
        """The day's fire times, in UTC."""
        ...


@dataclass(frozen=True, slots=True)
class Every:
    """Each ``period``, counted in real time from local midnight; periods of days from a fixed Monday."""

    period: timedelta
    between: Daily | None = None
    jitter: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        if self.period < timedelta(seconds=1):
            raise ValueError("every must be 1s or more")
        if self.period > DAY and self.period % DAY:
            raise ValueError("every beyond a day must be whole days")

    def fires(self, day: date, zone: ZoneInfo, dice: Random) -> Iterator[datetime]:
        """Regular times of the day that lie in the window."""
        if (day - EPOCH) % max(self.period, DAY):
            return
        start, end = midnight(day, zone), midnight(day + DAY, zone)
        moment = start
        while moment < end:
            following = min(moment + self.period, end)
            if _inside(moment, zone, self.between):
                yield shaken(moment, following, self, zone, dice)
            # a day of 25 hours is still one day
            moment = end if self.period >= DAY else moment + self.period


@dataclass(frozen=True, slots=True)
class Times:
    """The local times of a cron line, each once even on the nights the clocks change."""

    cron: Cron
    between: Daily | None = None
    jitter: timedelta = timedelta(0)

    def fires(self, day: date, zone: ZoneInfo, dice: Random) -> Iterator[datetime]:
        """A time that does not exist is shifted with the clock; one that exists twice is the first of both."""
        found = sorted({local(day, clock, zone) for clock in self.cron.times(day)})
        ends = [*found[1:], midnight(day + DAY, zone)][: len(found)]
        for moment, following in zip(found, ends, strict=True):
            if _inside(moment, zone, self.between):
                yield shaken(moment, max(following, moment), self, zone, dice)


@dataclass(frozen=True, slots=True)
class Mtbf:
    """On a working day with probability one in ``mean`` days, at a uniform moment of the window."""

    mean: timedelta
    between: Daily
    jitter: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        if self.mean < DAY:
            raise ValueError("mtbf must be 1d or more; for more often use every")
        if self.between.over_midnight:
            raise ValueError("the window of mtbf must not reach over midnight")

    def fires(self, day: date, zone: ZoneInfo, dice: Random) -> Iterator[datetime]:
        """None or one; Saturdays and Sundays have none."""
        if day.weekday() > 4 or dice.random() >= DAY / self.mean:
            return
        start, end = local(day, self.between.start, zone), local(day, self.between.end, zone)
        moment = start + timedelta(minutes=int(dice.random() * ((end - start) / timedelta(minutes=1))))
        yield shaken(moment, end, self, zone, dice)


class _Shaken(Protocol):
    @property
    def jitter(self) -> timedelta: ...

    @property
    def between(self) -> Daily | None: ...


def upcoming(schedule: Schedule, after: datetime, zone: ZoneInfo, name: str) -> Iterator[datetime]:
    """The fire times strictly after ``after``; ``name`` (seed and entry) decides all chance, day by day."""
    first = after.astimezone(zone).date() - DAY
    quiet = 0
    day = first
    while quiet < HORIZON:
        quiet += 1
        for moment in of_day(schedule, day, zone, name):
            if moment > after:
                quiet = 0
                yield moment
        day += DAY


def of_day(schedule: Schedule, day: date, zone: ZoneInfo, name: str) -> Iterator[datetime]:
    """The fire times of one local day, the same that ``upcoming`` tells."""
    return schedule.fires(day, zone, Random(f"{name}/{day}"))  # noqa: S311 - replayable, not secret


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a local day, in UTC."""
    return local(day, time(0), zone)


def local(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """A local time in UTC: the first of two, and shifted forward when the clocks skip it (``fold=0``)."""
    return datetime.combine(day, clock, zone).astimezone(UTC)


def shaken(moment: datetime, following: datetime, how: _Shaken, zone: ZoneInfo, dice: Random) -> datetime:
    """``moment`` plus a uniform part of the jitter, never beyond its window nor up to the next fire."""
    if not how.jitter:
        return moment
    room = min(how.jitter, following - moment)
    if how.between:
        day = moment.astimezone(zone).date()
        ends = local(day, how.between.end, zone)
        ends = ends if ends > moment else local(day + DAY, how.between.end, zone)
        room = min(room, ends - moment)
    return moment + timedelta(seconds=int(dice.random() * max(0.0, room.total_seconds())))


def _inside(moment: datetime, zone: ZoneInfo, window: Daily | None) -> bool:
    if window is None:
        return True
    now = moment.astimezone(zone).time()
    if window.over_midnight:
        return now >= window.start or now < window.end
    return window.start <= now < window.end
