"""What users of other tools complained of when it was to be quiet: each complaint, written in our config, is met.

The numbers are issues of asobti/kube-monkey, linki/chaoskube and Netflix/SimianArmy.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from config.load import load
from simian_army.clock import SystemClock
from simian_army.errors import ConfigError
from simian_army.wiring.quieting import blackout
from tests.safety.scenes import scene

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
AMERICAN = "01-01 01-19 02-16 05-25 07-03 09-07 10-12 11-11 11-26 12-24 12-25 12-26 12-31"
BAVARIAN = "01-01 01-06 04-03 04-06 05-01 05-14 05-25 06-04 08-15 10-03 11-01 12-24 12-25 12-26 12-31"
Free = Callable[[str], bool]
Guarded = Callable[..., Free]


@pytest.fixture
def guarded(tmp_path: Path) -> Guarded:
    """Whether a local moment of a zone is free, by what ``safety.blackouts`` says."""

    def made(*quiet: str, zone: str = "UTC") -> Free:
        file = tmp_path / "simian.yaml"
        file.write_text(
            f"fleet: shop\ntimezone: {zone}\nkey: 0123456789abcdef0123456789abcdef\n"
            "platforms: {kubernetes: {context: here, cluster_uid: x}}\n"
            f"safety: {{blackouts: [{', '.join(quiet)}]}}\n"
        )
        guard = blackout(load(file), SystemClock())

        def free(text: str) -> bool:
            at = datetime.fromisoformat(text)
            at = at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))
            return guard(scene(now=at.astimezone(UTC))).allowed

        return free

    return made


def week(free: Free, hour: str = "12:00") -> str:
    """The free days of the week from Monday, 2026-03-02, at that hour."""
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    return " ".join(name for n, name in enumerate(names) if free(f"2026-03-{2 + n:02}T{hour}"))


def test_kube_monkey_86_weekends_are_not_quiet_unless_one_says_so(guarded: Guarded) -> None:
    assert week(guarded()) == "mon tue wed thu fri sat sun"
    assert week(guarded("{weekdays: [sat, sun]}")) == "mon tue wed thu fri"


def test_kube_monkey_95_where_the_week_is_from_sunday_to_thursday_friday_and_saturday_are_quiet(
    guarded: Guarded,
) -> None:
    assert week(guarded("{weekdays: [fri, sat]}", zone="Asia/Jerusalem")) == "mon tue wed thu sun"


def test_kube_monkey_95_it_may_strike_on_sundays_only(guarded: Guarded) -> None:
    free = guarded("{weekdays: [mon, tue, wed, thu, fri, sat]}", zone="Asia/Jerusalem")
    assert week(free) == "sun"
    assert not free("2026-03-07T23:59:59")
    assert free("2026-03-08T00:00")
    assert not free("2026-03-09T00:00")


def test_kube_monkey_151_hours_are_given_to_the_minute(guarded: Guarded) -> None:
    free = guarded('{daily: "10:30-10:05"}')
    told = [free(f"2026-03-02T10:{minute:02}") for minute in range(60)]
    assert told == [5 <= minute < 30 for minute in range(60)]


def test_kube_monkey_252_it_may_strike_on_tuesdays_and_thursdays_only(guarded: Guarded) -> None:
    assert week(guarded("{weekdays: [mon, wed, fri, sat, sun]}")) == "tue thu"


def test_chaoskube_35_nobody_is_paged_at_night_or_at_the_weekend(guarded: Guarded) -> None:
    free = guarded('{daily: "17:00-09:00"}', "{weekdays: [sat, sun]}", zone="Europe/Berlin")
    assert week(free) == "mon tue wed thu fri"
    assert week(free, "17:00") == week(free, "03:00") == week(free, "08:59") == ""
    assert week(free, "09:00") == week(free, "16:59") == "mon tue wed thu fri"


def test_chaoskube_35_holidays_are_those_of_the_country_not_of_the_author(guarded: Guarded) -> None:
    easter_monday = "2026-04-06T12:00"
    assert not guarded("{holidays: DE}")(easter_monday)
    assert guarded("{holidays: US}")(easter_monday)


def test_chaoskube_48_nights_weekends_and_holidays_follow_the_zone_when_its_clocks_change(guarded: Guarded) -> None:
    free = guarded('{daily: "17:00-09:00"}', "{weekdays: [sat, sun]}", "{dates: 2026-12-25}", zone="America/New_York")
    assert free("2026-03-06T14:00:00+00:00")  # 9:00 in winter
    assert not free("2026-03-06T13:00:00+00:00")
    assert free("2026-03-09T13:00:00+00:00")  # 9:00 in summer
    assert not free("2026-12-25T12:00")


def test_chaoskube_178_the_last_seconds_of_a_quiet_time_are_quiet(guarded: Guarded) -> None:
    free = guarded('{daily: "16:00-14:00"}')
    assert not free("2026-03-02T13:59:27")
    assert not free("2026-03-02T23:59:27")
    assert free("2026-03-02T14:00:00")
    assert free("2026-03-02T15:59:59.999999")
    assert not free("2026-03-02T16:00:00")


def test_chaoskube_a_misspelt_weekday_is_an_error_and_not_a_guard_that_is_gone(guarded: Guarded) -> None:
    with pytest.raises(ConfigError, match="'sta' is no weekday .*did you mean"):
        guarded("{weekdays: [sta]}")


def test_chaoskube_a_day_of_the_year_comes_every_year_and_may_be_a_range(guarded: Guarded) -> None:
    free = guarded("{days: [12-24..01-06, 04-01]}")
    for year in (2026, 2027, 2028):
        assert not free(f"{year}-12-24T00:00")
        assert not free(f"{year}-01-06T23:59")
        assert not free(f"{year}-04-01T12:00")
        assert free(f"{year}-01-07T00:00")


def test_simian_army_264_all_day_except_two_hours(guarded: Guarded) -> None:
    free = guarded('{daily: "14:00-16:00"}')
    assert [hour for hour in range(24) if not free(f"2026-03-02T{hour:02}:30")] == [14, 15]


def test_simian_army_264_an_end_before_the_start_is_a_window_over_midnight(guarded: Guarded) -> None:
    free = guarded('{daily: "16:00-14:00"}')
    assert [hour for hour in range(24) if free(f"2026-03-02T{hour:02}:30")] == [14, 15]


@pytest.mark.parametrize("night", ["2026-03-29", "2026-10-25"])
def test_simian_army_102_and_119_the_hours_hold_on_the_day_the_clocks_change(guarded: Guarded, night: str) -> None:
    free = guarded('{daily: "17:00-09:00"}', zone="Europe/Berlin")
    start = datetime.fromisoformat(night).replace(tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
    hours = sum(free((start + MINUTE * n).isoformat()) for n in range(24 * 60))
    assert hours == 8 * 60
    assert not free(f"{night}T08:59")
    assert free(f"{night}T09:00")
    assert not free(f"{night}T17:00")


@pytest.fixture
def elsewhere() -> Iterator[Callable[[str], None]]:
    """Puts this machine into another time zone."""
    with pytest.MonkeyPatch.context() as patch:

        def move(zone: str) -> None:
            patch.setenv("TZ", zone)
            time.tzset()

        yield move
    time.tzset()


@pytest.mark.parametrize("host", ["UTC", "Asia/Tokyo", "America/Los_Angeles", "Pacific/Apia"])
def test_simian_army_122_and_193_the_zone_of_the_host_means_nothing(
    guarded: Guarded, elsewhere: Callable[[str], None], host: str
) -> None:
    elsewhere(host)
    free = guarded("{weekdays: [sun]}", '{daily: "22:00-06:00"}', "{days: 01-01}", zone="Europe/Berlin")
    assert free("2026-03-28T22:00:00+13:00")
    assert not free("2026-03-28T21:00:00+00:00")
    assert not free("2026-03-29T12:00:00+00:00")
    assert free("2026-03-30T04:00:00+00:00")
    assert not free("2025-12-31T23:00:00+00:00")


def test_chaos_monkey_the_day_is_that_of_the_zone_as_is_the_hour(guarded: Guarded) -> None:
    free = guarded("{weekdays: [sat]}", zone="Pacific/Auckland")
    assert not free("2026-03-06T12:00:00+00:00")  # Friday noon in London is Saturday there
    assert free("2026-03-07T12:00:00+00:00")


def test_simian_army_its_american_holidays_are_quiet(guarded: Guarded) -> None:
    free = guarded("{holidays: US}", "{days: [12-24, 12-26, 12-31]}", zone="America/Los_Angeles")
    assert not [day for day in AMERICAN.split() if free(f"2026-{day}T12:00")]


def test_simian_army_its_bavarian_holidays_are_quiet_and_are_not_in_berlin(guarded: Guarded) -> None:
    free = guarded("{holidays: {country: DE, subdivision: BY, categories: [public, catholic]}}", "{days: 12-24..12-31}")
    assert not [day for day in BAVARIAN.split() if free(f"2026-{day}T12:00")]
    berlin = guarded("{holidays: {country: DE, subdivision: BE}}")
    assert berlin("2026-01-06T12:00")
    assert not berlin("2026-03-08T12:00")


def test_a_country_whose_holidays_nobody_knows_for_the_year_is_a_no_and_not_a_year_without(guarded: Guarded) -> None:
    assert not guarded("{holidays: LK}")("2099-03-02T12:00")
