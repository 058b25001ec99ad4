"""How the groups come back that a fault on a node stopped members of, on the embedded API server."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from simian_army.clock import SystemClock
from simian_army.model import Phase
from simian_army.wiring import House
from tests.flow.ground import ground
from tests.flow.hands import end_all
from tests.flow.town import town

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DRAIN = (
    "- {name: nodes, use: chaos, on: kubernetes, schedule: {every: 2h}, hold: 1h, select: {names: [n1]}, "
    "with: {fault: node-drain}}\n"
    "- {name: pods, use: chaos, on: kubernetes, schedule: {every: 2h}, with: {fault: pod-evict}}"
)


def judged(house: House, run: str) -> Any:
    """What the run came to, as soon as that is known."""
    clock = SystemClock()
    limit = clock.monotonic() + 60
    while clock.monotonic() < limit:
        house.keeper.tick()
        if found := list(house.books.ledger.query(run=run, phase=Phase.JUDGED)):
            return found[0].data
        threading.Event().wait(0.1)
    raise AssertionError("it was not judged within 60 s")


def test_every_group_that_a_drain_stopped_members_of_is_timed_until_it_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    with ground(tmp_path, town()) as place:
        place.write(DRAIN)
        with place.house() as house:
            outcome = house.engine.fire(house.entries["nodes"], AT)
            assert outcome.taken
            end_all(house)
            data = judged(house, outcome.run.id)
        assert data["outcome"] == "clean"
        assert set(data["groups"]) == {"shop/DaemonSet/log-agent", "shop/Deployment/cart", "shop/Deployment/web"}
        assert all(0 <= seconds < 60 for seconds in data["groups"].values())


@pytest.mark.slow
def test_those_that_are_not_ready_in_time_make_it_bad_and_stop_their_own_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    with ground(tmp_path, town()) as place:
        place.write(DRAIN, more="  recovery_limit: 3s\n  quorum: {whole: false}\n")
        with place.house() as house:
            place.server.manager.startup = 60.0  # no new pod becomes ready while we look
            outcome = house.engine.fire(house.entries["nodes"], AT)
            assert outcome.taken
            end_all(house)
            data = judged(house, outcome.run.id)
            assert data["outcome"] == "bad"
            assert data["lost"] == ["shop/Deployment/cart", "shop/Deployment/web"]
            assert "5 of 6 pods of shop/Deployment/cart are ready" in data["detail"]
            later = house.engine.fire(house.entries["pods"], AT + timedelta(hours=2))
            assert not later.taken
            words = [v.reason for draw in later.draws for v in draw.verdicts if v.guard == "line" and not v.allowed]
            assert words and all("shop/Deployment/web" in word for word in words)
