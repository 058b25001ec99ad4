"""Does a fire by hand pass every guard, name or no name, and put back what it holds when it is ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess

import pytest

from simian_army.cli.once import DONE, REFUSED, Wish, once
from simian_army.errors import UsageError
from simian_army.model import Phase
from tests.cluster.waiting import until
from tests.flow.acting import ALWAYS, SIMIAN
from tests.flow.ground import NODES, PODS, Ground
from tests.flow.test_agent import agent_of, at_work

DELETE = "- {name: all, use: chaos, on: kubernetes, schedule: {every: 2h}, with: {fault: pod-delete}}"


@pytest.mark.parametrize(
    ("name", "safety", "guard"),
    [
        ("shop/cart", "", "opt-in"),
        ("shop/search", "", "opt-in"),
        ("kube-system/dns", "", "protected"),
        ("shop/checkout", "", "quorum"),
        ("shop/web", ALWAYS, "blackout"),
        ("shop/web", "  min_age: 10d\n", "min-age"),
    ],
)
def test_a_target_named_by_hand_passes_all_guards(
    shop: Ground, capsys: pytest.CaptureFixture[str], name: str, safety: str, guard: str
) -> None:
    shop.write(PODS.replace("pod-evict", "pod-delete"), safety)
    assert once(shop.config, Wish("pods", name, as_json=True)) == REFUSED
    told = json.loads(capsys.readouterr().out)
    assert told["taken"] == 0
    refused = [one["guard"] for row in told["drawn"] for one in row["verdicts"] if not one["allowed"]]
    assert guard in [row["guard"] for row in told["spared"]] + refused
    assert shop.writes() == []


def test_a_target_named_by_hand_is_the_only_one_struck(shop: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    shop.write(PODS)
    pods = [o["metadata"]["name"] for o in shop.server.objects("Pod") if o["metadata"]["name"].startswith("web-")]
    assert once(shop.config, Wish("pods", f"shop/{pods[2]}")) == DONE
    assert f"hit  pod shop/{pods[2]}" in capsys.readouterr().out
    assert [line for line in shop.writes() if "eviction" in line] == [
        f"POST /api/v1/namespaces/shop/pods/{pods[2]}/eviction 201"
    ]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "shop/cart",
            ["0 hit of 0 eligible, 1 found", "     spared  1 by opt-in: simian-army/opt-out=true on Deployment cart"],
        ),
        (
            "shop/checkout",
            ["0 hit of 1 eligible, 1 found", "     denied  pod shop/checkout-", " by quorum: PDB shop/checkout: 0 "],
        ),
    ],
)
@pytest.mark.parametrize("by_agent", [True, False], ids=["by the agent", "alone"])
def test_a_refusal_is_explained_whoever_fires(
    shop: Ground, capsys: pytest.CaptureFixture[str], name: str, said: list[str], *, by_agent: bool
) -> None:
    shop.write(PODS)
    if by_agent:
        with shop.house() as house, at_work(agent_of(house)):
            assert once(shop.config, Wish("pods", name)) == REFUSED
    else:
        assert once(shop.config, Wish("pods", name)) == REFUSED
    told = capsys.readouterr().out
    assert [words for words in said if words not in told] == [], told
    assert shop.writes() == []


@pytest.mark.parametrize(("leashed", "asked"), [("true", False), ("false", True), ("true", True)])
def test_the_leash_may_be_tightened_by_hand_and_never_loosened(shop: Ground, leashed: str, asked: bool) -> None:
    shop.write(PODS, leashed=leashed)
    assert once(shop.config, Wish("pods", leashed=asked)) == DONE
    assert shop.writes() == []
    with shop.house() as house:
        assert not list(house.books.ledger.query(phase=Phase.INTENDED))


def test_a_name_that_no_monkey_or_target_has_is_wrong_usage(shop: Ground) -> None:
    shop.write(PODS)
    with pytest.raises(UsageError, match="no monkey named podz; did you mean pods"):
        once(shop.config, Wish("podz"))
    with pytest.raises(UsageError, match="did you mean"):
        once(shop.config, Wish("pods", "shop/chekout"))
    assert shop.writes() == []


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_is_held_is_put_back_when_the_command_is_ended(shop: Ground, number: int) -> None:
    shop.write(NODES)
    command = [*SIMIAN, "once", "nodes", "--target", "node-c", "-c", str(shop.config)]
    child = subprocess.Popen(command, cwd=shop.folder, env=dict(os.environ), stdout=subprocess.PIPE, text=True)
    try:
        until("the node to be cordoned", lambda: shop.node("node-c")["spec"].get("unschedulable"), 60)
        child.send_signal(number)
        said, _ = child.communicate(timeout=60)
    finally:
        child.kill()
    assert child.returncode == DONE
    assert "reverted" in said
    assert not shop.node("node-c")["spec"].get("unschedulable")
    with shop.house() as house:
        assert house.books.ledger.open_faults() == []
