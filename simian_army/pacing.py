"""Whose turn it is at a fire: each group's chance, day by day, by the seed alone."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from math import floor
from random import Random
from zoneinfo import ZoneInfo

from simian_army.errors import CalendarError
from simian_army.model import Run, Target
from simian_army.pace import Pace
from simian_army.rates import DAY, Week

GUARD = "pace"
EPOCH = date(2024, 1, 1)  # a Monday: whatever is counted is counted from here, so that every process counts the same
LONG = 2520  # days that are looked at to learn how often a monkey fires: whole weeks, and whole periods of 1 to 10 days
PRECISION = 30  # how often the interval in which the chance lies is halved
SLACK = 0.02  # a mean that holidays alone make longer is no mistake


@dataclass(frozen=True, slots=True)
class Turn:
    """One fire among those of its day: the ``number``-th (from 0) of ``of``; ``works`` is whether that is a working
    day, or in words why nobody knows."""

    run: Run
    day: date
    number: int
    of: int
    works: bool | str


@dataclass(frozen=True)
class Rhythm:
    """On which days a monkey fires, in some years: ``days`` are numbered, those that do not count left out."""

    days: int
    fires: tuple[int, ...]

    def mean(self, chance: float, least: int) -> float:
        """Days from one time to the next, on average, where each fire strikes with that chance, but none sooner than
        ``least`` days after the last that did. All that is counted exactly: a strike keeps others from being one."""
        ahead = (*self.fires, *(day + self.days for day in self.fires))
        freed, barred, seen = [0.0] * (len(ahead) + 1), 0.0, 0.0
        for number, day in enumerate(ahead):
            barred -= freed[number]
            strikes = chance * (1 - barred)
            barred += strikes
            freed[bisect_left(ahead, day + max(least, 1))] += strikes
            seen += strikes if number >= len(self.fires) else 0.0  # the first time round it has not settled yet
        return self.days / seen

    def chance(self, mean: float, least: int) -> float:
        """The chance that gives this mean; 1 where even that gives a longer one."""
        low, high = 0.0, 1.0
        for _ in range(PRECISION):
            middle = (low + high) / 2
            low, high = (middle, high) if self.mean(middle, least) > mean else (low, middle)
        return high


def _never(entry: str, day: date) -> Iterable[datetime]:
    del entry, day
    return ()


@dataclass(frozen=True)
class Pacing:
    """``fires`` are those of an entry on a local day of ``zone``, ``week`` tells which days are worked."""

    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    week: Week = field(default_factory=lambda: Week(ZoneInfo("UTC")))
    fires: Callable[[str, date], Iterable[datetime]] = _never
    _chances: dict[tuple[str, Pace], float] = field(default_factory=dict, init=False, repr=False)
    _rhythms: dict[tuple[str, bool], Rhythm] = field(default_factory=dict, init=False, repr=False)
    _days: dict[tuple[str, date], tuple[datetime, ...]] = field(default_factory=dict, init=False, repr=False)

    def turn(self, run: Run) -> Turn | None:
        """Which fire of its day a run is; None when it is none of them: somebody asked for it by hand."""
        day = run.at.astimezone(self.zone).date()
        fires = self._of_day(run.entry, day)
        if run.at not in fires:
            return None
        return Turn(run, day, fires.index(run.at), len(fires), self._works(day))

    def _of_day(self, entry: str, day: date) -> tuple[datetime, ...]:
        key = entry, day
        fires = self._days.get(key)
        if fires is None:
            fires = tuple(self.fires(entry, day))
            self._days.clear()  # one day is asked for again and again
            self._days[key] = fires
        return fires

    def rhythm(self, entry: str, *, working: bool) -> Rhythm:
        """On which days it fires; days on which nobody works are left out if only ``working`` ones count."""
        key = entry, working
        if key not in self._rhythms:
            year = [EPOCH + number * DAY for number in range(LONG)]
            counted = [day for day in year if not working or self._works(day) is True]
            firing = [any(True for _ in self.fires(entry, day)) for day in counted]
            fires = tuple(number for number, fires in enumerate(firing) if fires)
            self._rhythms[key] = Rhythm(len(counted), fires)
        return self._rhythms[key]

    def chance(self, entry: str, pace: Pace) -> float:
        """How often a group is to be struck, on average, on a day on which the entry fires."""
        key = entry, pace
        if key not in self._chances:
            self._chances[key] = self._chance(entry, pace)
        return self._chances[key]

    def _chance(self, entry: str, pace: Pace) -> float:
        if not pace.steady:
            return 1 / pace.mean
        rhythm = self.rhythm(entry, working=pace.working)
        if not rhythm.fires:
            return 0.0
        return rhythm.chance(pace.mean, pace.least)

    def wrong(self, entry: str, pace: Pace) -> str:
        """Why a pace cannot be kept by this entry; empty if it can."""
        days = "working days" if pace.working else "days"
        rhythm = self.rhythm(entry, working=pace.working)
        if not rhythm.fires:
            return f"its schedule never fires on {days}"
        soonest = rhythm.mean(1.0, pace.least)
        if soonest > pace.mean * (1 + SLACK):
            return f"by its schedule and min a group can be struck once in {soonest:.3g} {days}, and no more often"
        return ""

    def spared(self, turn: Turn | None, group: str, pace: Pace) -> str:
        """Why it is not the group's turn; empty if it is."""
        if turn is None:
            return ""
        if pace.working and turn.works is not True:
            return turn.works or "no group's turn comes on a day off"
        if turn.number in self._numbers(turn, group, pace):
            return ""
        return f"its turn is not at this fire: it comes {pace}, by chance"

    def rate(self, turn: Turn | None, pace: Pace) -> float:
        """How often a group is struck at this fire, on average over all seeds."""
        if turn is None or (pace.working and turn.works is not True):
            return 0.0
        return min(self.chance(turn.run.entry, pace) / turn.of, 1.0)

    def _numbers(self, turn: Turn, group: str, pace: Pace) -> frozenset[int]:
        """The fires of the day that are the group's."""
        name = f"{turn.run.seed}/{turn.run.entry}/{turn.day}/{group}"
        return _drawn(name, self.chance(turn.run.entry, pace), turn.of)

    def _works(self, day: date) -> bool | str:
        try:
            return self.week.works(day)
        except CalendarError as error:
            return f"nobody knows whether {day} is a day off: {error}"


@lru_cache(maxsize=65536)
def _drawn(name: str, chance: float, of: int) -> frozenset[int]:
    dice = Random(name)  # noqa: S311 - replayable, not secret
    sure = floor(chance)
    count = min(sure + (dice.random() < chance - sure), of)
    if count <= 1:
        return frozenset([int(dice.random() * of)] if count else [])
    keys = [(dice.random(), number) for number in range(of)]
    return frozenset(number for _, number in sorted(keys)[:count])


def lot_of(target: Target) -> str:
    """With whom a target is drawn: its group; what has none, and every node, is together with its like in one place,
    as budgets count them."""
    if target.group and target.kind != "node":
        return target.group
    return f"{target.scope}/{target.kind}s"
