"""A third party's guard that breaks, in whatever way: denied in its name, through the whole flow, and reverts go on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import pytest

from simian_army import plugins, strangers, wiring
from simian_army.model import Phase
from simian_army.outcome import Outcome
from simian_army.plugins import found
from tests.cluster.waiting import BUSY
from tests.flow import odd
from tests.flow.ground import NODES, PODS, Ground
from tests.flow.test_halting import CLOCK, soon

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ODD = "tests.flow.odd"
LATER = AT + timedelta(hours=2)
SHORT = 0.5  # seconds of a limit that a test waits for
LONG = 30.0  # of one that no test is to come to, however busy the machine
WAITS = ("Hangs", "hangs", "LooksBackNever")


@pytest.fixture
def offer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Offers the class at an address as the guard ``odd``, and lets go whatever hangs when the test is over."""
    real: Any = entry_points

    def offered(value: str, limit: float = 0.0) -> None:
        limit = limit or (SHORT if any(word in value for word in WAITS) else LONG)
        monkeypatch.setattr(strangers, "LIMIT", limit)
        monkeypatch.setattr(plugins, "IMPORT", limit)
        point = EntryPoint("odd", value, plugins.KINDS["guard"])
        monkeypatch.setattr(
            plugins, "entry_points", lambda group: [*real(group=group), *([point] if group == point.group else [])]
        )
        found.cache_clear()

    odd.LET_GO.clear()
    odd.ASKED.clear()
    yield offered
    odd.LET_GO.set()
    found.cache_clear()


@contextmanager
def held_then_asked(shop: Ground, monkeys: str = f"{PODS}\n{NODES}") -> Iterator[tuple[wiring.House, Outcome]]:
    """A fault is held; the guard ``odd`` comes into the config and another fault is wanted."""
    with shop.house() as house:
        assert house.engine.fire(house.entries["nodes"], AT).taken
    shop.write(monkeys, more="  guards: [{use: odd}]\n")
    with shop.house() as house:
        yield house, house.engine.fire(house.entries["pods"], LATER)


def said(outcome: Outcome) -> list[str]:
    return [v.reason for draw in outcome.denied for v in draw.verdicts if v.guard == "odd" and not v.allowed]


def strangers_there() -> int:
    return sum(thread.name == "stranger" for thread in threading.enumerate())


def reverts(house: wiring.House) -> None:
    """What is held is taken up, and ended as if no guard were there."""
    assert house.recovery.recover() == 1
    assert house.keeper.held()
    house.keeper.start()
    assert not house.keeper.stop(20)
    assert [event.phase for event in house.books.ledger.query(phase=Phase.REVERTED)] == [Phase.REVERTED]


BROKEN = {
    "Raises": "ZeroDivisionError: one by none",
    "Exits": "it raised SystemExit",
    "Interrupts": "it raised KeyboardInterrupt",
    "Unprintable": "RuntimeError",
    "Hangs": "no answer within 0.5 s",
    "SaysTrue": "it answered True, not a verdict",
    "SaysNothing": "it answered None, not a verdict",
    "SaysPerhaps": "not a verdict",
    "NoReason": "no verdict",
    "Generates": "it answered <generator object",
    "NotMade": "this guard cannot be loaded: ValueError: not today",
    "ExitsWhenMade": "this guard cannot be loaded: PluginError: it raised SystemExit",
    "HangsWhenMade": "this guard cannot be loaded: Late: no answer within 0.5 s",
    "NoEarly": "this guard cannot be loaded: AttributeError",
    "NoCall": "it is no guard",
    "LooksBackBadly": "how far it looks back cannot be told: TypeError",
    "LooksBackNever": "how far it looks back cannot be told: Late",
    "no_guard": "it is no guard",
    "NotThere": "this guard cannot be loaded: AttributeError",
    "tests.flow.nowhere:Guard": "this guard cannot be loaded: ModuleNotFoundError",
    "tests.flow.exits:Guard": "this guard cannot be loaded: PluginError: it raised SystemExit",
    "tests.flow.hangs:Guard": "this guard cannot be loaded: Late: no answer within 0.5 s",
}


