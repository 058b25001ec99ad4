"""What the key alone gives back when the ledger is gone, and that no other mark makes anybody write."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simian_army.errors import UsageError
from simian_army.model import Phase
from tests.flow.ground import KEY, Ground
from tests.flow.hands import (
    is_bare,
    is_cordoned,
    put_mark,
    recover,
    signed,
)
from tests.flow.test_agent import agent_of, at_work
from tests.flow.test_marks import edited, forget_ledger, forget_records, hold, revert

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HELD = "node-a"  # the one node that may be cordoned


@pytest.mark.parametrize("records", [True, False], ids=["with records", "by marks alone"])
def test_revert_all_gives_back_what_is_held_when_the_ledger_is_deleted(shop: Ground, records: bool) -> None:
    with shop.house() as house:
        hold(house)
    forget_ledger(shop)
    if not records:
        forget_records(shop)
    assert revert(shop) == 0
    assert not is_cordoned(shop, HELD)
    assert is_bare(shop, HELD)
    assert list((shop.folder / "simian.records").glob("simian-*")) == []
    with shop.house() as house:
        phases = [str(event.phase) for event in house.books.ledger.query() if event.target]
        assert phases == ["adopted", "reverted"]


@pytest.mark.parametrize("damage", ["unreadable", "of another key"])
def test_revert_all_needs_the_key_and_no_ledger(shop: Ground, damage: str, capsys: pytest.CaptureFixture[str]) -> None:
    with shop.house() as house:
        run = hold(house)
    file = shop.folder / "simian.db"
    whole = file.read_bytes()
    if damage == "unreadable":
        forget_ledger(shop)
        file.write_bytes(b"this was a ledger once" * 500)
    else:
        forget_ledger(shop)
        kept = shop.config.read_text()
        shop.config.write_text(kept.replace(KEY, "e" * 32))
        with shop.house() as house:
            house.books.ledger.append(house.books.scribe.note(Phase.HALTED, reason="so that there is a row"))
        shop.config.write_text(kept)
    assert revert(shop) == 0
    assert not is_cordoned(shop, HELD)
    assert is_bare(shop, HELD)
    said = capsys.readouterr()
    assert "without the ledger, by marks and records alone" in said.err
    assert f"reverted  node-cordon on node {HELD} (run {run})" in said.out
    assert revert(shop) == 0, "and once more changes nothing"
    forget_ledger(shop)
    file.write_bytes(whole)
    with shop.house() as house:
        house.keeper.start()
        house.keeper.close()
        assert house.books.ledger.open_faults() == [], "what was done is told once there is a ledger again"
        (reverted,) = house.books.ledger.query(run=run, phase=Phase.REVERTED)
        assert reverted.data["late"] is True
        assert "the test" in reverted.data["why"]


def test_without_a_ledger_what_cannot_be_proved_or_is_in_doubt_ends_with_1(shop: Ground) -> None:
    (shop.folder / "simian.db").write_bytes(b"no ledger" * 500)
    put_mark(shop, "node-b", signed(shop, "node-b", key="0" * 32))
    assert revert(shop) == 1
    assert is_cordoned(shop, "node-b")


def test_a_run_that_only_a_mark_tells_of_is_reverted_by_its_name(shop: Ground) -> None:
    put_mark(shop, "node-b", signed(shop, "node-b", run="lonely"))
    with pytest.raises(UsageError, match="run nobody holds nothing"):
        # what is found on the way is an orphan all the same
        revert(shop, "nobody")
    put_mark(shop, "node-c", signed(shop, "node-c", run="lonely"))
    assert revert(shop, "lonely") == 0
    assert not is_cordoned(shop, "node-b")
    assert not is_cordoned(shop, "node-c")


def test_a_run_that_only_a_mark_tells_of_is_reverted_by_name_without_a_ledger_too(shop: Ground) -> None:
    (shop.folder / "simian.db").write_bytes(b"no ledger" * 500)
    put_mark(shop, "node-b", signed(shop, "node-b", run="lonely"))
    put_mark(shop, "node-c", signed(shop, "node-c", run="other"))
    with pytest.raises(UsageError, match="no mark and no record tells of run nobody"):
        revert(shop, "nobody")
    assert revert(shop, "lonely") == 0
    assert not is_cordoned(shop, "node-b")
    assert is_cordoned(shop, "node-c")


def test_the_agent_reverts_what_only_a_mark_tells_of_when_it_is_asked(shop: Ground) -> None:
    with shop.house() as house:
        with at_work(agent_of(house)):
            put_mark(shop, "node-b", signed(shop, "node-b", run="lonely"))
            assert revert(shop, "lonely") == 0
            assert not is_cordoned(shop, "node-b")
            with pytest.raises(UsageError, match="run nobody holds nothing"):
                revert(shop, "nobody")
            put_mark(shop, "node-c", signed(shop, "node-c", run="more"))
            assert revert(shop) == 0
            assert not is_cordoned(shop, "node-c")


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
def test_no_change_of_a_mark_and_no_other_node_makes_anybody_write(shop: Ground, data: st.DataObject) -> None:
    text = signed(shop, "node-b")
    at = data.draw(st.integers(0, len(text) - 1))
    put = data.draw(st.characters(min_codepoint=32, max_codepoint=0x2FF))
    name, value = data.draw(st.sampled_from(sorted(json.loads(text)))), data.draw(st.text(max_size=9))
    changed = data.draw(st.sampled_from([text, text[:at] + put + text[at + 1 :], edited(text, **{name: value})]))
    node = "node-c" if changed == text else "node-b"
    put_mark(shop, node, changed)
    with shop.house() as house:
        before = shop.node(node)
        recover(house)
        assert shop.node(node) == before
        assert list(house.books.ledger.query(phase=Phase.ADOPTED)) == []
    assert not (shop.folder / "simian.records").exists()
