"""Rates and working days: what is understood, and when a time apart is over, the nights included when clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simian_army.errors import CalendarError
from simian_army.rates import Rate, Week, WorkingDays
from tests.safety.recount import over

DAY = timedelta(days=1)
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Jerusalem", "Africa/Cairo"]
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("said", "most", "days"),
    [(20, 20, 1), ("20", 20, 1), (0, 0, 1), ("0", 0, 1), ("1/3", 1, 3), (0.25, 1, 4), ("1 / 2", 1, 2), (1.0, 1, 1)],
)
def test_a_rate_is_so_many_a_day_or_one_in_so_many_days(said: object, most: int, days: int) -> None:
    assert Rate.per_day(said) == Rate(most, days * DAY)


@pytest.mark.parametrize("said", ["", "1/0", "three", "-1", "-1/3", "3/2", 1.5, True, None, [1], "1/3/5", "1e999"])
def test_what_is_no_rate_is_an_error_that_shows_one(said: object) -> None:
    with pytest.raises(ValueError, match="write a whole number, or a fraction such as 1/3"):
        Rate.per_day(said)


def test_a_rate_rarer_than_a_year_is_an_error_for_it_is_never() -> None:
    assert Rate.per_day("1/366").over == 366 * DAY
    with pytest.raises(ValueError, match="less than one in 366 days: write 0 for never"):
        Rate.per_day("1/367")


@pytest.mark.parametrize(("text", "count"), [("1 working day", 1), ("2 working days", 2), (" 60 working days ", 60)])
def test_working_days_are_parsed(text: str, count: int) -> None:
    assert WorkingDays.parse(text) == WorkingDays(count)


def test_other_times_are_no_working_days_and_too_many_are_an_error() -> None:
    assert WorkingDays.parse("2 days") is WorkingDays.parse("4h") is None
    for text in ("0 working days", "61 working days"):
        with pytest.raises(ValueError, match="not 1 to 60 working days"):
            WorkingDays.parse(text)


@pytest.mark.parametrize(
    ("zone", "start", "count", "end"),
    [
        ("Europe/Berlin", "2026-03-06T10:00+01:00", 1, "2026-03-09T10:00+01:00"),
        ("Europe/Berlin", "2026-03-06T10:00+01:00", 5, "2026-03-13T10:00+01:00"),
        ("Europe/Berlin", "2026-03-07T10:00+01:00", 1, "2026-03-10T00:00+01:00"),
        ("Europe/Berlin", "2026-03-08T23:59+01:00", 1, "2026-03-10T00:00+01:00"),
        # clocks change on a Sunday between: the same local time all the same
        ("Europe/Berlin", "2026-03-27T10:00+01:00", 1, "2026-03-30T10:00+02:00"),
        ("Europe/Berlin", "2026-10-23T10:00+02:00", 1, "2026-10-26T10:00+01:00"),
        # Friday 2026-03-27 has no 02:30 in Jerusalem: half an hour after the gap
        ("Asia/Jerusalem", "2026-03-26T02:30+02:00", 1, "2026-03-27T03:30+03:00"),
        # Thursday 2026-10-29 has 23:30 twice in Cairo: the second
        ("Africa/Cairo", "2026-10-28T23:30+03:00", 1, "2026-10-29T23:30+02:00"),
        # and it was twice when the fault began: whichever, the next day has one
        ("Africa/Cairo", "2026-10-29T23:30+03:00", 1, "2026-10-30T23:30+02:00"),
        ("Africa/Cairo", "2026-10-29T23:30+02:00", 1, "2026-10-30T23:30+02:00"),
    ],
)
def test_working_days_end_at_the_same_local_time(zone: str, start: str, count: int, end: str) -> None:
    told = Week(ZoneInfo(zone)).over(datetime.fromisoformat(start), WorkingDays(count))
    assert told is not None
    assert told.astimezone(UTC) == datetime.fromisoformat(end).astimezone(UTC)


@given(MOMENTS, st.integers(1, 12))
def test_working_days_are_as_a_recount_day_by_day_has_them(start: datetime, count: int) -> None:
    assert Week(ZoneInfo("UTC")).over(start, WorkingDays(count)) == over(start, WorkingDays(count))


@given(MOMENTS, st.integers(0, 100).map(lambda hours: timedelta(hours=hours)))
def test_hours_are_hours_whatever_the_clocks_do(start: datetime, apart: timedelta) -> None:
    week = Week(ZoneInfo("Europe/Berlin"))
    assert week.over(start, apart) == start + apart
    assert week.back(start, apart) == start - apart


@given(
    MOMENTS,
    st.integers(0, 90 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes)),
    st.integers(1, 12).map(WorkingDays),
    st.sampled_from(ZONES),
    st.frozensets(st.integers(0, 729).map(lambda n: date(2026, 1, 1) + n * DAY), max_size=200),
)
def test_what_began_before_the_moment_looked_back_to_is_over(
    now: datetime, ago: timedelta, apart: WorkingDays, zone: str, holidays: frozenset[date]
) -> None:
    week = Week(ZoneInfo(zone), lambda day: day in holidays)
    start = now - ago
    end = week.over(start, apart)
    assert end is not None
    assert end > start
    assert start >= week.back(now, apart) or end <= now


def test_days_of_which_nobody_knows_whether_they_are_holidays_end_no_cooldown_and_are_looked_back_over() -> None:
    def unknown(day: date) -> bool:
        if day.year < 2026:
            raise CalendarError("nobody can say")
        return False

    week = Week(ZoneInfo("UTC"), unknown)
    start = datetime(2025, 12, 31, tzinfo=UTC)
    with pytest.raises(CalendarError):
        week.over(start, WorkingDays(1))
    assert week.back(datetime(2026, 1, 1, 12, tzinfo=UTC), WorkingDays(1)) < start


def test_where_no_day_is_worked_a_cooldown_never_ends() -> None:
    week = Week(ZoneInfo("UTC"), lambda _: True)
    start = datetime(2026, 3, 4, tzinfo=UTC)
    assert week.over(start, WorkingDays(1)) is None
    assert week.back(start, WorkingDays(1)) < start - 365 * DAY
