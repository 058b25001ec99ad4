"""Is a plan what then happens in a whole house, and does each of its forms say the same."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from icalendar import Calendar

from simian_army import wiring
from simian_army.cli.planning import Wish, plan
from simian_army.errors import UsageError
from simian_army.foresight import Days
from simian_army.leader import Lease
from simian_army.model import Phase
from tests.flow.ground import NODES, PODS, Ground
from tests.simian_army.crowd import Moving, Ours
from tests.simian_army.fakes import FakeTrustee

START = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
HELD = NODES.replace("every: 2h", "every: 90m")
QUIET = "  blackouts: [{daily: '20:00-04:00'}]\n"


class Patient(Moving):
    """Waits as long as it takes: those who answer have threads of their own."""

    def wait(self, event: threading.Event, seconds: float) -> bool:
        return event.wait(seconds)


def printed(shop: Ground, capsys: pytest.CaptureFixture[str], wish: Wish) -> str:
    plan(shop.config, wish)
    return capsys.readouterr().out


def test_a_plan_is_what_then_happens_on_the_api_server(shop: Ground) -> None:
    shop.write(HELD, QUIET)
    clock = Patient(START)
    shop.server.cluster.clock = clock
    with wiring.books(wiring.read_config(shop.config), clock=clock) as books, wiring.house(books) as house:
        days = Days(house.upcoming, START, START + 20 * HOUR)
        planned = [
            (told.at, [draw.fault.target.id for draw in told.hit])
            for told in wiring.foresight(house, START).fires(days)
        ]
        assert books.ledger.last_seq() == 0 and shop.writes() == []
        house.keeper.trustee = cast(Any, FakeTrustee())
        engine = replace(house.engine, lease=cast(Lease, Ours()))
        happened = []
        for at, name in days.all(house.entries):
            clock.advance((at - clock.wall).total_seconds())
            house.keeper.tick()
            outcome = engine.fire(house.entries[name], at)
            happened.append((at, [draw.fault.target.id for draw in outcome.taken]))
    assert planned == happened
    by_night = [names for at, names in planned if at.hour >= 20 or at.hour < 4]
    assert by_night == [[]] * 5
    assert sum(bool(names) for _, names in planned) == 8, "by day somebody is hit each time"


def test_of_pods_the_first_fire_is_exact_and_the_plan_says_so(shop: Ground) -> None:
    shop.write(PODS)
    with shop.house() as house:
        days = Days(house.upcoming, START, START + 5 * HOUR)
        first, second = list(wiring.foresight(house, START).fires(days))
        outcome = house.engine.fire(house.entries["pods"], first.at)
    assert [draw.fault.target.id for draw in outcome.taken] == [draw.fault.target.id for draw in first.hit]
    assert outcome.run.id == first.run.id
    assert (first.exact, second.exact) == (True, False)


def test_the_table_names_fires_targets_reasons_and_frequencies(
    shop: Ground, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.write(f"{PODS}\n- {{name: rules, use: conformity, on: kubernetes, schedule: {{every: 12h}}}}")
    said = printed(shop, capsys, Wish(days=2))
    assert "pods: 24 fires in the next 2 d" in said
    assert "and 14 more, until" in said
    assert "pod shop/web-" in said
    assert "about: the troop will have changed" in said
    assert "spared 3 by opt-in: simian-army/opt-out=true on Deployment cart" in said
    assert "by quorum, such as pod shop/checkout-" in said
    assert "rules: 4 fires" in said and "only looks" in said
    assert "shop/Deployment/web" in said.split("expected per week")[1]
    assert "shop/Deployment/checkout" not in said.split("expected per week")[1]


def test_json_and_calendar_tell_the_same_fires(shop: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    shop.write(f"{PODS}\n{NODES}")
    told = json.loads(printed(shop, capsys, Wish(days=1, as_json=True)))
    text = printed(shop, capsys, Wish(days=1, ical=True))
    walked: Any = Calendar.from_ical(text).walk("VEVENT")
    events = {str(event["uid"]): event for event in walked}
    assert len(told["fires"]) == 24 == len(events)
    assert told["whole"] is True and told["halt"] is None
    assert {row["monkey"]: row["fires"] for row in told["monkeys"]} == {"pods": 12, "nodes": 12}
    for fire in told["fires"]:
        event = events[f"{fire['run']}@test.simian-army"]
        assert event["dtstart"].dt == datetime.fromisoformat(fire["at"])
        names = [hit["name"] for hit in fire["hit"]]
        assert all(name in str(event["description"]) for name in names)
        assert (event["status"] == "CONFIRMED") is fire["exact"]
        hold = max([60.0, *(hit["hold"] for hit in fire["hit"])])
        assert (event["dtend"].dt - event["dtstart"].dt).total_seconds() == hold
    week = sum(row["expected_per_week"] for row in told["groups"])
    assert week == pytest.approx(7 * sum(len(fire["hit"]) for fire in told["fires"]), rel=1e-3)


def test_two_forms_of_one_answer_are_wrong_usage(shop: Ground) -> None:
    shop.write()
    with pytest.raises(UsageError, match="--json and --ical are two forms of one answer: write one of them") as wrong:
        plan(shop.config, Wish(days=1, ical=True, as_json=True))
    assert wrong.value.exit_code == 2


def test_while_the_fleet_is_halted_nobody_is_planned_to_be_hit(
    shop: Ground, capsys: pytest.CaptureFixture[str]
) -> None:
    with shop.house() as house:
        house.books.ledger.append(house.books.scribe.note(Phase.HALTED, reason="incident 7"))
    assert "incident 7: nothing fires until that is over" in printed(shop, capsys, Wish(days=1))
    told = json.loads(printed(shop, capsys, Wish(days=1, as_json=True)))
    assert "incident 7" in told["halt"]
    assert not any(fire["hit"] for fire in told["fires"])


def test_a_plan_of_no_fires_says_so(shop: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    shop.write('- {name: pods, use: chaos, on: kubernetes, schedule: {cron: "0 0 29 2 *"}, with: {fault: pod-evict}}')
    assert "pods: no fire in the next 3 d" in printed(shop, capsys, Wish(days=3))
    assert "BEGIN:VCALENDAR" in printed(shop, capsys, Wish(days=3, ical=True))
