"""Windows: half-open, over midnight, inclusive dates."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simian_army.windows import WEEKDAYS, Blackout, Daily, Dates, duration, weekday

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("30m", 1800), ("2h", 7200), ("1d", 86400), ("1h30m", 5400), ("0s", 0)]
)
def test_a_duration_is_read(text: str, seconds: int) -> None:
    assert duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "5", "h", "2 h", "-1h", "1m1h", "1.5h", "soon"])
def test_what_is_no_duration_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match="1h30m"):
        duration(text)


def test_a_window_is_half_open() -> None:
    window = Blackout(daily=Daily.parse("09:00-17:00"))
    assert not window.covers(at("2026-11-23T08:59:59"), BERLIN)
    assert window.covers(at("2026-11-23T09:00"), BERLIN)
    assert window.covers(at("2026-11-23T16:59:59"), BERLIN)
    assert not window.covers(at("2026-11-23T17:00"), BERLIN)


def test_a_window_over_midnight_belongs_to_the_day_it_starts() -> None:
    window = Blackout(frozenset({weekday("sat")}), Daily.parse("22:00-06:00"))
    assert window.covers(at("2026-11-28T23:00"), BERLIN)
    assert window.covers(at("2026-11-29T05:59"), BERLIN)
    assert not window.covers(at("2026-11-28T05:00"), BERLIN)
    assert not window.covers(at("2026-11-29T23:00"), BERLIN)


def test_dates_include_both_ends() -> None:
    window = Blackout(dates=Dates.parse("2026-12-20..2027-01-06"))
    days = [day for day in range(40) if window.covers(at("2026-12-15T12:00") + timedelta(days=day), BERLIN)]
    assert days == list(range(5, 23))
    assert Dates.parse("2026-12-24") == Dates(date(2026, 12, 24), date(2026, 12, 24))


@pytest.mark.parametrize("text", ["saturday", "Sat", "sunn", "thurs"])
def test_a_misspelt_weekday_is_an_error_with_the_nearest(text: str) -> None:
    with pytest.raises(ValueError, match="did you mean"):
        weekday(text)


@pytest.mark.parametrize("text", ["17-09", "17:00", "25:00-09:00", "09:00-09:00", "a-b"])
def test_what_is_no_daily_window_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Daily.parse(text)


minutes = st.integers(0, 24 * 60 - 1)


@given(st.frozensets(st.integers(0, 6)), minutes, minutes, st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)))
def test_covering_agrees_with_a_walk_back_to_the_start(
    days: frozenset[int], start: int, end: int, moment: datetime
) -> None:
    if start == end:
        return
    daily = Daily.parse(f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}")
    now = moment.replace(tzinfo=UTC)
    length = (end - start) % (24 * 60)
    expected = False
    for back in range(2):
        day = moment.date() - timedelta(days=back)
        begun = datetime.combine(day, datetime.min.time(), UTC) + timedelta(minutes=start)
        inside = begun <= now < begun + timedelta(minutes=length)
        expected = expected or (inside and (not days or day.weekday() in days))
    window = Blackout(days, daily)
    assert window.covers(now, ZoneInfo("UTC")) == expected
    ends = window.ends(now, ZoneInfo("UTC"))
    if expected and ends:
        assert not window.covers(ends, ZoneInfo("UTC"))
        assert window.covers(ends - timedelta(minutes=1), ZoneInfo("UTC")) or ends - now < timedelta(minutes=1)


def test_the_names_of_the_days_start_on_monday() -> None:
    assert WEEKDAYS[date(2026, 11, 23).weekday()] == "mon"
