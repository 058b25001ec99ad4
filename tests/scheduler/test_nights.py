"""Fire times, minute by minute, over both nights the clocks change: each local time once, each period in real time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from random import Random
from zoneinfo import ZoneInfo

import pytest

from scheduler.calendar import Every, Mtbf, Times, upcoming
from simian_army.cron import Cron
from simian_army.windows import Daily
from tests.simian_army.calendars.minutes import DAY, MINUTE, NIGHTS, changes, night, shown, walk

CRONS = ["*/20 * * * *", "30 2 * * *", "15 1 * * *", "0 0 * * *", "45 23 * * *", "0,59 0-3 * * *", "0 3 * * sun"]


@lru_cache(maxsize=64)
def first_shown(start: datetime, end: datetime, zone: ZoneInfo) -> dict[datetime, datetime]:
    """When the clock on the wall first shows each minute; one it skips counts as long after midnight as it would be."""
    seen = dict[datetime, datetime]()
    last = shown(start, zone)
    for moment in walk(start, end):
        now = shown(moment, zone)
        skipped = last + MINUTE
        while skipped < now:
            seen.setdefault(skipped, moment + (skipped - last - MINUTE))
            skipped += MINUTE
        seen.setdefault(now, moment)
        last = max(last, now)
    return seen


@lru_cache(maxsize=64)
def night_of(name: str, number: int) -> tuple[datetime, datetime]:
    """As ``night``, once."""
    return night(ZoneInfo(name), number)


@pytest.mark.parametrize(("name", "number"), NIGHTS)
@pytest.mark.parametrize("line", CRONS)
def test_a_local_time_comes_once_and_one_the_clock_skips_comes_later(line: str, name: str, number: int) -> None:
    zone, cron = ZoneInfo(name), Cron.parse(line)
    start, end = night_of(name, number)
    seen = first_shown(start - DAY, end + DAY, zone)
    wanted = {at for wall, at in seen.items() if start < at < end and wall.time() in set(cron.times(wall.date()))}
    found = []
    for moment in upcoming(Times(cron), start, zone, "x"):
        if moment >= end:
            break
        found.append(moment)
    assert found == sorted(wanted)


@pytest.mark.parametrize(("name", "number"), NIGHTS)
@pytest.mark.parametrize("minutes", [20, 45, 90, 120])
def test_a_period_runs_in_real_time_from_the_first_minute_of_each_local_day(
    minutes: int, name: str, number: int
) -> None:
    zone, window = ZoneInfo(name), Daily.parse("22:00-04:30")
    start, end = night_of(name, number)
    seen = first_shown(start - 2 * DAY, end + DAY, zone)
    wanted = []
    begun = start
    for moment in walk(start - 2 * DAY, end):
        wall = shown(moment, zone)
        midnight = datetime.combine(wall.date(), time(0))
        # of a day that begins twice the first beginning counts, of one that never begins the first minute it has
        begun = seen.get(midnight, begun)
        quiet = time(4, 30) <= wall.time() < time(22)
        if (
            start < moment
            and moment >= begun
            and (moment - begun) % timedelta(minutes=minutes) == timedelta(0)
            and not quiet
        ):
            wanted.append(moment)
    found = []
    for moment in upcoming(Every(timedelta(minutes=minutes), window), start, zone, "x"):
        if moment >= end:
            break
        found.append(moment)
    assert found == wanted


@pytest.mark.parametrize(("name", "number"), NIGHTS)
def test_by_chance_it_fires_in_its_window_and_once_a_day_at_most(name: str, number: int) -> None:
    zone, window = ZoneInfo(name), Daily.parse("00:30-03:30")
    day = changes(zone, 2026)[number].astimezone(zone).date()
    for one in (day + DAY * n for n in range(-1, 2)):
        start, end = bounds(one, window, zone)
        for seed in range(60):
            found = list(Mtbf(DAY, window).fires(one, zone, Random(f"{seed}/{one}")))
            assert len(found) == (1 if one.weekday() < 5 else 0)
            assert all(start <= at < end for at in found)


def bounds(day: date, window: Daily, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """When the clock on the wall first shows the start and the end, or would if it skipped none."""
    noon = datetime.combine(day, time(12), zone).astimezone(UTC)
    seen = first_shown(noon - DAY, noon + DAY, zone)
    return seen[datetime.combine(day, window.start)], seen[datetime.combine(day, window.end)]
