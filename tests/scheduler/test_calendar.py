"""The calendar: pure, in its window, and once on the nights the clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import islice
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.calendar import Every, Mtbf, Schedule, Times, upcoming
from simian_army.cron import Cron
from simian_army.windows import Daily

BERLIN = ZoneInfo("Europe/Berlin")
AUTUMN, SPRING = date(2026, 10, 25), date(2026, 3, 29)
HOUR = timedelta(hours=1)


def fires(schedule: Schedule, day: date, zone: ZoneInfo = BERLIN, seed: int = 0) -> list[datetime]:
    return list(schedule.fires(day, zone, Random(seed)))


@pytest.mark.parametrize("night", [AUTUMN, SPRING])
def test_a_local_time_fires_once_on_both_nights_the_clocks_change(night: date) -> None:
    schedule = Times(Cron.parse("30 2 * * *"))
    found = [at for day in (-1, 0, 1) for at in fires(schedule, night + timedelta(days=day))]
    assert len(found) == len(set(found)) == 3


def test_the_first_of_two_half_past_twos_is_meant() -> None:
    assert fires(Times(Cron.parse("30 2 * * *")), AUTUMN) == [datetime(2026, 10, 25, 0, 30, tzinfo=UTC)]


def test_a_time_the_clocks_skip_fires_at_the_shifted_one() -> None:
    (at,) = fires(Times(Cron.parse("30 2 * * *")), SPRING)
    assert at.astimezone(BERLIN).strftime("%H:%M") == "03:30"


@pytest.mark.parametrize(("night", "hours"), [(AUTUMN, 25), (SPRING, 23), (date(2026, 6, 1), 24)])
def test_every_hour_goes_by_real_time_from_local_midnight(night: date, hours: int) -> None:
    found = fires(Every(HOUR), night)
    assert len(found) == hours
    assert {b - a for a, b in zip(found, found[1:], strict=False)} == {HOUR}
    assert found[0].astimezone(BERLIN).strftime("%H:%M") == "00:00"


def test_periods_of_days_keep_their_rhythm() -> None:
    days = [day for day in range(30) if fires(Every(timedelta(days=3)), date(2026, 11, 1) + timedelta(days=day))]
    assert {b - a for a, b in zip(days, days[1:], strict=False)} == {3}


def test_the_mean_time_between_fires_is_kept_on_working_days_only() -> None:
    schedule = Mtbf(timedelta(days=2), Daily.parse("09:00-16:00"))
    days = [date(2020, 1, 1) + timedelta(days=n) for n in range(2000)]
    found = {day: fires(schedule, day, seed=n) for n, day in enumerate(days)}
    working = [day for day in days if day.weekday() < 5]
    assert all(not found[day] for day in days if day.weekday() > 4)
    assert 0.45 < sum(len(found[day]) for day in working) / len(working) < 0.55
    hours = {at.astimezone(BERLIN).hour for one in found.values() for at in one}
    assert hours == set(range(9, 16))


windows = st.sampled_from(["09:00-16:00", "22:00-06:00", "00:00-23:59"])


@settings(max_examples=60, deadline=None)
@given(
    window=windows,
    jitter=st.integers(0, 7200),
    minutes=st.integers(20, 600),
    day=st.dates(date(2026, 1, 1), date(2027, 1, 1)),
    seed=st.integers(),
)
def test_jitter_never_leaves_the_window_nor_overtakes(
    window: str, jitter: int, minutes: int, day: date, seed: int
) -> None:
    between = Daily.parse(window)
    schedule = Every(timedelta(minutes=minutes), between, timedelta(seconds=jitter))
    found = fires(schedule, day, seed=seed)
    assert found == sorted(found)
    for at in found:
        now = at.astimezone(BERLIN).time()
        inside = between.start <= now < between.end
        assert inside or (between.over_midnight and (now >= between.start or now < between.end))


def test_the_same_seed_gives_the_same_plan_from_any_day() -> None:
    schedule = Mtbf(timedelta(days=2), Daily.parse("09:00-16:00"), timedelta(minutes=5))
    start = datetime(2026, 11, 1, tzinfo=UTC)
    whole = list(islice(upcoming(schedule, start, BERLIN, "seed/pods"), 20))
    later = list(islice(upcoming(schedule, whole[9], BERLIN, "seed/pods"), 10))
    assert later == whole[10:]
    assert whole != list(islice(upcoming(schedule, start, BERLIN, "other/pods"), 20))


def test_upcoming_is_strictly_after() -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert next(upcoming(Every(HOUR), now, BERLIN, "s")) == now + HOUR


def test_a_schedule_that_never_fires_ends() -> None:
    assert list(upcoming(Times(Cron.parse("0 0 31 feb *")), datetime(2026, 1, 1, tzinfo=UTC), BERLIN, "s")) == []


@pytest.mark.parametrize("period", [timedelta(milliseconds=10), timedelta(hours=30)])
def test_a_period_that_cannot_be_kept_is_refused(period: timedelta) -> None:
    with pytest.raises(ValueError, match="every"):
        Every(period)


def test_every_day_is_once_a_day_even_when_the_day_has_25_hours() -> None:
    after = datetime(2026, 10, 24, 12, 0, tzinfo=UTC)
    times = upcoming(Every(timedelta(days=1)), after, ZoneInfo("Europe/Berlin"), "seed")
    local = [next(times).astimezone(ZoneInfo("Europe/Berlin")) for _ in range(3)]
    assert [(at.day, at.hour) for at in local] == [(25, 0), (26, 0), (27, 0)]
