"""Does a clock that is off, or is set meanwhile, keep the flow from striking, and does every verb say so."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from simian_army.cli import planning, whying
from simian_army.cli.once import Wish, once
from simian_army.model import Fault, Phase, Scene, Verdict
from tests.flow.ground import Ground
from tests.simian_army.turned import Turned

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1), timedelta(seconds=7)])
def test_a_clock_set_between_the_question_and_the_intent_strikes_nothing(shop: Ground, jump: timedelta) -> None:
    clock = Turned()
    with shop.house(clock=clock) as house:
        judge = house.engine.judge
        last = replace(judge, guards=[*judge.guards, SetsTheClock(clock, jump)])
        outcome = replace(house.engine, judge=last).fire(house.entries["pods"], AT)
        assert not outcome.taken
        (no,) = [v for draw in outcome.denied[:1] for v in draw.verdicts if not v.allowed]
        assert no.guard == "skew"
        assert "5 s at most" in no.reason
        assert list(house.books.ledger.query(phase=Phase.INTENDED)) == []
        assert shop.writes() == []
        clock.by = timedelta(0)
        assert house.engine.fire(house.entries["pods"], AT + timedelta(hours=2)).taken


class SetsTheClock:
    """A guard that allows everything; when all have been asked, somebody has set the clock."""

    name, early = "last", False

    def __init__(self, clock: Turned, jump: timedelta) -> None:
        self.clock, self.jump = clock, jump

    def __call__(self, scene: Scene) -> Verdict:
        self.clock.by = self.jump
        return Verdict(self.name, allowed=True, reason="")


def test_a_look_that_is_a_minute_old_is_no_look(shop: Ground) -> None:
    clock = Slept()
    with shop.house(clock=clock) as house:
        entry = house.entries["pods"]
        troop = house.engine.judge.screen(entry, entry.find())
        target = next(one for one in troop.eligible if one.group == "shop/Deployment/web")
        draw = house.engine.judge.consider(entry, Fault("pod-evict", target), troop.peers()[target.group])
        assert draw.scene is not None, [v for v in draw.verdicts if not v.allowed]
        assert [v.guard for v in house.engine.judge.again(draw, (), None) if not v.allowed] == []
        clock.slept = 61.0
        denied = house.engine.judge.again(draw, (), None)
        assert [v.reason for v in denied if v.guard == "skew" and "is 61" in v.reason]


class Slept(Turned):
    """Both clocks have gone on for ``slept`` seconds while nobody looked."""

    slept = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.slept)

    def monotonic(self) -> float:
        return super().monotonic() + self.slept


def test_plan_why_and_once_say_that_the_clocks_disagree(shop: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    shop.server.cluster.clock = Turned(timedelta(seconds=-30))
    word = re.compile(r"skew.*(29|30)(\.\d)? s ahead.*timedatectl", re.DOTALL)
    planning.plan(shop.config, planning.Wish(1, as_json=False))
    assert word.search(capsys.readouterr().out)
    whying.why(shop.config, "shop/web", as_json=False)
    assert word.search(capsys.readouterr().out)
    assert once(shop.config, Wish("nodes")) == 3
    assert word.search(capsys.readouterr().out)
    assert shop.writes() == []
