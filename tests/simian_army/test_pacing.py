"""Does each group's turn come as often as its pace says, never sooner than it allows, and by the seed alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from scheduler.calendar import Every, Schedule, Times, of_day
from simian_army.cron import Cron
from simian_army.errors import CalendarError
from simian_army.model import Run, Target
from simian_army.pace import Pace
from simian_army.pacing import Pacing, lot_of
from simian_army.rates import Days, Week
from simian_army.windows import Daily

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = Daily(time(9), time(16))
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
START, LENGTH, GROUPS = date(2027, 1, 1), 10_000, 6

DAILY = Every(DAY, jitter=timedelta(hours=5))
HOURLY = Every(HOUR, OFFICE, jitter=timedelta(minutes=20))
THIRD = Every(3 * DAY)
TWICE = Times(Cron.parse("30 10,14 * * mon,thu"))
WEEKLY = Times(Cron.parse("0 10 * * wed"))


def holiday(day: date) -> bool:
    return (day.month, day.day) in {(12, 24), (12, 25), (12, 31), (1, 1), (5, 1), (10, 3)}


def pacing(schedule: Schedule, seed: str = "seed") -> Pacing:
    def fires(name: str, day: date) -> Iterator[datetime]:
        return of_day(schedule, day, BERLIN, f"{seed}/{name}")

    return Pacing(BERLIN, Week(BERLIN, holiday), fires)


def run(at: datetime, seed: str = "seed") -> Run:
    return Run("r", "pods", at, seed)


def struck(schedule: Schedule, pace: Pace, length: int = LENGTH) -> dict[str, list[datetime]]:
    """When each group is struck in so many days, the minimum being kept as the budget's cooldown keeps it."""
    made, least = pacing(schedule), Days(max(pace.least, 1), pace.working)
    struck_at: dict[str, list[datetime]] = {f"group-{number}": [] for number in range(GROUPS)}
    free: dict[str, datetime] = {}
    days = (START + number * DAY for number in range(length))
    fires = [at for day in days for at in of_day(schedule, day, BERLIN, "seed/pods")]
    for at, group in ((at, group) for at in fires for group in struck_at):
        if made.spared(made.turn(run(at)), group, pace) or at < free.get(group, at):
            continue
        struck_at[group].append(at)
        over = made.week.over(at, least)
        assert over is not None
        free[group] = over
    return struck_at


def numbered(working: bool) -> dict[date, int]:
    week, count, numbers = Week(BERLIN, holiday), 0, dict[date, int]()
    for day in (START + number * DAY for number in range(LENGTH + 1)):
        numbers[day] = count
        count += not working or week.works(day)
    return numbers


@pytest.mark.parametrize(
    ("schedule", "mean", "least", "working"),
    [
        (DAILY, 5, 1, True),
        (DAILY, 5, 3, True),
        (DAILY, 1, 1, True),
        (DAILY, 4, 2, False),
        (HOURLY, 5, 1, True),
        (HOURLY, 8, 5, True),
        (HOURLY, 3, 3, True),
        (THIRD, 10, 1, True),
        (THIRD, 12, 4, False),
        (TWICE, 10, 3, True),
        (WEEKLY, 20, 1, True),
    ],
    ids=str,
)
def test_over_ten_thousand_days_the_mean_is_kept_and_the_minimum_never_broken(
    schedule: Schedule, mean: int, least: int, working: bool
) -> None:
    number, gaps = numbered(working), list[int]()
    for when in struck(schedule, Pace(mean, least, working, steady=True)).values():
        days = [number[at.astimezone(BERLIN).date()] for at in when]
        gaps += [later - day for day, later in zip(days, days[1:], strict=False)]
    assert min(gaps) >= least
    assert abs(sum(gaps) / len(gaps) / mean - 1) < 0.03, f"{sum(gaps) / len(gaps):.3f} of {len(gaps)} gaps"


