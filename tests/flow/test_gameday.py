"""Does a game day go through its steps, end at the first that goes wrong, put all back, and go on after a crash."""

from __future__ import annotations

import json
import signal
from datetime import datetime, timedelta
from threading import Thread

import pytest

from simian_army import wiring
from simian_army.cli.gameday import Wish, gameday
from simian_army.model import Phase
from tests.cluster.waiting import until
from tests.flow.acting import (
    ALWAYS,
    LONG,
    NODE,
    POD,
    SPARED,
    acted,
    begun,
    cordoned,
    days,
    events,
    evicted,
    states,
    written,
)
from tests.flow.ground import PODS, Ground
from tests.flow.hands import patch
from tests.flow.lines import close_the_node


def test_steps_are_acted_out_in_order_each_to_its_end(shop: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    code, report = acted(shop, capsys, POD, SPARED, NODE)
    assert (code, report["result"]) == (0, "done"), report["why"]
    assert states(report) == ["done", "done", "done"]
    first, second, third = report["steps"]
    assert first["hits"][0]["outcome"] == third["hits"][0]["outcome"] == "clean"
    assert second["hits"] == [] and {one["guard"] for one in second["refused"]} == {"quorum"}
    assert first["ended"] <= second["begun"] <= second["ended"] <= third["begun"]
    assert third["hits"][0]["end"] == "reverted" and not cordoned(shop)
    assert evicted(shop) == 1
    assert report["resumed"] == 0


def test_a_pause_is_kept_before_the_next_step(shop: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    _, report = acted(shop, capsys, SPARED.replace("}", ", pause: 2s}"), SPARED.replace("}", ", pause: 1h}"))
    first, second = report["steps"]
    assert second["begun"] > first["ended"]
    gap = datetime.fromisoformat(second["begun"]) - datetime.fromisoformat(first["ended"])
    assert timedelta(seconds=1.9) < gap < timedelta(seconds=30)


def test_a_step_may_overlap_the_next_and_is_waited_for(shop: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    held = NODE.replace("3s", "8s").replace("}", ", overlap: true}")
    code, report = acted(shop, capsys, held, POD)
    node, pod = report["steps"]
    assert code == 0
    assert node["begun"] < pod["begun"] < node["hits"][0]["ended"]
    assert states(report) == ["done", "done"] and not cordoned(shop)


@pytest.mark.parametrize(
    ("step", "safety", "expected"),
    [
        ("{monkey: pods, target: shop/cart}", "", (3, "refused", "simian-army/opt-out=true on Deployment cart")),
        (POD, ALWAYS, (3, "refused", "blackout")),
        ("{monkey: pods, target: shop/web, expect: refused}", "", (1, "hit", "it was to be refused, and struck pod")),
        ("{fault: node-cordon, target: node node-b}", "", (3, "refused", "others harmed do not consent")),
        ("{fault: pod-evict, target: shop/web, use: latency}", "", (3, "refused", "no simian-army/latency label")),
        ("{fault: pod-delete, target: shop/web, params: {grace: -1}}", "", (3, "refused", "grace")),
    ],
)
def test_a_step_that_goes_wrong_ends_the_day_and_gives_back_what_is_held(
    shop: Ground, capsys: pytest.CaptureFixture[str], step: str, safety: str, expected: tuple[int, str, str]
) -> None:
    code, state, why = expected
    shop.write(PODS, safety)
    held = LONG.replace("}", ", overlap: true}") if not safety else SPARED
    said, report = acted(shop, capsys, held, step, POD)
    assert (said, report["result"]) == (code, state), report["why"]
    assert why in report["why"]
    assert states(report)[1:] == [state, "not begun"]
    assert not cordoned(shop)
    if not safety:
        (back,) = events(shop, phase=Phase.REVERTED)
        assert back.data["why"].startswith("the game day: step 2:")
        assert states(report)[0] == "interrupted"


def test_an_outcome_that_is_bad_ends_the_day(shop: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    shop.write(PODS, "  recovery_limit: 1s\n")
    close_the_node(shop, closed=True)
    code, report = acted(shop, capsys, POD, POD)
    assert (code, report["result"], states(report)) == (1, "bad", ["bad", "not begun"])
    assert "not seen whole within 1 s" in report["why"]
    assert evicted(shop) == 1


def test_what_is_given_back_before_its_time_ends_the_day(shop: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    def halt() -> None:
        until("the node to be cordoned", lambda: cordoned(shop), 60)
        with wiring.books(wiring.read_config(shop.config)) as books:
            books.ledger.append(books.scribe.note(Phase.HALTED, reason="incident 7"))

    thread = Thread(target=halt)
    thread.start()
    code, report = acted(shop, capsys, LONG, POD)
    thread.join()
    assert (code, report["result"]) == (1, "cut short")
    assert "incident 7" in report["why"]
    assert not cordoned(shop) and evicted(shop) == 0


def test_consent_is_asked_for_a_fault_by_hand_while_it_is_held(
    shop: Ground, capsys: pytest.CaptureFixture[str]
) -> None:
    def opt_out() -> None:
        until("the node to be cordoned", lambda: cordoned(shop), 60)
        patch(shop, "/api/v1/nodes/node-c", {"metadata": {"labels": {"simian-army/opt-out": "true"}}})

    thread = Thread(target=opt_out)
    thread.start()
    _, report = acted(shop, capsys, LONG)
    thread.join()
    assert report["result"] == "cut short" and "opt-in: simian-army/opt-out=true" in report["why"]


def test_leashed_a_day_is_rehearsed_and_nothing_is_changed(shop: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    code, report = acted(shop, capsys, POD, SPARED, NODE, leashed=True)
    assert (code, report["result"]) == (0, "done"), report["why"]
    assert [len(step["would_hit"]) for step in report["steps"]] == [1, 0, 1]
    assert all(step["leashed"] for step in report["steps"])
    assert shop.writes() == []


def test_the_report_is_markdown_on_the_screen_and_in_a_file(shop: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    out = shop.folder / "report"
    gameday(shop.config, Wish(written(shop, POD, SPARED), report=out.with_suffix(".md")))
    said = capsys.readouterr().out
    text = out.with_suffix(".md").read_text()
    assert text in said
    assert text.startswith("# Game day: a day\n\n**done**: every step went as expected\n")
    assert "| 1 | pods on shop/web | hit | done | `" in text
    assert "- refused: pod shop/checkout-" in text
    assert "step 1 of 2: pods on shop/web" in said and "injected  pod shop/web-" in said
    gameday(shop.config, Wish(written(shop, SPARED), report=out.with_suffix(".json")))
    assert json.loads(out.with_suffix(".json").read_text())["result"] == "done"


def test_a_day_that_is_over_is_begun_anew(shop: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    reports = [acted(shop, capsys, SPARED)[1] for _ in range(2)]
    assert reports[0]["gameday"] != reports[1]["gameday"]
    assert [day.resumed for day in days(shop)] == [0, 0]


ASKED = PODS.replace("schedule:", "approval: {}, schedule:")


def test_a_step_waits_for_the_approval_that_its_monkey_needs(shop: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    def approve() -> None:
        until("something to wait", lambda: events(shop, phase=Phase.PENDING), 60)
        (event,) = events(shop, phase=Phase.PENDING)
        assert evicted(shop) == 0
        annotate = {"metadata": {"annotations": {"simian-army/approve": event.run}}}
        patch(shop, "/api/v1/namespaces/shop", annotate)

    shop.write(ASKED)
    thread = Thread(target=approve)
    thread.start()
    code, report = acted(shop, capsys, POD)
    thread.join()
    assert (code, states(report)) == (0, ["done"]), report["why"]
    assert evicted(shop) == 1


@pytest.mark.slow
def test_what_waits_for_approval_when_the_day_is_ended_waits_no_more(shop: Ground) -> None:
    shop.write(ASKED)
    written(shop, POD)
    with begun(shop) as child:
        until("something to wait", lambda: events(shop, phase=Phase.PENDING), 60)
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=60)
    assert child.returncode == 130
    (event,) = events(shop, phase=Phase.PENDING)
    (closed,) = [one for one in events(shop, run=event.run, phase=Phase.DENIED) if one.target]
    assert "the game day: step 1: ended in step 1" in closed.data["reason"]
    patch(shop, "/api/v1/namespaces/shop", {"metadata": {"annotations": {"simian-army/approve": event.run}}})
    with shop.house() as house:
        house.pending().again()
    assert evicted(shop) == 0
