"""From whom does a fire draw where each group is drawn by itself, and what are the others told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from monkeys.chaos import ChaosMonkey
from scheduler.calendar import Every, of_day
from simian_army.contract import Entry
from simian_army.due import Due
from simian_army.lots import Bounds, Chosen, choose
from simian_army.model import Fault, Run, Target
from simian_army.outcome import Troop
from simian_army.pace import Pace
from simian_army.pacing import Pacing
from simian_army.rates import Week
from simian_army.stages import Exposure

UTC = ZoneInfo("UTC")
HOURLY = Every(timedelta(hours=1))
MONDAY = datetime(2027, 1, 4, 10, tzinfo=UTC)
TROOP = [
    Target("kubernetes", "pod", f"{group}-{n}", f"{group}-{n}", "shop", f"shop/Deployment/{group}", None, {})
    for group in "abcdefgh"
    for n in range(3)
]


def fires(name: str, day: date) -> Iterator[datetime]:
    return of_day(HOURLY, day, UTC, name)


def entry(**given: Any) -> Entry:
    made = ChaosMonkey(**given)
    return Entry("pods", "chaos", made, cast(Any, None), (), timedelta(0), pace=Pace(2, 1, steady=True))


def chosen(at: datetime, what: Entry, due: Due | None = None, exposure: Exposure | None = None) -> Chosen:
    troop = Troop(TROOP, TROOP, Counter())
    bounds = Bounds(due or Due(), exposure or Exposure())
    return choose(what, Run("r", "pods", at, "seed"), troop, bounds, Pacing(UTC, Week(UTC), fires))


def test_only_groups_whose_turn_it_is_are_drawn_from_and_all_others_are_counted() -> None:
    days = [chosen(MONDAY + timedelta(hours=hours), entry()) for hours in range(-10, 14)]
    turns = [{one.group for one in told.troop.eligible} for told in days]
    assert sum(map(len, turns)) == len(set().union(*turns)), "each at most once a day"
    assert 1 <= sum(map(len, turns)) <= 8
    for told in days:
        assert len(told.troop.eligible) + sum(told.troop.spared.values()) == len(TROOP)
        assert len(told.lots) == told.want == len({one.group for one in told.troop.eligible})
        for lot in told.lots:
            groups = {one.target.group for one in lot.proposals if isinstance(one, Fault)}
            assert lot.want == 1 and len(groups) == 1


def test_by_hand_every_group_may_be_drawn_and_one_is() -> None:
    told = chosen(MONDAY + timedelta(minutes=7), entry(mode={"fixed": 2}))
    assert (len(told.lots), told.want, len(told.troop.eligible)) == (8, 2, 24)
    first = [
        next(iter(chosen(MONDAY + timedelta(seconds=n), entry()).lots[0].proposals)).target.group for n in range(1, 60)
    ]
    assert len(set(first)) == 8


def test_what_is_due_has_its_turn_and_stages_bound_all_groups_together() -> None:
    due = Due({f"shop/Deployment/{group}": "quiet" for group in "abcd"})
    told = chosen(datetime(2027, 1, 3, 10, tzinfo=UTC), entry(), due)  # a Sunday
    assert {one.group[-1] for one in told.troop.eligible} == set("abcd")
    assert chosen(datetime(2027, 1, 3, 10, tzinfo=UTC), entry(), due, Exposure(limit=2)).want == 2


def test_without_a_pace_the_whole_troop_is_one_lot() -> None:
    told = chosen(MONDAY, replace(entry(), pace=None))
    assert (len(told.lots), told.want, told.rates, len(told.troop.eligible)) == (1, 1, None, 24)
