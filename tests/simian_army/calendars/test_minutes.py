"""Windows, minute by minute: over both nights the clocks change in six zones, leap days, ends of years."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simian_army.calendars.days import AnyOf, Yearly
from simian_army.calendars.edges import change
from simian_army.calendars.spans import Named, free
from simian_army.windows import Blackout, Daily, Dates
from tests.simian_army.calendars.minutes import (
    DAY,
    MINUTE,
    NIGHTS,
    changes,
    night,
    quiet_minutes,
    shown,
    walk,
)

HOURS = [
    "00:00-01:00", "00:30-01:30", "01:45-02:15", "02:00-03:00", "02:10-02:20", "02:30-03:30", "01:00-00:00",
    "22:00-06:00", "23:30-00:30", "00:00-00:01", "23:59-00:00", "03:00-02:00",
]  # fmt: skip


def agree(window: Blackout, zone: ZoneInfo, start: datetime, end: datetime, quiet: set[datetime]) -> None:
    """Whether the window and the oracle say the same of every minute, and of each end at every change and between."""
    told = {moment: shown(moment, zone) in quiet for moment in walk(start, end)}
    assert {at: window.covers(at, zone) for at in told} == told
    free_from = end
    for at in reversed(told):
        turned = at - MINUTE in told and told[at - MINUTE] != told[at]
        if not told[at]:
            free_from = at
        if free_from < end and (turned or at.minute % 37 == 0):
            assert window.ends(at, zone) == free_from, at


@pytest.mark.parametrize(("name", "number"), NIGHTS)
def test_hours_of_the_day_are_those_the_clock_on_the_wall_shows(name: str, number: int) -> None:
    zone = ZoneInfo(name)
    start, end = night(zone, number)
    for text in HOURS:
        daily = Daily.parse(text)
        quiet = quiet_minutes(start, end, lambda _: True, (daily.start, daily.end))
        agree(Blackout(daily=daily), zone, start, end, quiet)


@pytest.mark.parametrize(("name", "number"), NIGHTS)
def test_days_begin_and_end_with_the_clock_on_the_wall(name: str, number: int) -> None:
    zone = ZoneInfo(name)
    start, end = night(zone, number)
    sunday = changes(zone, 2026)[number].astimezone(zone).date()
    days: list[tuple[Blackout, Callable[[date], bool]]] = [
        (Blackout(frozenset({sunday.weekday()})), lambda day: day.weekday() == sunday.weekday()),
        (Blackout(dates=Dates(sunday, sunday)), lambda day: day == sunday),
        (
            Blackout(days=(Yearly((sunday.month, sunday.day), (sunday.month, sunday.day)),)),
            lambda day: (day.month, day.day) == (sunday.month, sunday.day),
        ),
        (Blackout(dates=Dates(sunday - DAY, sunday - DAY)), lambda day: day == sunday - DAY),
    ]
    for window, rule in days:
        agree(window, zone, start, end, quiet_minutes(start, end, rule))


@pytest.mark.parametrize(("name", "number"), NIGHTS)
def test_a_window_over_midnight_belongs_to_the_day_it_starts_that_night_too(name: str, number: int) -> None:
    zone = ZoneInfo(name)
    start, end = night(zone, number)
    saturday = changes(zone, 2026)[number].astimezone(zone).date() - DAY
    hours = (time(22), time(4))
    quiet = quiet_minutes(start, end, lambda day: day == saturday, hours)
    agree(Blackout(dates=Dates(saturday, saturday), daily=Daily(*hours)), zone, start, end, quiet)


def test_a_zone_that_skipped_a_whole_day_had_no_quiet_on_it() -> None:
    zone = ZoneInfo("Pacific/Apia")
    start, end = datetime(2011, 12, 29, tzinfo=UTC), datetime(2012, 1, 1, tzinfo=UTC)
    for day in (date(2011, 12, 29), date(2011, 12, 30), date(2011, 12, 31)):
        quiet = quiet_minutes(start, end, lambda other, day=day: other == day)  # type: ignore[misc]
        agree(Blackout(dates=Dates(day, day)), zone, start, end, quiet)
    assert not any(shown(at, zone).date() == date(2011, 12, 30) for at in walk(start, end))


@pytest.mark.parametrize("name", sorted({name for name, _ in NIGHTS}))
def test_the_changes_of_a_year_are_found_to_the_minute(name: str) -> None:
    zone = ZoneInfo(name)
    year = [datetime(2026, 1, 1, tzinfo=UTC).date() + DAY * day for day in range(365)]
    assert [at for day in year if (at := change(day, zone))] == changes(zone, 2026)
    assert len(changes(zone, 2026)) == 2


def test_in_utc_no_clock_changes() -> None:
    assert not any(change(date(2026, 1, 1) + DAY * day, ZoneInfo("UTC")) for day in range(366))


@pytest.mark.parametrize(
    "text", ["12-20..01-06", "02-29", "02-20..02-29", "02-29..03-01", "01-01", "12-31", "01-01..12-31"]
)
def test_days_of_the_year_come_every_year_leap_or_not(text: str) -> None:
    zone = ZoneInfo("Europe/Berlin")
    window = Blackout(days=(Yearly.parse(text),))
    first, _, last = text.partition("..")
    last = last or first
    for year in range(2023, 2030):
        day = date(year, 1, 1)
        while day.year == year:
            name = f"{day:%m-%d}"
            inside = first <= name <= last if first <= last else name >= first or name <= last
            for clock in (time(0), time(12), time(23, 59)):
                assert window.covers(datetime.combine(day, clock, zone), zone) == inside, day
            day += DAY


def test_a_year_of_quiet_from_end_to_end_has_no_end_and_a_holiday_season_ends_in_the_next_year() -> None:
    zone = ZoneInfo("Europe/Berlin")
    always, season = (Blackout(days=(Yearly.parse(text),)) for text in ("01-01..12-31", "12-20..01-06"))
    assert always.ends(datetime(2026, 6, 1, tzinfo=UTC), zone) is None
    end = season.ends(datetime(2027, 12, 24, 12, tzinfo=zone), zone)
    assert end == datetime(2028, 1, 7, tzinfo=zone)


def test_every_fourth_year_the_29th_of_february_is_quiet_and_else_never() -> None:
    zone = ZoneInfo("UTC")
    window = Blackout(days=(Yearly.parse("02-29"),))
    quiet = [day for n in range(366 * 9) if window.covers(day := datetime(2023, 1, 1, tzinfo=UTC) + DAY * n, zone)]
    assert [f"{day:%Y-%m-%d}" for day in quiet] == ["2024-02-29", "2028-02-29"]
    assert window.ends(quiet[1], zone) == datetime(2028, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize("text", ["13-01", "02-30", "12-24-", "24.12.", "Dec24", "12-24..", "2026-12-24", ""])
def test_what_is_no_day_of_the_year_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(ValueError, match="MM-DD"):
        Yearly.parse(text)


clock_times = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))
dailies = st.tuples(clock_times, clock_times).filter(lambda pair: pair[0] != pair[1]).map(lambda pair: Daily(*pair))
yearlies = st.dates(date(2024, 1, 1), date(2024, 12, 31)).map(lambda day: (day.month, day.day))
windows = st.builds(
    Blackout,
    weekdays=st.frozensets(st.integers(0, 6)),
    daily=st.none() | dailies,
    days=st.just(()) | st.builds(Yearly, yearlies, yearlies).map(lambda days: (AnyOf((days,)),)),
    zone=st.none() | st.sampled_from([ZoneInfo(name) for name in ("Asia/Kolkata", "America/St_Johns")]),
)
zones = st.sampled_from(
    [ZoneInfo(name) for name in ("Europe/Berlin", "Australia/Lord_Howe", "America/Santiago", "UTC")]
)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2029, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))


@given(windows, zones, moments)
def test_an_end_is_free_and_all_before_it_is_quiet(window: Blackout, zone: ZoneInfo, moment: datetime) -> None:
    end = window.ends(moment, zone)
    if end is None:
        assert all(window.covers(moment + timedelta(hours=7) * n, zone) for n in range(1000))
        return
    assert not window.covers(end, zone)
    assert (end == moment) is not window.covers(moment, zone)
    if end == moment:
        return
    assert end.second == end.microsecond == 0
    steps = max(1, (end - moment) // MINUTE)
    for n in (*range(min(steps, 50)), *range(0, steps, max(1, steps // 200)), steps - 1):
        assert window.covers(moment + MINUTE * n, zone)


@given(st.lists(windows, max_size=3), zones, moments)
def test_several_windows_end_when_the_last_one_does(many: list[Blackout], zone: ZoneInfo, moment: datetime) -> None:
    named = Named("freeze", tuple(many))
    assert named.covers(moment, zone) == any(window.covers(moment, zone) for window in many)
    end = named.ends(moment, zone)
    assert end == free(many, moment, zone)
    if end is None:
        return
    assert not named.covers(end, zone)
    for n in range(0, (end - moment) // MINUTE, 97):
        assert any(window.covers(moment + MINUTE * n, zone) for window in many)
