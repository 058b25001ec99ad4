"""What becomes of marks that were forged, copied, edited, deleted or put back, and of faults that only a mark tells of."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest

from simian_army import marks
from simian_army.cli import acts
from simian_army.contract import FaultKind
from simian_army.errors import Unknown
from simian_army.model import Fault, Mark, Phase
from simian_army.rounds import Rounds
from simian_army.wiring import House
from tests.cluster.waiting import until
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
from tests.flow.test_agent import agent_of, at_work

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
    return json.dumps({**json.loads(text), **change}, sort_keys=True, separators=(",", ":"))


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
        assert phases == ["intended", "reverted", "judged", "adopted", "reverted"], "it is judged once"
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


def becomes_bare(shop: Ground, node: str) -> None:
    until(f"{node} to bear no mark", lambda: is_bare(shop, node), 60)


def test_a_rounds_look_finds_an_orphan_while_the_agent_lives(shop: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simian_army.agent.Rounds", lambda who, clock, *_: Rounds(who, clock, 0.2))
    with shop.house() as house:
        with at_work(agent_of(house)) as (_, thread):
            put_mark(shop, "node-b", signed(shop, "node-b"))
            becomes_bare(shop, "node-b")
            assert not is_cordoned(shop, "node-b")
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
