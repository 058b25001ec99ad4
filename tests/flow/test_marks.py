"""What becomes of marks that were forged, copied, edited, deleted or put back, and of faults that only a mark tells of."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simian_army import marks
from simian_army.cli import acts
from simian_army.contract import FaultKind
from simian_army.errors import Unknown, UsageError
from simian_army.model import Fault, Mark, Phase
from simian_army.rounds import Rounds
from simian_army.wiring import House
from tests.flow.ground import KEY, Ground
from tests.flow.hands import (
    alarms,
    end_all,
    is_bare,
    is_cordoned,
    mark_on,
    nothing_is_written,
    patch,
    put_mark,
    recover,
    signed,
    take_mark,
)
from tests.flow.test_agent import agent_of

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HELD = "node-a"  # the one node that may be cordoned


def hold(house: House) -> str:
    """Cordon a node; returns the run."""
    outcome = house.engine.fire(house.entries["nodes"], AT)
    assert outcome.taken
    return outcome.run.id


def revert(shop: Ground, run: str = "") -> int:
    return acts.revert(shop.config, run, "the test", every=not run, force=False, as_json=False)


def forget_ledger(shop: Ground) -> None:
    for file in shop.folder.glob("simian.db*"):
        if file.suffix != ".spool":
            file.unlink()


def forget_records(shop: Ground) -> None:
    for file in (shop.folder / "simian.records").glob("simian-*"):
        file.unlink()


def edited(text: str, **change: Any) -> str:
    return json.dumps({**json.loads(text), **change})


def forged(shop: Ground) -> str:
    return signed(shop, "node-b", key="0" * 32)


def of_another_kind(shop: Ground) -> str:
    return edited(signed(shop, "node-b"), kind="node-cordon2")


def copied(shop: Ground) -> str:
    return mark_on(shop, HELD)


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (forged, "forged-mark"),
        (of_another_kind, "forged-mark"),
        (copied, "copied-mark"),
        (lambda _: None, "forged-mark"),
    ],
    ids=["forged", "edited", "copied", "label alone"],
)
def test_a_mark_that_is_not_genuine_is_told_once_and_never_executed(
    shop: Ground, make: Callable[[Ground], str | None], rule: str
) -> None:
    with shop.house() as house:
        hold(house)
        put_mark(shop, "node-b", make(shop))
        before = shop.node("node-b")
        recover(house)
        assert alarms(house) == [(rule, "node node-b")]
        with nothing_is_written(shop, house):
            recover(house)
        end_all(house)
        assert not is_cordoned(shop, HELD)
        assert is_bare(shop, HELD)
        assert shop.node("node-b") == before
    with shop.house() as house, nothing_is_written(shop, house):
        recover(house)


@pytest.mark.parametrize("change", [{"run": "another"}, {"undo": {"unschedulable": True}}, {"mac": "0" * 64}])
def test_a_mark_that_is_edited_while_its_fault_is_held_is_told_and_the_ledger_reverts_what_it_did(
    shop: Ground, change: dict[str, Any]
) -> None:
    with shop.house() as house:
        hold(house)
        put_mark(shop, HELD, edited(mark_on(shop, HELD), **change))
        recover(house)
        assert alarms(house) == [("forged-mark", f"node {HELD}")]
        end_all(house)
        assert not is_cordoned(shop, HELD)
        assert is_bare(shop, HELD)
        assert house.books.ledger.open_faults() == []


@pytest.mark.parametrize(
    ("label", "annotation", "cordoned"), [(True, False, False), (False, True, True), (True, True, True)]
)
def test_a_mark_that_is_deleted_is_no_reason_to_forget_its_fault(
    shop: Ground, label: bool, annotation: bool, cordoned: bool
) -> None:
    with shop.house() as house:
        hold(house)
        take_mark(shop, HELD, label=label, annotation=annotation)
        recover(house)
        assert alarms(house) == []
        end_all(house)
        # a cordon without our annotation is somebody's decision, and kept: so the kind says
        assert is_cordoned(shop, HELD) is cordoned
        assert is_bare(shop, HELD)
        (reverted,) = house.books.ledger.query(phase=Phase.REVERTED)
        assert ("someone" in reverted.data["detail"]) is cordoned
        with nothing_is_written(shop, house):
            recover(house)


def test_an_old_mark_that_is_put_back_is_told_once_and_never_executed(shop: Ground) -> None:
    with shop.house() as house:
        hold(house)
        old = mark_on(shop, HELD)
        end_all(house)
        assert not is_cordoned(shop, HELD)
        put_mark(shop, HELD, old)
        for _ in range(2):
            recover(house)
        assert alarms(house) == [("replayed-mark", f"node {HELD}")]
    with shop.house() as house, nothing_is_written(shop, house):
        recover(house)
    assert is_cordoned(shop, HELD)
    assert mark_on(shop, HELD) == old


class LateKind:
    """Its injection is sent, no answer comes, and it lands when the test says so."""

    def __init__(self, real: FaultKind) -> None:
        self._real = real
        self.land: Callable[[], None] = lambda: None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def inject(self, fault: Fault, mark: Mark) -> None:
        self.land = partial(self._real.inject, fault, mark)
        raise Unknown("sent, but no answer came")


def test_a_write_that_lands_after_its_revert_was_proved_is_reverted_too(shop: Ground) -> None:
    with shop.house() as house:
        late = LateKind(house.kinds["node-cordon"])
        kinds = {**house.kinds, "node-cordon": cast(FaultKind, late)}
        house.keeper.kinds = kinds
        engine = replace(house.engine, judge=replace(house.engine.judge, kinds=kinds))
        engine.fire(house.entries["nodes"], AT)
        end_all(house)
        assert house.books.ledger.open_faults() == []
        late.land()
        assert is_cordoned(shop, HELD)
        assert recover(house) == 1
        assert not is_cordoned(shop, HELD)
        assert is_bare(shop, HELD)
        phases = [str(event.phase) for event in house.books.ledger.query() if event.target]
        assert phases == ["intended", "reverted", "adopted", "reverted"]
        with nothing_is_written(shop, house):
            recover(house)


class LookingKind:
    """While it injects, before and after its write, recovery looks for what nobody looks after."""

    def __init__(self, real: FaultKind, look: Callable[[], int]) -> None:
        self._real, self._look = real, look
        self.found: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def inject(self, fault: Fault, mark: Mark) -> None:
        self.found += [self._look(), self._look()]
        self._real.inject(fault, mark)
        self.found += [self._look(), self._look()]


def test_a_look_in_the_middle_of_an_injection_takes_nothing_up(shop: Ground) -> None:
    with shop.house() as house:
        looking = LookingKind(house.kinds["node-cordon"], house.recovery.again)
        kinds = {**house.kinds, "node-cordon": cast(FaultKind, looking)}
        house.keeper.kinds = kinds
        engine = replace(house.engine, judge=replace(house.engine.judge, kinds=kinds))
        assert engine.fire(house.entries["nodes"], AT).taken
        assert looking.found == [0, 0, 0, 0]
        house.keeper.tick()
        assert is_cordoned(shop, HELD)
        assert house.engine.flights.now() == frozenset()
        end_all(house)


def test_a_rounds_look_finds_an_orphan_while_the_agent_lives(shop: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simian_army.agent.Rounds", partial(Rounds, every=0.2))
    with shop.house() as house:
        agent = agent_of(house)
        thread = Thread(target=agent.run)
        thread.start()
        try:
            Event().wait(0.5)
            put_mark(shop, "node-b", signed(shop, "node-b"))
            for _ in range(100):
                if is_bare(shop, "node-b"):
                    break
                Event().wait(0.1)
            assert not is_cordoned(shop, "node-b")
        finally:
            agent.stopping.set()
            thread.join(30)
        assert not thread.is_alive()


def test_another_fleets_marks_are_neither_touched_nor_told(shop: Ground, tmp_path: Path) -> None:
    elsewhere = tmp_path / "other"
    elsewhere.mkdir()
    other = Ground(shop.server, elsewhere)
    other.write()
    other.config.write_text(other.config.read_text().replace("fleet: test", "fleet: other").replace(KEY, "f" * 32))
    with shop.house() as house:
        hold(house)
        put_mark(shop, "node-b", signed(shop, "node-b", fleet="other", key="f" * 32))
        with nothing_is_written(shop, house):
            recover(house)
        mine = mark_on(shop, HELD)
        with other.house() as theirs:
            assert recover(theirs) == 1
            assert alarms(theirs) == []
        assert is_bare(shop, "node-b")
        assert revert(other) == 0
        assert mark_on(shop, HELD) == mine
        assert is_cordoned(shop, HELD)
        end_all(house)


def test_marks_are_found_where_config_does_not_look_any_more(shop: Ground) -> None:
    with shop.house() as house:
        assert house.engine.fire(house.entries["pods"], AT).taken
        end_all(house)
    assert shop.server.settle(20)
    pod = next(
        one["metadata"] for one in shop.server.objects("Pod", "shop") if one["metadata"]["name"].startswith("cart")
    )
    patch(shop, f"/api/v1/namespaces/shop/pods/{pod['name']}", {"metadata": {"labels": {marks.HELD: "true"}}})
    said = shop.config.read_text()
    shop.config.write_text(said.replace("context: here,", "context: here, namespaces: [default],"))
    with shop.house() as house:
        recover(house)
        assert alarms(house) == [("forged-mark", f"pod shop/{pod['name']}")]
        end_all(house)


def test_a_held_node_is_swept_whatever_namespaces_config_names(shop: Ground) -> None:
    with shop.house() as house:
        hold(house)
    forget_ledger(shop)
    forget_records(shop)
    said = shop.config.read_text()
    shop.config.write_text(said.replace("context: here,", "context: here, namespaces: [default],"))
    assert revert(shop) == 0
    assert not is_cordoned(shop, HELD)


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
        agent = agent_of(house)
        thread = Thread(target=agent.run)
        thread.start()
        try:
            Event().wait(0.5)
            put_mark(shop, "node-b", signed(shop, "node-b", run="lonely"))
            assert revert(shop, "lonely") == 0
            assert not is_cordoned(shop, "node-b")
            with pytest.raises(UsageError, match="run nobody holds nothing"):
                revert(shop, "nobody")
            put_mark(shop, "node-c", signed(shop, "node-c", run="more"))
            assert revert(shop) == 0
            assert not is_cordoned(shop, "node-c")
        finally:
            agent.stopping.set()
            thread.join(30)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
