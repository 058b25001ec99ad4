"""Does the wait for a first undertaker cost a fault nothing but a later beginning."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from simian_army.model import Phase
from simian_army.undertaker import trust as trusting
from tests.flow.ground import Ground, ground
from tests.flow.test_engine import AT, phases

HOLD = 4
SHORT = f"- {{name: nodes, use: chaos, on: kubernetes, schedule: {{every: 2h}}, hold: {HOLD}s, with: {{fault: node-cordon}}}}"


class Late(Ground):
    """Its undertakers need longer to come up than a fault is to be held."""

    def wake(self) -> None:
        threading.Timer(HOLD + 0.5, super().wake).start()


class Nobody(Ground):
    """It has none."""

    def wake(self) -> None:
        return


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    with ground(tmp_path) as made:
        made.write(SHORT)
        yield made


def test_a_fault_shorter_than_that_wait_is_held_for_its_whole_time(shop: Ground) -> None:
    with Late(shop.server, shop.folder).house() as house:
        outcome = house.engine.fire(house.entries["nodes"], AT)
        assert outcome.taken, outcome.denied
        (held,) = house.keeper.held()
        assert held.until - house.books.clock.monotonic() > HOLD / 4, "the wait was longer than that"
        house.keeper.end("", "the test ends it")
        house.keeper.tick()
        said = [phase for phase in phases(house, outcome.run.id) if phase != "denied"]  # the other nodes
        assert said[:5] == ["fired", "intended", "injected", "observed", "reverted"]


def test_without_an_undertaker_not_even_an_intent_is_written(shop: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trusting, "PATIENCE", 0.5)
    with Nobody(shop.server, shop.folder).house() as house:
        outcome = house.engine.fire(house.entries["nodes"], AT)
        assert not outcome.taken
        assert phases(house, outcome.run.id) == ["fired", "denied"]
        (denied,) = house.books.ledger.query(phase=Phase.DENIED)
        assert "no undertaker lives" in str(denied.data)
    assert shop.writes() == []
