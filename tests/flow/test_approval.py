"""Does a run that needs approval wait for it, strike exactly what it drew, and only while all guards still allow it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from simian_army.model import Phase
from simian_army.waiting import APPROVE
from tests.flow.approvals import NODES, PODS, WEB, approve, evictions, fired, reason, told
from tests.flow.ground import Ground
from tests.flow.hands import end_all, patch


def test_what_is_drawn_waits_until_its_namespace_says_so_and_then_it_is_that_very_target(shop: Ground) -> None:
    shop.write(PODS)
    with shop.house() as house:
        outcome = fired(house)
        (draw,) = outcome.waiting
        assert (outcome.taken, outcome.denied) == ([], [])
        assert evictions(shop) == []
        (event,) = told(house, outcome.run.id, Phase.PENDING)
        assert event.target == draw.fault.target.id
        assert event.data["approve"] == (
            f"kubectl annotate --overwrite namespace shop simian-army/approve={outcome.run.id}"
        )
        assert datetime.fromisoformat(event.data["until"]) - event.at == pytest.approx(
            timedelta(hours=4), abs=timedelta(seconds=5)
        )
        pending = house.pending()
        for said in (None, "", "another", f"{outcome.run.id}x", outcome.run.id[:-1]):
            approve(shop, said)
            pending.again()
        assert evictions(shop) == []
        approve(shop, f"another, {outcome.run.id}")
        for _ in range(3):
            pending.again()
        assert len(evictions(shop)) == 1
        assert draw.fault.target.name in evictions(shop)[0]
        (intended,) = told(house, outcome.run.id, Phase.INTENDED)
        assert intended.target == draw.fault.target.id
        assert intended.data["approved"] == "somebody", "the embedded server keeps no record of hands"
        assert [event.phase for event in told(house, outcome.run.id)][:4] == [
            "fired",
            "pending",
            "intended",
            "injected",
        ]
        assert pending.waiting() == []


def test_a_node_bears_the_word_itself_and_the_fault_is_held_and_reverted_as_ever(shop: Ground) -> None:
    shop.write(NODES)
    with shop.house() as house:
        outcome = fired(house, "nodes")
        (event,) = told(house, outcome.run.id, Phase.PENDING)
        assert event.data["approve"] == f"kubectl annotate --overwrite node node-a {APPROVE}={outcome.run.id}"
        pending = house.pending()
        approve(shop, outcome.run.id)
        pending.again()
        assert not shop.node("node-a")["spec"].get("unschedulable"), "a namespace has no say over a node"
        approve(shop, outcome.run.id, "/api/v1/nodes/node-a")
        pending.again()
        assert shop.node("node-a")["spec"]["unschedulable"] is True
        (intended,) = told(house, outcome.run.id, Phase.INTENDED)
        assert intended.data["hold"] == 3600
        end_all(house)
        assert not shop.node("node-a")["spec"].get("unschedulable")


@pytest.mark.parametrize(("drawn", "config", "held"), [("10m", "1h", 600), ("1h", "10m", 600)])
def test_it_is_held_no_longer_than_was_said_when_it_was_drawn_nor_than_config_says_now(
    shop: Ground, drawn: str, config: str, held: float
) -> None:
    shop.write(NODES.replace("hold: 1h", f"hold: {drawn}"))
    with shop.house() as house:
        run = fired(house, "nodes").run.id
    approve(shop, run, "/api/v1/nodes/node-a")
    shop.write(NODES.replace("hold: 1h", f"hold: {config}"))
    with shop.house() as house:
        house.pending().again()
        (intended,) = told(house, run, Phase.INTENDED)
        assert intended.data["hold"] == held
        end_all(house)


def test_an_opt_out_after_the_draw_is_a_veto(shop: Ground) -> None:
    shop.write(PODS)
    with shop.house() as house:
        run = fired(house).run.id
        patch(shop, WEB, {"metadata": {"labels": {"simian-army/opt-out": "true"}}})
        approve(shop, run)
        house.pending().again()
        assert evictions(shop) == []
        assert ", but opt-in: simian-army/opt-out=true on Deployment web" in reason(house, run)
        patch(shop, WEB, {"metadata": {"labels": {"simian-army/opt-out": None}}})
        house.pending().again()
        assert evictions(shop) == [], "a denial is the last word"


def test_the_budget_is_asked_again_in_the_transaction(shop: Ground) -> None:
    shop.write(PODS, "")
    text = shop.config.read_text().replace("cooldown: 0s", "cooldown: 0s, per_hour: 1")
    shop.config.write_text(text)
    with shop.house() as house:
        first, second = fired(house, hour=12), fired(house, hour=13)
        approve(shop, f"{first.run.id},{second.run.id}")
        house.pending().again()
        assert len(evictions(shop)) == 1
        assert [len(told(house, one.run.id, Phase.INTENDED)) for one in (first, second)] == [1, 0]
        assert "budget: " in reason(house, second.run.id)


def test_a_halt_denies_what_was_approved(shop: Ground) -> None:
    shop.write(PODS)
    with shop.house() as house:
        run = fired(house).run.id
        house.books.ledger.append(house.books.scribe.note(Phase.HALTED, reason="incident 7"))
        approve(shop, run)
        house.pending().again()
        assert evictions(shop) == []
        assert "incident 7" in reason(house, run)


def test_a_target_that_is_gone_by_then_is_no_other(shop: Ground) -> None:
    shop.write(PODS)
    with shop.house() as house:
        outcome = fired(house)
        target = outcome.waiting[0].fault.target
        house.platforms["kubernetes"].delete(target, grace=0)  # type: ignore[attr-defined]
        assert shop.server.settle(20)
        approve(shop, outcome.run.id)
        house.pending().again()
        assert evictions(shop) == []
        assert "present: it is gone" in reason(house, outcome.run.id)


def test_leashed_by_then_nothing_is_done(shop: Ground) -> None:
    shop.write(PODS)
    with shop.house() as house:
        run = fired(house).run.id
    approve(shop, run)
    with shop.house(leashed=True) as house:
        house.pending().again()
        assert evictions(shop) == []
        assert "leashed: the fleet or this monkey is leashed by now" in reason(house, run)


def test_leashed_it_waits_for_nobody(shop: Ground) -> None:
    shop.write(PODS)
    with shop.house(leashed=True) as house:
        outcome = fired(house)
        assert len(outcome.taken) == 1
        assert outcome.waiting == []
        assert [event.phase for event in told(house, outcome.run.id)] == ["fired", "skipped"]


def test_a_monkey_that_config_has_no_more_strikes_nobody(shop: Ground) -> None:
    shop.write(PODS)
    with shop.house() as house:
        run = fired(house).run.id
    approve(shop, run)
    shop.write(PODS.replace("name: pods", "name: late"))
    with shop.house() as house:
        house.pending().again()
        assert evictions(shop) == []
        assert "config has no monkey pods any more" in reason(house, run)
