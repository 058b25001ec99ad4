"""What a SIGKILL leaves behind at each step of the flow, and what the next start makes of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from threading import Event

import pytest

from simian_army.wiring import House
from tests.flow.dying import POINTS
from tests.flow.ground import Ground

pytestmark = pytest.mark.slow
HOME = Path(__file__).parents[2]


def kill_at(shop: Ground, entry: str, point: str) -> None:
    """Let a child fire ``entry`` and die at ``point``."""
    env = {**os.environ, "KUBECONFIG": str(shop.folder / "kubeconfig")}
    words = [sys.executable, "-m", "tests.flow.dying", str(shop.config), entry, point]
    died = subprocess.run(words, cwd=HOME, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert died.returncode == -9, died.stderr[-2000:]


def recovered(shop: Ground) -> tuple[int, list[str]]:
    """Start again, end everything; how many were taken up, and the phases of the run that died."""
    with shop.house() as house:
        house.keeper.start()
        taken = house.recovery.recover()
        assert house.recovery.recover() == 0
        house.keeper.end("", "the test ends it")
        _wait(house)
        house.keeper.close()
        assert house.books.ledger.verify() == []
        phases = [str(event.phase) for event in house.books.ledger.query() if event.target]
    return taken, phases


def _wait(house: House) -> None:
    for _ in range(200):
        if not house.keeper.open():
            return
        Event().wait(0.05)
    raise AssertionError("recovery did not end what was open")


def nothing_is_left(shop: Ground) -> None:
    """No node is cordoned or marked, and a second recovery writes nothing and finds nothing."""
    nodes = shop.server.objects("Node")
    assert not any(node["spec"].get("unschedulable") for node in nodes)
    assert not any("simian-army/" in str(node["metadata"]) for node in nodes), "no mark, neither label nor annotation"
    before = shop.writes()
    with shop.house() as house:
        count = house.books.ledger.last_seq()
        assert house.recovery.recover() == 0
        assert house.books.ledger.last_seq() == count
    assert shop.writes() == before


@pytest.mark.parametrize("point", POINTS)
def test_a_held_fault_is_reverted_wherever_the_process_died(shop: Ground, point: str) -> None:
    shop.write()
    kill_at(shop, "nodes", point)
    taken, phases = recovered(shop)
    begun = point != "before-intended"
    assert taken == begun
    assert phases.count("intended") == phases.count("reverted") == begun
    assert phases.count("injected") <= 1
    assert len(shop.writes()) <= 2, "one write to hold it and one to give it back"
    nothing_is_left(shop)


@pytest.mark.parametrize("point", [point for point in POINTS if point != "mid-revert"])
def test_an_eviction_is_never_repeated_wherever_the_process_died(shop: Ground, point: str) -> None:
    shop.write()
    kill_at(shop, "pods", point)
    done = [write for write in shop.writes() if "eviction 201" in write]
    taken, phases = recovered(shop)
    assert [write for write in shop.writes() if "eviction 201" in write] == done
    assert len(done) == (point in ("after-inject", "after-injected", "held"))
    ends = [phase for phase in phases if phase in ("unknown", "closed")]
    told = {
        "after-intended": ["unknown"],
        "after-inject": ["unknown"],
        "after-injected": ["closed"],
        "held": ["closed"],
    }
    assert taken == len(ends)
    assert ends == told.get(point, [])
    nothing_is_left(shop)
