"""Calendars that tenants name: they only tighten, and a name that says nothing is a no."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from safety.blackout import Blackout
from simian_army.calendars.spans import Named
from simian_army.errors import CalendarError
from simian_army.model import Level, Target, Verdict
from simian_army.windows import Blackout as Window
from simian_army.windows import Daily, Dates
from tests.safety.scenes import node, pod, scene

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 3, 4, 12, tzinfo=BERLIN)  # a Wednesday
MARCH = Window(dates=Dates(date(2026, 3, 1), date(2026, 3, 31)))
NIGHT = Window(daily=Daily(time(17), time(9)))
CALENDARS = {"freeze": Named("freeze", (MARCH,)), "nights": Named("nights", (NIGHT,))}
LABEL = "simian-army/calendar"


class Unread:
    """A calendar that cannot be read."""

    def covers(self, moment: datetime, zone: ZoneInfo) -> bool:
        raise CalendarError("ical freeze.ics: its server answered 503")

    def ends(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        raise CalendarError("ical freeze.ics: its server answered 503")

    def called(self, moment: datetime, zone: ZoneInfo) -> str:
        return str(self)

    def __str__(self) -> str:
        return "ical freeze.ics"


UNREAD = Window(spans=(Unread(),))


def ask(target: Target, *windows: Window, at: datetime = NOON, reach: tuple[Target, ...] = ()) -> Verdict:
    return Blackout(windows, BERLIN, CALENDARS)(scene(target, now=at.astimezone(UTC), reach=reach))


def labelled(value: str) -> Target:
    """A pod whose namespace names a calendar."""
    return pod(levels=(Level("Deployment", "web", {}), Level("Namespace", "shop", {LABEL: value})))


def test_a_namespace_that_names_a_calendar_is_quiet_when_it_is_and_others_are_not() -> None:
    verdict = ask(labelled("freeze"))
    assert not verdict.allowed
    assert verdict.reason == (
        "Wed 2026-03-04 12:00 Europe/Berlin is in the blackout [calendar freeze (2026-03-01..2026-03-31)]"
        " named by Namespace shop, until Wed 2026-04-01 00:00"
    )
    assert ask(pod()).allowed
    assert ask(labelled("freeze"), at=NOON + timedelta(days=40)).allowed


def test_one_tenant_s_quiet_leaves_others_to_be_struck_and_the_fleet_s_does_not() -> None:
    assert not ask(labelled("freeze")).final
    assert ask(labelled("freeze"), MARCH).final


@pytest.mark.parametrize(
    "target",
    [
        pod(labels={LABEL: "freeze"}),
        pod(levels=(Level("Deployment", "web", {LABEL: "freeze"}),)),
        node(labels={LABEL: "freeze"}),
    ],
)
def test_it_may_be_named_on_what_is_struck_or_what_owns_it(target: Target) -> None:
    assert not ask(target).allowed


def test_every_level_s_calendar_counts_so_none_below_loosens_one_above() -> None:
    levels = (Level("Deployment", "web", {LABEL: "nights"}), Level("Namespace", "shop", {LABEL: "freeze"}))
    assert not ask(pod(levels=levels)).allowed
    assert not ask(pod(levels=levels), at=datetime(2026, 4, 10, 20, tzinfo=BERLIN)).allowed
    assert ask(pod(levels=levels), at=datetime(2026, 4, 10, 12, tzinfo=BERLIN)).allowed


def test_a_calendar_of_a_tenant_takes_nothing_from_the_fleet_s_windows() -> None:
    assert not ask(labelled("nights"), MARCH).allowed
    reason = ask(labelled("nights"), NIGHT).reason
    assert reason == (
        "Wed 2026-03-04 12:00 Europe/Berlin is outside the blackouts:"
        " [17:00-09:00] and [calendar nights] named by Namespace shop"
    )


def test_a_name_the_config_does_not_know_is_a_no_with_the_nearest() -> None:
    verdict = ask(labelled("freez"))
    assert not verdict.allowed
    assert not verdict.final
    assert verdict.reason == (
        "simian-army/calendar=freez on Namespace shop names no calendar of the config"
        " (calendars are: freeze, nights), did you mean freeze?"
    )
    assert not ask(labelled("")).allowed
    assert not Blackout((), BERLIN)(scene(labelled("freeze"))).allowed


def test_whoever_else_a_fault_harms_has_his_quiet_too() -> None:
    quiet, finished = labelled("freeze"), pod("job", facts={"phase": "Succeeded"}, labels={LABEL: "freeze"})
    assert not ask(node(), reach=(pod("other"), quiet)).allowed
    assert ask(node(), reach=(pod("other"), finished)).allowed


def test_a_calendar_that_cannot_be_read_is_a_no_that_says_so() -> None:
    verdict = ask(pod(), UNREAD)
    assert not verdict.allowed
    assert verdict.final
    assert verdict.reason == "nobody can say: ical freeze.ics: its server answered 503"


def test_a_window_that_covers_for_sure_is_told_before_one_that_cannot_be_read() -> None:
    verdict = ask(pod(), UNREAD, MARCH)
    assert "[2026-03-01..2026-03-31], until nobody can say when: ical freeze.ics" in verdict.reason


def test_one_that_cannot_be_read_matters_only_when_all_else_that_is_given_holds() -> None:
    unread = Window(weekdays=frozenset({6}), spans=(Unread(),))
    assert ask(pod(), unread).allowed
    assert not ask(pod(), unread, at=NOON + timedelta(days=4)).allowed


def test_a_window_for_some_monkeys_is_for_no_other() -> None:
    only = Window(dates=MARCH.dates, monkeys=frozenset({"late"}))
    guard = Blackout((only,), BERLIN)
    assert guard(scene(now=NOON, entry="pods")).reason == "not applicable: there are no blackouts"
    assert not guard(scene(now=NOON, entry="late")).allowed


def test_a_window_with_a_zone_of_its_own_goes_by_that_zone() -> None:
    tokyo = Window(daily=Daily(time(20), time(21)), zone=ZoneInfo("Asia/Tokyo"))
    verdict = ask(pod(), tokyo)
    assert verdict.reason == (
        "Wed 2026-03-04 12:00 Europe/Berlin is in the blackout [20:00-21:00 in Asia/Tokyo], until Wed 2026-03-04 13:00"
    )
    assert ask(pod(), tokyo, at=NOON + timedelta(hours=1)).allowed
    assert ask(pod(), tokyo, at=NOON.replace(hour=20)).allowed


def test_an_end_in_the_hour_that_comes_twice_says_which_of_both() -> None:
    window = Window(daily=Daily(time(2), time(2, 30)))
    second = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)
    assert ask(pod(), window, at=second).reason.endswith("until Sun 2026-10-25 02:30+0100")
    first = second - timedelta(hours=1)
    assert ask(pod(), window, at=first).reason.endswith("until Sun 2026-10-25 02:30+0200")