@pytest.mark.parametrize(("name", "why"), BROKEN.items())
def test_a_guard_that_breaks_denies_by_name(shop: Ground, offer: Callable[..., None], name: str, why: str) -> None:
    offer(name if ":" in name else f"{ODD}:{name}")
    shop.write(PODS, more="  guards: [{use: odd}]\n")
    with shop.house() as house:
        outcome = house.engine.fire(house.entries["pods"], AT)
        assert not outcome.taken
        assert said(outcome)
        assert why in said(outcome)[0]
        (denied,) = house.books.ledger.query(run=outcome.run.id, phase=Phase.DENIED)
        assert "odd" in str(denied.data), "the ledger names it"
    assert shop.writes() == []


@pytest.mark.parametrize("name", ["Exits", "Hangs", "HangsWhenMade", "LooksBackNever", "NotThere"])
def test_what_is_held_is_reverted_whatever_the_guard_does(shop: Ground, offer: Callable[..., None], name: str) -> None:
    offer(f"{ODD}:{name}")
    with held_then_asked(shop) as (house, outcome):
        assert said(outcome)
        reverts(house)


def test_one_that_is_as_it_should_be_is_asked_and_allows(shop: Ground, offer: Callable[..., None]) -> None:
    offer(f"{ODD}:Yes")
    with held_then_asked(shop) as (_, outcome):
        assert outcome.taken
        assert odd.ASKED == ["Yes"]
        assert any(v.guard == "odd" and v.allowed for v in outcome.taken[0].verdicts)


@pytest.mark.slow
def test_one_that_hangs_is_not_asked_again_until_it_has_answered(shop: Ground, offer: Callable[..., None]) -> None:
    limit = BUSY  # a whole fire takes less, on a busy machine too
    offer(f"{ODD}:Hangs", limit)
    with held_then_asked(shop) as (house, outcome):
        assert len(outcome.denied) == 1, "while it hangs no other target would fare better"
        begun, there = CLOCK.monotonic(), strangers_there()
        again = house.engine.fire(house.entries["pods"], LATER + timedelta(hours=2))
        assert CLOCK.monotonic() - begun < limit, "nobody waits a second time"
        assert "still has not answered" in said(again)[0]
        assert odd.ASKED == ["Hangs"]
        assert strangers_there() <= there, "nor has it another thread"
        odd.LET_GO.set()
        soon(lambda: len(odd.ASKED) == 2)
        assert house.engine.fire(house.entries["pods"], LATER + timedelta(hours=4)).taken


def test_an_early_one_that_hangs_keeps_the_screening_up_once_only(shop: Ground, offer: Callable[..., None]) -> None:
    offer(f"{ODD}:HangsEarly")
    with held_then_asked(shop) as (_, outcome):
        assert not outcome.troop.eligible
        why = [f"{guard}: {reason}" for guard, reason in outcome.troop.spared if guard == "odd"]
        assert why
        assert odd.ASKED == ["Hangs"]


def test_while_one_hangs_a_halt_ends_what_is_held(shop: Ground, offer: Callable[..., None]) -> None:
    offer(f"{ODD}:Hangs")
    with held_then_asked(shop) as (house, outcome):
        assert not outcome.taken
        house.recovery.recover()
        house.keeper.start()
        house.books.ledger.append(house.books.scribe.note(Phase.HALTED, reason="incident 7"))
        soon(lambda: not house.keeper.held())
        assert not odd.LET_GO.is_set(), "it hangs still"


def test_a_stranger_speaks_in_its_own_name_only(shop: Ground, offer: Callable[..., None]) -> None:
    offer("tests.flow.twin:Budget")
    with held_then_asked(shop) as (_, outcome):
        (draw,) = outcome.taken
        assert [v.reason for v in draw.verdicts if v.guard == "odd"] == ["always"]
        assert "always" not in [v.reason for v in draw.verdicts if v.guard == "budget"]


@pytest.mark.parametrize(("name", "holds"), [("Yes", True), ("NotMade", False), ("NoCall", False)])
def test_check_says_whether_it_can_be_used(shop: Ground, offer: Callable[..., None], name: str, holds: bool) -> None:
    offer(f"{ODD}:{name}")
    shop.write(more="  guards: [{use: odd}]\n")
    with shop.house() as house:
        (told,) = wiring.strangers(house)
    assert told.holds is holds
    assert told.detail.startswith("guard odd: can")


def test_five_seconds_are_the_limit() -> None:
    assert strangers.LIMIT == 5.0
