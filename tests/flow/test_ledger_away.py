"""What becomes of a held fault while the ledger is away: it is reverted in time, and told when the ledger is back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from simian_army.clock import SystemClock
from simian_army.errors import LedgerError
from simian_army.model import Phase
from simian_army.wiring import House
from tests.cluster.postgres import PASSWORD, Postgres
from tests.cluster.waiting import BUSY, until
from tests.flow.ground import Ground

pytestmark = pytest.mark.slow
AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOLD = 4.0
CLOCK = SystemClock()
NODES = f"- {{name: nodes, use: chaos, on: kubernetes, schedule: {{every: 2h}}, hold: {HOLD:.0f}s, with: {{fault: node-cordon}}}}"


@pytest.fixture
def far(shop: Ground, postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    """The ground, whose ledger is in PostgreSQL and whose config takes the password from the environment."""
    config = shop.write(NODES)
    monkeypatch.setenv("LEDGER_PASSWORD", PASSWORD)
    url = postgres.database().replace(PASSWORD, "${env:LEDGER_PASSWORD}")
    config.write_text(f"ledger: {url}\n{config.read_text()}")
    yield shop
    postgres.start()


def spool_of(shop: Ground) -> Path:
    return shop.folder / "test.spool"


def cordoned(shop: Ground) -> list[str]:
    return [node["metadata"]["name"] for node in shop.server.objects("Node") if node["spec"].get("unschedulable")]


def struck_and_cut_off(shop: Ground, house: House, server: Postgres) -> None:
    """Hold a node, take the ledger away, and see the node given back at its deadline all the same."""
    house.keeper.start()
    begun = CLOCK.monotonic()
    assert house.engine.fire(house.entries["nodes"], AT).taken
    assert cordoned(shop)
    server.stop()
    until("the node to be given back", lambda: not cordoned(shop), HOLD + 30)
    assert HOLD - 0.5 <= CLOCK.monotonic() - begun <= HOLD + 2.5 + BUSY
    until("the event to be in the spool", house.books.spool.waiting, 30)


def test_it_is_reverted_at_its_deadline_a_new_one_is_refused_and_the_ledger_hears_of_it_later(
    far: Ground, postgres: Postgres
) -> None:
    with far.house() as house:
        struck_and_cut_off(far, house, postgres)
        done = house.books.clock.now()
        before = far.writes()
        with pytest.raises(LedgerError, match="no server answers there") as refused:
            house.engine.fire(house.entries["nodes"], AT + timedelta(hours=2))
        assert PASSWORD not in str(refused.value)
        assert far.writes() == before
        postgres.start()
        until("the ledger to be told", lambda: not house.books.spool.waiting(), 60)
        (reverted,) = house.books.ledger.query(phase=Phase.REVERTED)
        assert reverted.data["late"] is True
        assert reverted.at <= done, "when it happened, not when it was told"
        assert house.books.ledger.open_faults() == []
        assert house.books.ledger.verify() == []
        until("the lease, which went with the database, to be ours again", house.books.lease.try_take, 60)
        outcome = house.engine.fire(house.entries["nodes"], AT + timedelta(hours=4))
        why = [v.reason for draw in outcome.denied for v in draw.verdicts if not v.allowed]
        assert outcome.taken, why
        house.keeper.stop(20)
        assert [event.data.get("late") for event in house.books.ledger.query(phase=Phase.REVERTED)] == [True, None]
    assert not cordoned(far)


def test_what_one_process_could_not_tell_the_next_tells_before_it_takes_anything_up(
    far: Ground, postgres: Postgres
) -> None:
    with far.house() as house:
        struck_and_cut_off(far, house, postgres)
        house.keeper.close()
    assert spool_of(far).stat().st_mode & 0o777 == 0o600
    before = far.writes()
    postgres.start()
    with far.house() as house:
        assert len(house.books.ledger.open_faults()) == 1, "the ledger does not know yet"
        house.keeper.start()
        assert house.recovery.recover() == 0
        assert len(list(house.books.ledger.query(phase=Phase.REVERTED))) == 1
        assert house.books.ledger.verify() == []
        house.keeper.close()
    assert far.writes() == before
    assert not spool_of(far).read_bytes()


def test_with_the_ledger_away_from_the_start_nothing_begins(far: Ground, postgres: Postgres) -> None:
    postgres.stop()
    with pytest.raises(LedgerError, match="no server answers there"), far.house():
        pytest.fail("it opened")
    assert far.writes() == []
