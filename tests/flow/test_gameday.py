"""Does a game day go through its steps, end at the first that goes wrong, put all back, and go on after a crash."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from simian_army import wiring
from simian_army.cli.gameday import Wish, gameday
from simian_army.errors import UsageError
from simian_army.gameday.diary import Day, days_of
from simian_army.model import AuditEvent, Phase
from tests.cluster.waiting import until
from tests.flow.ground import NODES, PODS, Ground
from tests.flow.hands import patch
from tests.flow.lines import close_the_node

ALWAYS = "  blackouts: [{weekdays: [mon, tue, wed, thu, fri, sat, sun]}]\n"
POD = "{monkey: pods, target: shop/web}"
NODE = "{fault: node-cordon, target: node node-c, hold: 1s}"
LONG = "{fault: node-cordon, target: node node-c, hold: 1h}"
SPARED = "{monkey: pods, target: shop/checkout, expect: refused}"


def written(shop: Ground, *steps: str) -> Path:
    file = shop.folder / "day.yaml"
    file.write_text("name: a day\nsteps:\n" + "".join(f"  - {step}\n" for step in steps))
    return file


def acted(shop: Ground, capsys: pytest.CaptureFixture[str], *steps: str, **wish: Any) -> tuple[int, dict[str, Any]]:
    code = gameday(shop.config, Wish(written(shop, *steps), as_json=True, **wish))
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, report


def cordoned(shop: Ground, name: str = "node-c") -> bool:
    return shop.node(name)["spec"].get("unschedulable") is True


def events(shop: Ground, **which: Any) -> list[AuditEvent]:
    with wiring.books(wiring.read_config(shop.config)) as books:
        assert books.ledger.verify() == []
        return list(books.ledger.query(**which))


def days(shop: Ground) -> list[Day]:
    return days_of(events(shop, phase=Phase.GAMEDAY))


def states(report: dict[str, Any]) -> list[str]:
    return [step["state"] for step in report["steps"]]


def evicted(shop: Ground) -> int:
    return sum("eviction 201" in line for line in shop.writes())


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
    assert timedelta(seconds=1.9) < gap < timedelta(seconds=10)


def test_a_step_may_overlap_the_next_and_is_waited_for(shop: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    held = NODE.replace("1s", "4s").replace("}", ", overlap: true}")
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
        ("{monkey: pods, target: shop/nobody}", "", (1, "failed", "there is no target shop/nobody")),
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


@contextmanager
def begun(shop: Ground, *words: str) -> Iterator[subprocess.Popen[str]]:
    """The command as a process of its own."""
    command = [sys.executable, "-m", "simian_army", "gameday", str(shop.folder / "day.yaml"), "-c", str(shop.config)]
    child = subprocess.Popen(
        [*command, *words], cwd=shop.folder, env=dict(os.environ), stdout=subprocess.PIPE, text=True
    )
    try:
        yield child
    finally:
        child.kill()
        child.wait()
        if child.stdout:
            child.stdout.close()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_gives_everything_back_and_says_so(shop: Ground, number: int) -> None:
    config = shop.write()
    config.write_text(config.read_text().replace("max_percent: 100", "max_percent: 100, per_group: 2"))
    written(shop, SPARED, LONG.replace("}", ", overlap: true}"), LONG.replace("node node-c", "node node-a"), POD)
    with begun(shop) as child:
        until("both nodes to be cordoned", lambda: cordoned(shop) and cordoned(shop, "node-a"), 60)
        child.send_signal(number)
        said, _ = child.communicate(timeout=60)
    assert child.returncode == 130
    assert "**interrupted**: step 3: ended in step 3" in said
    assert not cordoned(shop) and not cordoned(shop, "node-a")
    assert evicted(shop) == 0
    (day,) = days(shop)
    assert (day.result, [page.state for page in day.pages.values()]) == (
        "interrupted",
        ["done", "interrupted", "interrupted"],
    )


def killed_in_step_two(shop: Ground) -> str:
    """The day that a kill -9 broke off while its second step was held."""
    with begun(shop) as child:
        until("the node to be cordoned", lambda: cordoned(shop), 60)
        until("the step to be told", lambda: days(shop)[0].pages[2].fired, 10)
        child.kill()
    (day,) = days(shop)
    assert not day.result and evicted(shop) == 1
    return day.id


@pytest.mark.slow
def test_after_a_kill_in_the_second_step_the_day_goes_on_with_it(
    shop: Ground, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = (POD, NODE.replace("1s", "15s"), SPARED)
    written(shop, *steps)
    day = killed_in_step_two(shop)
    code, report = acted(shop, capsys, *steps)
    assert (code, report["result"]) == (0, "done"), report["why"]
    assert (report["gameday"], report["resumed"]) == (day, 1)
    assert evicted(shop) == 1, "the first step was done before"
    assert states(report) == ["done"] * 3
    assert len(report["steps"][1]["runs"]) == 1, "it was held to its end by whoever came after"
    assert not cordoned(shop)


@pytest.mark.slow
def test_a_step_that_a_crash_cut_short_is_acted_out_once_more(shop: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    steps = (POD, NODE.replace("1s", "20s"), SPARED)
    written(shop, *steps)
    day = killed_in_step_two(shop)
    assert (
        subprocess.run(
            [sys.executable, "-m", "simian_army", "revert", "--all", "-c", str(shop.config)],
            cwd=shop.folder,
            check=False,
        ).returncode
        == 0
    )
    assert not cordoned(shop)
    code, report = acted(shop, capsys, *steps)
    assert (code, report["gameday"], states(report)) == (0, day, ["done"] * 3), report["why"]
    assert len(report["steps"][1]["runs"]) == 2
    assert evicted(shop) == 1


@pytest.mark.slow
def test_restart_gives_back_what_the_old_day_held_and_begins_anew(
    shop: Ground, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = (POD, LONG)
    written(shop, *steps)
    old = killed_in_step_two(shop)
    written(shop, *steps)
    with begun(shop, "--restart", "--json") as child:
        until("the pod to be evicted once more", lambda: evicted(shop) == 2, 60)
        until("the node to be cordoned once more", lambda: len(_cordons(shop)) == 2 and cordoned(shop), 60)
        child.send_signal(signal.SIGINT)
        said, _ = child.communicate(timeout=60)
    assert json.loads(said)["gameday"] != old
    first, second = days(shop)
    assert (first.id, first.result, second.result) == (old, "given up", "interrupted")
    assert not cordoned(shop)


def _cordons(shop: Ground) -> list[AuditEvent]:
    return [event for event in events(shop, phase=Phase.INJECTED) if event.data["kind"] == "node-cordon"]


@contextmanager
def agent(shop: Ground) -> Iterator[subprocess.Popen[str]]:
    with (shop.folder / "log").open("w") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "simian_army", "run", "-c", str(shop.config)],
            cwd=shop.folder,
            env=dict(os.environ),
            stderr=log,
            text=True,
        )
    try:
        until("the agent to lead", lambda: _led(shop), 60)
        yield child
        child.send_signal(signal.SIGTERM)
        assert child.wait(60) == 0, (shop.folder / "log").read_text()
    finally:
        child.kill()
        child.wait()


def _led(shop: Ground) -> bool:
    with wiring.books(wiring.read_config(shop.config)) as books:
        return books.lease.held_by_anyone()


@pytest.mark.slow
def test_a_running_agent_acts_the_steps_out_as_durable_requests(
    shop: Ground, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.write(f"{PODS}\n{NODES}")
    with agent(shop):
        shorter = "{monkey: nodes, target: node node-a, hold: 2s}"
        code, report = acted(shop, capsys, POD, SPARED, NODE, shorter)
        assert (code, report["result"]) == (0, "done"), report["why"]
        assert states(report) == ["done"] * 4
        asked = events(shop, phase=Phase.REQUESTED)
        assert [event.data["number"] for event in asked] == [1, 2, 3, 4]
        actors = {event.actor for event in events(shop, phase=Phase.INJECTED)}
        code, report = acted(shop, capsys, LONG.replace("}", ", overlap: true}"), "{monkey: pods, target: shop/cart}")
        assert (code, report["result"]) == (3, "refused")
        assert not cordoned(shop), "the agent was asked to revert"
        with pytest.raises(UsageError, match="an agent runs"):
            acted(shop, capsys, POD, leashed=True)
    assert actors, "it was the agent's ledger that told"


@pytest.mark.slow
def test_with_an_agent_ctrl_c_has_it_revert_and_a_kill_lets_it_go_on(
    shop: Ground, capsys: pytest.CaptureFixture[str]
) -> None:
    with agent(shop):
        written(shop, LONG)
        with begun(shop) as child:
            until("the node to be cordoned", lambda: cordoned(shop), 60)
            child.send_signal(signal.SIGINT)
            child.communicate(timeout=60)
        assert child.returncode == 130 and not cordoned(shop)
        steps = (POD, NODE.replace("1s", "6s"))
        written(shop, *steps)
        with begun(shop) as child:
            until("the node to be cordoned again", lambda: cordoned(shop), 60)
            child.kill()
        code, report = acted(shop, capsys, *steps)
        assert (code, report["result"], report["resumed"]) == (0, "done", 1), report["why"]
        assert [len(step["runs"]) for step in report["steps"]] == [1, 1]
    assert evicted(shop) == 1
