"""Are quiet hours quiet, and is their end told."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from safety.blackout import Blackout
from simian_army.contract import Guard
from simian_army.model import Verdict
from simian_army.windows import Blackout as Window
from simian_army.windows import Daily, Dates
from tests.safety.scenes import scene

BERLIN = ZoneInfo("Europe/Berlin")
WEEKEND = Window(weekdays=frozenset({5, 6}))
NIGHT = Window(daily=Daily(time(17), time(9)))
CHRISTMAS = Window(dates=Dates(date(2026, 12, 20), date(2027, 1, 6)))


def ask(*windows: Window, at: datetime) -> Verdict:
    guard: Guard = Blackout(windows, BERLIN)
    return guard(scene(now=at.astimezone(UTC)))


def berlin(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of March 2026 as Berlin's clocks show it; the 4th is a Wednesday."""
    return datetime(2026, 3, day, hour, minute, tzinfo=BERLIN)


def test_inside_a_window_is_a_final_no_that_names_it_and_its_end() -> None:
    verdict = ask(WEEKEND, NIGHT, at=berlin(4, 18, 30))
    assert not verdict.allowed
    assert verdict.final
    assert verdict.reason == (
        f"Wed 2026-03-04 18:30 Europe/Berlin is in the blackout [{NIGHT}], until Thu 2026-03-05 09:00"
    )


def test_outside_every_window_is_a_yes_that_lists_them() -> None:
    verdict = ask(WEEKEND, NIGHT, at=berlin(4, 12))
    assert verdict.allowed
    assert verdict.reason == (f"Wed 2026-03-04 12:00 Europe/Berlin is outside the blackouts: [{WEEKEND}] and [{NIGHT}]")


def test_the_end_told_is_the_end_of_all_windows_that_follow_one_another() -> None:
    verdict = ask(WEEKEND, NIGHT, at=berlin(6, 20))
    assert verdict.reason.endswith("until Mon 2026-03-09 09:00")


def test_all_windows_that_cover_the_moment_are_named() -> None:
    verdict = ask(WEEKEND, NIGHT, at=berlin(7, 8))
    assert f"[{WEEKEND}] and [{NIGHT}]" in verdict.reason


def test_windows_are_read_in_local_time_not_in_utc() -> None:
    guard = Blackout((NIGHT,), BERLIN)
    assert guard(scene(now=datetime(2026, 3, 4, 8, 0, tzinfo=UTC))).allowed
    assert not guard(scene(now=datetime(2026, 3, 4, 16, 0, tzinfo=UTC))).allowed


def test_a_quiet_that_never_ends_is_told_as_such() -> None:
    always = (Window(daily=Daily(time(0), time(12))), Window(daily=Daily(time(12), time(0))))
    assert ask(*always, at=berlin(4, 12)).reason.endswith("until more than 400 days from now")
    assert ask(Window(), at=berlin(4, 12)).reason.endswith("until more than 400 days from now")


def test_without_windows_it_is_not_applicable() -> None:
    assert ask(at=berlin(4, 12)).reason == "not applicable: there are no blackouts"


@given(st.integers(0, 400 * 24 * 60), st.lists(st.sampled_from([WEEKEND, NIGHT, CHRISTMAS]), unique=True))
def test_the_end_told_is_free_and_every_quarter_of_an_hour_before_it_is_not(
    minutes: int, windows: list[Window]
) -> None:
    at = datetime(2026, 2, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    verdict = ask(*windows, at=at)
    assert verdict.allowed is not any(window.covers(at, BERLIN) for window in windows)
    if verdict.allowed:
        return
    end = datetime.strptime(verdict.reason.partition("until ")[2], "%a %Y-%m-%d %H:%M").replace(tzinfo=BERLIN)
    assert ask(*windows, at=end).allowed
    moment = end.astimezone(UTC) - timedelta(minutes=15)
    while moment > at:
        assert not ask(*windows, at=moment).allowed
        moment -= timedelta(minutes=15)
