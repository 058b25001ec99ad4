"""A bad run stops its line, over restarts and months, until somebody says why; stages and segments follow the ledger."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from simian_army.cli import look, planning
from simian_army.cli.analysing import Wish, analyse
from simian_army.explain import forecast
from simian_army.model import Phase
from simian_army.wiring import House
from tests.cluster.waiting import BUSY
from tests.flow.ground import Ground
from tests.flow.hands import patch
from tests.flow.lines import AT, FOUR, ONE, QUIET, WHYS, Leaping, denials, fire, house_at, judged, leap, settle, spoil
from tests.flow.test_agent import agent_of


@pytest.fixture
def clock() -> Leaping:
    return Leaping()


def test_a_bad_run_stops_its_line_over_a_restart_and_a_month_until_it_is_analysed(
    shop: Ground, clock: Leaping, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.write(ONE)
    with house_at(shop, clock) as house:
        run = spoil(shop, house, clock)
        assert judged(house) == [(run, "bad")]
        (why,) = set(denials(fire(house, 2)))
        assert why.startswith("line: the line of shop/Deployment/web is stopped since ")
        assert f"run {run} (pod-delete on pod shop/web-" in why
        assert "came out badly: not seen whole within 300 s: 3 of 4 pods of shop/Deployment/web are ready" in why
        assert why.endswith(f"`simian analyse {run}` lets it go on")
    clock.leapt += 40 * 86400
    with house_at(shop, clock) as house:
        house.recovery.recover()
        assert house.engine.judge.scene is not None
        assert [why] == list(dict.fromkeys(denials(fire(house, 4)))), "a month later, in another process"
    file = shop.folder / "whys.yaml"
    file.write_text(WHYS)
    assert analyse(shop.config, Wish(run, file)) == 0
    assert "the line of shop/Deployment/web goes on" in capsys.readouterr().out
    with house_at(shop, clock) as house:
        assert fire(house, 6).taken
        settle(house)
        assert [outcome for _, outcome in judged(house)] == ["bad", "clean"]
        assert list(house.books.ledger.verify()) == []


def test_it_is_asked_inside_the_transaction_as_well(shop: Ground, clock: Leaping) -> None:
    shop.write(ONE, more=QUIET)
    with house_at(shop, clock) as house:
        entry = house.entries["pods"]
        found = entry.find()
        proposed = entry.monkey.propose(found, house.engine.dice(house.engine.run(entry, AT)))
        draws = (house.engine.judge.consider(entry, one, found) for one in proposed)  # type: ignore[arg-type]
        draw = next(one for one in draws if one.taken)
        spoil(shop, house, clock)
        recent = house.books.ledger.attempts(clock.now())
        assert "line" in [v.guard for v in house.engine.judge.again(draw, recent, None) if not v.allowed]


def test_what_ended_unjudged_is_judged_by_the_next_process_and_once(shop: Ground, clock: Leaping) -> None:
    with house_at(shop, clock) as house:
        outcome = house.engine.fire(house.entries["nodes"], AT)
        house.keeper.end("", "the test asks")
        house.keeper.aftermath.busy = lambda: True
        house.keeper.tick()
        assert [event.run for event, _ in house.books.ledger.unjudged()] == [outcome.run.id]
        assert judged(house) == []
    clock.leapt += 86400
    with house_at(shop, clock) as house:
        house.recovery.recover()
        settle(house)
        assert judged(house) == [(outcome.run.id, "clean")], "nobody can tell how whole a node is"
        seq = house.books.ledger.last_seq()
        house.recovery.recover()
        house.keeper.tick()
        assert house.books.ledger.last_seq() == seq


def test_one_that_ended_while_nobody_looked_is_bad(shop: Ground, clock: Leaping) -> None:
    shop.write(ONE)
    with house_at(shop, clock) as house:
        run = fire(house).run.id  # the keeper never runs: as if killed
    clock.leapt += 3600
    with house_at(shop, clock) as house:
        house.recovery.recover()
        settle(house)
        assert judged(house) == [(run, "bad")]
        assert any("line: " in why for why in denials(fire(house, 2)))


def test_an_agent_that_ends_judges_what_it_just_reverted(shop: Ground) -> None:
    with shop.house() as house:
        agent = agent_of(house, "nodes")
        begun = house.books.clock.monotonic()
        assert agent.run() == 0
        assert house.books.clock.monotonic() - begun < 10 + BUSY
        assert [outcome for _, outcome in judged(house)] == ["clean"]


def exposure(house: House, run: str) -> Any:
    (event,) = house.books.ledger.query(run=run, phase=Phase.FIRED)
    return event.data["exposure"]


def test_a_monkey_widens_after_clean_runs_goes_back_after_a_bad_one_and_a_restart_changes_nothing(
    shop: Ground, clock: Leaping, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.write(FOUR, more=f"{QUIET}  recovery_limit: 1h\n")
    shop.config.write_text(shop.config.read_text().replace("cooldown: 0s", "cooldown: 0s, per_group: 9, concurrent: 9"))
    struck = []
    for number in range(4):
        with house_at(shop, clock) as house:
            outcome = fire(house, number)
            struck.append(len(outcome.taken))
            settle(house)
    assert struck == [1, 1, 2, 2]
    with house_at(shop, clock) as house:
        told = exposure(house, fire(house, 5).run.id)
        assert (told["stage"], told["of"], told["limit"]) == (3, 3, 4)
        assert "widened after 2 clean runs" in told["why"]
        leap(house, clock, 3700)  # nobody looked in time
        settle(house)
        assert judged(house)[-1][1] == "bad"
        look.status(shop.config, as_json=True)
        status = json.loads(capsys.readouterr().out)
        assert status["stages"]["pods"]["stage"] == 2
        assert status["lines"][0]["line"] == "shop/Deployment/web"
        coming = forecast(house.engine, house.entries["pods"], AT + timedelta(hours=6), house.entries["pods"].find())
        assert coming.exposure.limit == 2
        assert "one back after run" in coming.exposure.why
    planning.plan(shop.config, planning.Wish(1, as_json=False))
    assert "stage 2 of 3, at most 2 at once: 50 % is allowed, one back after run" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("segment", "hits", "words"),
    [
        ("{namespaces: [cart]}", 0, "namespace shop is not in segment.namespaces (cart)"),
        ("{namespaces: [sh*]}", 1, ""),
        ("{percent: 1}", 0, "it is not in the 1 % of segment.percent"),
        ("{percent: 100}", 1, ""),
        ('{version: "app=w*"}', 1, ""),
        ("{zones: [eu-1b]}", 0, "zone eu-1a is not in segment.zones (eu-1b)"),
        ("{zones: [eu-1a]}", 1, ""),
    ],
)
def test_a_monkey_keeps_to_its_segment(shop: Ground, segment: str, hits: int, words: str) -> None:
    patch(shop, "/api/v1/nodes/node-a", {"metadata": {"labels": {"topology.kubernetes.io/zone": "eu-1a"}}})
    shop.write(ONE.replace("}}", f"}}, segment: {segment}}}"))
    with shop.house() as house:
        outcome = fire(house)
        assert len(outcome.taken) == hits
        reasons = [row["reason"] for row in outcome.troop.reasons()] + denials(outcome)
        assert any(words in reason for reason in reasons) or not words
