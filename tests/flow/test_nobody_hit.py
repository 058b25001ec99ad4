"""Is a fire that hits nobody one event with the counts of its reasons, whichever way that comes about."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from scheduler.clockwork import Calls, Clockwork
from simian_army.errors import PlatformError
from simian_army.model import AuditEvent, Phase
from simian_army.wiring import House
from tests.flow.ground import PODS, Ground

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TILL = PODS.replace("on: kubernetes,", "on: kubernetes, select: {labels: app=checkout},")
Case = tuple[str, str, Callable[[House], None], Phase, dict[str, Any]]


def fire(house: House) -> None:
    house.engine.fire(house.entries["pods"], AT)


def by_agent(house: House) -> None:
    house.agent().fire("pods", AT)


def halted(house: House) -> None:
    house.books.ledger.append(house.books.scribe.note(Phase.HALTED, reason="incident 7"))
    by_agent(house)


def halted_by_hand(house: House) -> None:
    house.books.ledger.append(house.books.scribe.note(Phase.HALTED, reason="incident 7"))
    fire(house)


def blind(house: House) -> None:
    def find(*_: Any) -> Any:
        raise PlatformError("the API server is away")

    class Blind:
        name = "kubernetes"

        def __getattr__(self, _: str) -> Any:
            return find

    house.engine.fire(replace(house.entries["pods"], platform=Blind()), AT)


def broken(house: House) -> None:
    """A monkey that breaks; what the clockwork then calls."""

    class Broken:
        name, needs = "broken", house.entries["pods"].monkey.needs

        def propose(self, *_: Any) -> Any:
            return ()

        def want(self, *_: Any) -> int:
            raise ZeroDivisionError("no such luck")

    agent = house.agent()
    agent.entries = {"pods": replace(house.entries["pods"], monkey=Broken())}
    clockwork = Clockwork({}, Calls(agent.fire, agent.skip, agent.failed, lambda: None), house.books.clock)
    clockwork._fire("pods", AT)


def missed(house: House) -> None:
    agent = house.agent()
    calls = Calls(agent.fire, agent.skip, agent.failed, lambda: None)
    clockwork = Clockwork({"pods": lambda _: iter(())}, calls, house.books.clock)
    clockwork._due["pods"] = AT
    clockwork._fall_due("pods")


def no_lease(house: House) -> None:
    house.books.lease.refuse()
    fire(house)


DENIED, SKIPPED, FAILED = Phase.DENIED, Phase.SKIPPED, Phase.FAILED
CASES: dict[str, Case] = {
    "nobody is found": (
        PODS.replace("on: kubernetes,", "on: kubernetes, select: {labels: app=nobody},"),
        "",
        fire,
        DENIED,
        {"candidates": 0, "eligible": 0, "want": 0, "taken": 0, "spared": []},
    ),
    "nobody is eligible": (
        PODS.replace("on: kubernetes,", "on: kubernetes, select: {labels: app=cart},"),
        "",
        fire,
        DENIED,
        {"candidates": 3, "eligible": 0, "spared": [("opt-in", 3)]},
    ),
    "none are wanted": (
        PODS.replace("fault: pod-evict", "fault: pod-evict, mode: {fixed-percent: 1}"),
        "",
        fire,
        DENIED,
        {"candidates": 16, "eligible": 6, "want": 0, "taken": 0, "drawn": []},
    ),
    "everyone drawn is refused": (
        TILL,
        "",
        fire,
        DENIED,
        {"eligible": 2, "want": 1, "taken": 0, "drawn": ["quorum"] * 2, "refused": {"quorum": 2}},
    ),
    "a blackout refuses the first for all": (
        PODS,
        "  blackouts: [{weekdays: [mon, tue, wed, thu, fri, sat, sun]}]\n",
        fire,
        DENIED,
        {"want": 1, "taken": 0, "drawn": ["blackout"]},
    ),
    "the fleet is halted, by hand": (PODS, "", halted_by_hand, DENIED, {"taken": 0, "drawn": ["halt"]}),
    "the fleet is halted, by the clock": (PODS, "", halted, SKIPPED, {"reason": "halted by .*: incident 7"}),
    "the fire was missed": (PODS, "", missed, SKIPPED, {"reason": "missed by .* s; a missed fire is never run late"}),
    "the platform is away": (PODS, "", blind, FAILED, {"error": "the API server is away"}),
    "the monkey breaks": (PODS, "", broken, FAILED, {"error": "ZeroDivisionError: no such luck"}),
}


NEVER_BEGAN = ("the fleet is halted, by the clock", "the fire was missed", "the platform is away", "the monkey breaks")


def seen(data: Any, word: str) -> Any:
    if word == "spared":
        return [(row["guard"], row["count"]) for row in data["spared"]]
    if word == "drawn":
        return [one["guard"] for row in data["drawn"] for one in row["verdicts"] if not one["allowed"]]
    return data[word]


def told(house: House) -> list[AuditEvent]:
    """What the ledger says of the fire, but for that it was one and who opted in."""
    run = house.engine.run(house.entries["pods"], AT).id
    return [event for event in house.books.ledger.query(run=run) if event.phase not in (Phase.FIRED, Phase.FOUND)]


def begun(house: House) -> int:
    """How often the ledger says that the fire began."""
    return len(list(house.books.ledger.query(run=house.engine.run(house.entries["pods"], AT).id, phase=Phase.FIRED)))


@pytest.mark.parametrize("words", CASES)
def test_a_fire_that_hits_nobody_is_one_event_that_says_why(shop: Ground, words: str) -> None:
    monkeys, safety, act, phase, expected = CASES[words]
    shop.write(monkeys, safety)
    with shop.house() as house:
        act(house)
        (event,) = told(house)
        assert begun(house) == (words not in NEVER_BEGAN)
        assert house.books.ledger.verify() == []
    assert event.phase is phase
    assert (event.entry, event.target) == ("pods", "")
    for word, value in expected.items():
        if isinstance(value, str):
            assert re.search(value, event.data[word])
            continue
        assert seen(event.data, word) == value
    assert shop.writes() == []


def test_what_is_withdrawn_at_the_last_moment_is_told_of_the_target_and_of_the_fire(shop: Ground) -> None:
    shop.write(PODS)
    with shop.house() as house:
        no_lease(house)
        *withdrawn, summary = told(house)
    assert summary.phase is DENIED and summary.target == ""
    assert summary.data["taken"] == 0
    named = {e.target for e in withdrawn if e.phase is DENIED}
    assert named and named <= {row["id"] for row in summary.data["drawn"]}
    assert summary.data["refused"]["pod-evict"] == len(named)
    assert shop.writes() == []


def test_the_same_fire_once_more_is_no_new_event(shop: Ground) -> None:
    shop.write(PODS)
    with shop.house() as house:
        fire(house)
        last = house.books.ledger.last_seq()
        fire(house)
        assert house.books.ledger.last_seq() == last
