"""Does a game day give all back when it is ended, and go on after a crash, alone and by a running agent."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest

from simian_army.errors import UsageError
from simian_army.model import AuditEvent, Phase
from tests.cluster.waiting import until
from tests.flow.acting import (
    LONG,
    NODE,
    POD,
    SPARED,
    acted,
    agent,
    begun,
    cordoned,
    days,
    events,
    evicted,
    states,
    written,
)
from tests.flow.ground import NODES, PODS, Ground


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
        until("the step to be told", lambda: days(shop)[0].pages[2].fired, 60)
        child.kill()
    (day,) = days(shop)
    assert not day.result and evicted(shop) == 1
    return day.id


@pytest.mark.slow
def test_after_a_kill_in_the_second_step_the_day_goes_on_with_it(
    shop: Ground, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = (POD, NODE.replace("3s", "20s"), SPARED)
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
    steps = (POD, NODE.replace("3s", "20s"), SPARED)
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


@pytest.mark.slow
def test_a_running_agent_acts_the_steps_out_as_durable_requests(
    shop: Ground, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.write(f"{PODS}\n{NODES}")
    with agent(shop):
        shorter = "{monkey: nodes, target: node node-a, hold: 3s}"
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
        steps = (POD, NODE.replace("3s", "8s"))
        written(shop, *steps)
        with begun(shop) as child:
            until("the node to be cordoned again", lambda: cordoned(shop), 60)
            child.kill()
        code, report = acted(shop, capsys, *steps)
        assert (code, report["result"], report["resumed"]) == (0, "done", 1), report["why"]
        assert [len(step["runs"]) for step in report["steps"]] == [1, 1]
    assert evicted(shop) == 1
