"""How far is a fire moved about, and where do its windows begin and end."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import islice
from random import Random

import pytest

from scheduler.calendar import Every, Times, upcoming
from simian_army.cron import Cron
from simian_army.windows import Daily
from tests.scheduler.test_calendar import BERLIN, HOUR, fires

DAY = date(2026, 6, 1)
MINUTE = timedelta(minutes=1)


def moved(schedule: Every | Times, plain: Every | Times) -> list[timedelta]:
    """By how much each fire of a day is moved, over many days' chance."""
    return [
        at - regular
        for seed in range(60)
        for at, regular in zip(fires(schedule, DAY, seed=seed), fires(plain, DAY), strict=True)
    ]


def test_jitter_moves_fires_over_all_of_it_and_not_beyond() -> None:
    found = moved(Every(HOUR, jitter=10 * MINUTE), Every(HOUR))
    assert timedelta(0) <= min(found) < MINUTE
    assert 9 * MINUTE < max(found) < 10 * MINUTE


def test_without_jitter_nothing_moves() -> None:
    assert set(moved(Every(HOUR), Every(HOUR))) == {timedelta(0)}


@pytest.mark.parametrize(
    ("window", "minutes"), [("09:00-09:20", 20), ("22:30-23:20", 50), ("21:50-22:10", 20), ("23:50-00:10", 10)]
)
def test_jitter_never_leaves_the_window_nor_the_day(window: str, minutes: int) -> None:
    between = Daily.parse(window)
    schedule = Times(Cron.parse(f"{between.start.minute} {between.start.hour} * * *"), between, jitter=HOUR)
    long = timedelta(minutes=minutes)
    found = moved(schedule, Times(schedule.cron))
    assert max(found) < long
    assert max(found) > long / 2, "all of the window is used"


def test_jitter_never_reaches_the_next_fire() -> None:
    found = fires(Every(10 * MINUTE, jitter=HOUR), DAY)
    regular = fires(Every(10 * MINUTE), DAY)
    assert all(at < after for at, after in zip(found, regular[1:], strict=False))


def test_a_window_has_its_first_moment_and_not_its_last() -> None:
    found = fires(Every(HOUR, Daily.parse("09:00-12:00")), DAY)
    assert [at.astimezone(BERLIN).hour for at in found] == [9, 10, 11]
    night = fires(Every(HOUR, Daily.parse("22:00-02:00")), DAY)
    assert [at.astimezone(BERLIN).hour for at in night] == [0, 1, 22, 23]


def test_a_second_is_the_shortest_period() -> None:
    assert len(list(islice(Every(timedelta(seconds=1)).fires(DAY, BERLIN, Random(0)), 3))) == 3
    with pytest.raises(ValueError, match="1s or more"):
        Every(timedelta(seconds=0.9))


def test_a_29_february_is_found_even_where_a_century_leaves_one_out() -> None:
    schedule = Times(Cron.parse("0 9 29 2 *"))
    found = islice(upcoming(schedule, datetime(2096, 3, 1, tzinfo=UTC), BERLIN, "seed/entry"), 2)
    assert [at.date() for at in found] == [date(2104, 2, 29), date(2108, 2, 29)]


def test_what_never_fires_is_given_up() -> None:
    assert list(upcoming(Times(Cron.parse("0 9 31 2 *")), datetime(2026, 1, 1, tzinfo=UTC), BERLIN, "x")) == []