def test_no_turn_comes_on_a_day_off_and_all_fires_of_a_day_are_as_likely() -> None:
    when = [at.astimezone(BERLIN) for one in struck(HOURLY, Pace(2, 1, True, steady=True)).values() for at in one]
    week = Week(BERLIN, holiday)
    assert all(week.works(at.date()) for at in when)
    hours = Counter(at.hour for at in when)
    assert set(hours) == set(range(9, 16))
    expected = len(when) / 7
    assert sum((seen - expected) ** 2 / expected for seen in hours.values()) < 22.5  # 6 degrees of freedom, p = 0.001


@pytest.mark.parametrize(("mean", "a_day"), [(2.0, 0.5), (1.0, 1.0), (0.4, 2.5), (0.01, 7.0)])
def test_a_pace_of_hours_is_several_fires_a_day_and_never_more_than_there_are(mean: float, a_day: float) -> None:
    made, days, seen = pacing(HOURLY), 0, Counter[date]()
    for day in (START + number * DAY for number in range(2000)):
        days += made.week.works(day)
        for at in of_day(HOURLY, day, BERLIN, "seed/pods"):
            seen[day] += not made.spared(made.turn(run(at)), "g", Pace(mean))
    assert abs(sum(seen.values()) / days - a_day) < 0.05 * a_day
    assert max(seen.values()) <= 7 and (mean < 1 or max(seen.values()) == 1)


def test_a_turn_is_the_seeds_the_monkeys_the_groups_and_the_days_and_nobody_elses() -> None:
    days = [START + number * DAY for number in range(200)]
    fires = [at for day in days for at in of_day(HOURLY, day, BERLIN, "seed/pods")]
    pace = Pace(3, 1, True, steady=True)

    def turns(group: str, seed: str = "seed") -> list[datetime]:
        made = pacing(HOURLY)
        return [at for at in fires if not made.spared(made.turn(run(at, seed)), group, pace)]

    assert turns("a") == turns("a") != turns("b")
    assert turns("a") != turns("a", "other")


def test_by_hand_it_is_everybodys_turn() -> None:
    made = pacing(HOURLY)
    at = datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)  # a Saturday by night
    assert made.turn(run(at)) is None
    assert made.spared(None, "g", Pace(300, 1, True, steady=True)) == ""


def test_where_nobody_knows_the_days_off_it_is_nobodys_turn() -> None:
    def unknown(day: date) -> bool:
        raise CalendarError("no feasts are known of that year")

    made = replace(pacing(DAILY), week=Week(BERLIN, unknown))
    (at,) = of_day(DAILY, date(2027, 1, 4), BERLIN, "seed/pods")
    assert "no feasts are known" in made.spared(made.turn(run(at)), "g", Pace(1, 1))
    assert made.rate(made.turn(run(at)), Pace(1, 1)) == 0


@pytest.mark.parametrize(
    ("schedule", "pace", "words"),
    [
        (WEEKLY, Pace(3, 1, True, steady=True), "can be struck once in 5"),
        (DAILY, Pace(3, 3, True, steady=True), ""),
        (Times(Cron.parse("0 10 * * sat,sun")), Pace(3, 1, True, steady=True), "never fires on working days"),
        (Times(Cron.parse("0 10 * * sat,sun")), Pace(4, 1, False, steady=True), ""),
    ],
)
def test_a_mean_that_a_schedule_cannot_keep_is_told(schedule: Schedule, pace: Pace, words: str) -> None:
    said = pacing(schedule).wrong("pods", pace)
    assert words in said and bool(said) == bool(words)


def test_what_has_no_group_is_drawn_with_its_like() -> None:
    pod = Target("kubernetes", "pod", "u", "a", "shop", "", None, {})
    assert lot_of(pod) == "shop/pods"
    assert lot_of(replace(pod, group="shop/Deployment/web")) == "shop/Deployment/web"
    assert lot_of(replace(pod, kind="node", scope="", group="x")) == "/nodes"
