"""Is each group struck when its turn comes and never sooner, is that what the plan said, and do all say why not."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from simian_army import wiring
from simian_army.cli.once import DONE, Wish, once
from simian_army.cli.whying import why
from simian_army.errors import ConfigError
from simian_army.foresight import Days
from simian_army.leader import Lease
from simian_army.model import Phase
from tests.flow.ground import Ground
from tests.flow.test_plan import Patient
from tests.simian_army.crowd import Ours
from tests.simian_army.fakes import FakeTrustee

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)  # a Sunday
DAYS = timedelta(days=40)
LINE = (
    "- {name: some, use: chaos, on: kubernetes, schedule: {every: 3h, between: '09:00-16:00'}, "
    "each_group: {mean: 4 working days, min: 2 working days}, with: {fault: pod-evict}}"
)


def test_what_is_planned_for_each_group_then_happens_and_no_sooner_than_is_allowed(shop: Ground) -> None:
    shop.write(LINE.replace("pod-evict", "node-cordon"))
    clock = Patient(START)
    shop.server.cluster.clock = clock
    with wiring.books(wiring.read_config(shop.config), clock=clock) as books, wiring.house(books) as house:
        days = Days(house.upcoming, START, START + DAYS)
        planned = [
            (told.at, [draw.fault.target.id for draw in told.hit])
            for told in wiring.foresight(house, START).fires(days)
        ]
        house.keeper.trustee = cast(Any, FakeTrustee())
        engine, happened = replace(house.engine, lease=cast(Lease, Ours())), []
        for at, name in days.all(house.entries):
            clock.advance((at - clock.wall).total_seconds())
            house.keeper.tick()
            outcome = engine.fire(house.entries[name], at)
            happened.append((at, [draw.fault.target.id for draw in outcome.taken]))
        denied = [str(event.data) for event in books.ledger.query(phase=Phase.DENIED)]
    assert happened == planned
    struck = [at.date() for at, ids in planned for _ in ids]
    gaps = [
        sum((day + timedelta(n)).weekday() < 5 for n in range((then - day).days))
        for day, then in zip(struck, struck[1:], strict=False)
    ]
    assert len(struck) > 4 and min(gaps) >= 2 and all(day.weekday() < 5 for day in struck)
    assert any("2 working days apart is asked" in one for one in denied), "a turn that came too soon was refused"


def test_a_fire_that_is_nobodys_turn_counts_them_and_says_so(shop: Ground) -> None:
    shop.write(LINE)
    with shop.house(leashed=True) as house:
        at = next(house.upcoming("some", START + timedelta(hours=30)))
        outcomes = [
            house.engine.fire(house.entries["some"], one)
            for one, _ in zip(house.upcoming("some", at), range(9), strict=False)
        ]
    idle = [one for one in outcomes if not one.draws]
    assert idle and len(idle) < 9
    words = "its turn is not at this fire: it comes 1 in 4 working days, by chance"
    assert all(one.troop.spared["pace", words] >= 4 for one in idle)


def test_why_says_whose_turn_it_is_at_the_fires_to_come(shop: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    shop.write(LINE)
    why(shop.config, "deployment shop/web", as_json=True)
    (answer,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (said,) = [one for one in answer["verdicts"] if one["guard"] == "pace"]
    assert said["allowed"] and "1 in 4 working days, by chance, and not before the 2. such day" in said["reason"]
    assert any(one["changed"] and one["changed"][0]["guard"] == "pace" for one in answer["later"])


def test_by_hand_one_group_is_struck_whoevers_turn_it_is(shop: Ground) -> None:
    shop.write(LINE)
    assert once(shop.config, Wish("some")) == DONE
    evicted = [line for line in shop.writes() if "/eviction" in line]
    assert len(evicted) == 1


def test_the_plan_expects_as_often_as_the_mean_says(shop: Ground) -> None:
    shop.write(LINE)
    with shop.house() as house:
        days = Days(house.upcoming, START, START + 4 * DAYS)
        hits = Counter(
            draw.fault.target.group for told in wiring.foresight(house, START).fires(days) for draw in told.hit
        )
    # 171 working days; what quorum or the budget refuses is lost
    assert 30 <= hits["shop/Deployment/web"] <= 54, hits


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("min: 2 working days", "min: 5 working days", "each_group: mean is 4 working days, which is less than min"),
        ("min: 2 working days", "min: 2d", "each_group: mean is 4 working days, min is 2 days: write both in"),
        ("mean: 4 working days", "mean: often", "each_group.mean: 'often' is no number of days: write for instance"),
        ("mean: 4 working days", "meen: 4 working days", "each_group.meen: unknown key, did you mean mean?"),
        ("every: 3h,", "mtbf: 2d,", "schedule.mtbf: each_group.mean tells the time between faults already"),
        (
            "each_group",
            "budget: {cooldown: 1h}, each_group",
            "budget.cooldown: each_group.min is this monkey's cooldown already",
        ),
    ],
)
def test_what_does_not_fit_is_one_located_mistake(shop: Ground, old: str, new: str, words: str) -> None:
    shop.write(LINE.replace(old, new))
    with pytest.raises(ConfigError) as caught:
        wiring.read_config(shop.config)
    assert any(f"monkeys[0].{words}" in str(mistake) for mistake in caught.value.mistakes), caught.value.mistakes


def test_a_mean_that_the_schedule_cannot_keep_is_told(shop: Ground) -> None:
    shop.write(LINE.replace("{every: 3h, between: '09:00-16:00'}", "{cron: '0 10 * * wed'}"))
    with pytest.raises(ConfigError, match=r"monkeys\[0\].each_group: .* once in 5 working days"), shop.house():
        pass
