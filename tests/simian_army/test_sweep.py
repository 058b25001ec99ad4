"""Is every orphan ended, and nothing ever done for a mark that is not genuine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from simian_army import marks
from simian_army.alarms import SETTLE
from simian_army.contract import Platform
from simian_army.model import Phase, Run
from simian_army.records import NO_RUN
from tests.simian_army.yard import FLEET, HOLD, World, Yard, fault_on, sign

LOOSE = [
    (Phase.DENIED,),
    (Phase.UNKNOWN,),
    (Phase.FAILED,),
    (Phase.REVERTED,),
    (Phase.INJECTED, Phase.FAILED),
]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.ledger.close()


def test_the_mark_of_a_fault_that_the_ledger_holds_open_is_left_to_it(world: World) -> None:
    world.bear("a", world.tell("run", "a", Phase.INTENDED, Phase.INJECTED))
    assert world.recover() == 1
    assert world.told() == ["intended", "injected", "adopted"]
    assert world.kind.reverts == []


def test_the_mark_of_a_run_that_the_ledger_does_not_know_is_reverted_from_its_own_undo(world: World) -> None:
    world.bear("a", world.tell("run", "a"))
    assert world.recover() == 1
    assert world.kind.pulled == set()
    assert world.told() == ["adopted", "reverted"]
    (adopted,) = world.ledger.query(phase=Phase.ADOPTED)
    assert "does not know run run" in adopted.data["why"]
    assert adopted.data["by"] == "mark"
    world.nothing_more_happens()


@pytest.mark.parametrize("ends", LOOSE, ids=lambda ends: "-".join(map(str, ends)))
def test_a_write_that_lands_after_its_attempt_was_ended_without_proof_is_reverted(
    world: World, ends: tuple[Phase, ...]
) -> None:
    mark = world.tell("run", "a", Phase.INTENDED, *ends)
    assert world.recover() == 0
    world.bear("a", mark)
    assert world.recover() == 1
    assert world.kind.pulled == set()
    assert world.told()[-2:] == ["adopted", "reverted"]
    (adopted,) = world.ledger.query(phase=Phase.ADOPTED)
    assert "landed late" in adopted.data["why"]
    world.nothing_more_happens()


def test_a_late_write_is_undone_by_what_the_ledger_says_and_told_of_its_monkey(world: World) -> None:
    mark = world.tell("run", "a", Phase.INTENDED, Phase.UNKNOWN)
    world.bear("a", mark)
    world.recovery.recover()
    (held,) = world.keeper.held()
    assert held.fault.hold == timedelta(seconds=HOLD)
    assert held.run.entry == "e"


def test_the_mark_of_a_fault_that_was_reverted_with_proof_is_a_replay_and_never_executed(world: World) -> None:
    mark = world.tell("run", "a", Phase.INTENDED, Phase.INJECTED, Phase.REVERTED)
    world.bear("a", mark)
    assert world.recover() == 0
    assert world.kind.reverts == []
    (alarm,) = world.found()
    assert (alarm["rule"], alarm["severity"]) == ("replayed-mark", "error")
    assert "lever a" in alarm["detail"]
    assert "remove simian-army/held" in alarm["detail"]
    world.nothing_more_happens()


def test_an_orphan_that_was_ended_once_is_a_replay_when_it_comes_again(world: World) -> None:
    mark = world.tell("run", "a")
    world.bear("a", mark)
    assert world.recover() == 1
    world.bear("a", mark)
    assert world.recover() == 0
    assert world.kind.reverts == ["a"]
    assert [alarm["rule"] for alarm in world.found()] == ["replayed-mark"]


def test_a_late_write_that_a_record_was_adopted_for_before_is_still_reverted(world: World) -> None:
    mark = world.tell("run", "a")
    world.keep("run", "a")
    assert world.recover() == 1
    world.bear("a", mark)
    assert world.recover() == 1
    assert world.kind.pulled == set()
    world.bear("a", mark)
    assert world.recover() == 0
    assert world.kind.reverts == ["a", "a"]


def test_what_a_person_closed_by_force_is_not_taken_up_again(world: World) -> None:
    world.bear("a", world.tell("run", "a", Phase.INTENDED, Phase.INJECTED, Phase.STUCK, Phase.CLOSED))
    assert world.recover() == 0
    assert world.kind.reverts == []
    assert world.found() == []


def forged(world: World) -> str:
    return marks.to_text(marks.sign(b"another", FLEET, "run", fault_on("a"), world.clock.now()))


def edited(world: World) -> str:
    mark = sign(Run("run", "", world.clock.now(), ""), fault_on("a"), world.clock.now())
    return marks.to_text(replace(mark, deadline=mark.deadline + timedelta(days=1)))


def copied(world: World) -> str:
    world.bear("b", world.tell("run", "b", Phase.INTENDED, Phase.INJECTED))
    return world.yard.texts["b"]


def copied_from_the_past(world: World) -> str:
    mark = world.tell("run", "b", Phase.INTENDED, Phase.INJECTED, Phase.REVERTED)
    return marks.to_text(mark)


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (forged, "forged-mark"),
        (edited, "forged-mark"),
        (copied, "copied-mark"),
        (copied_from_the_past, "copied-mark"),
        (lambda _: "garbage", "forged-mark"),
        (lambda _: "", "forged-mark"),
    ],
    ids=["forged", "edited", "copied", "copied from the past", "garbage", "label alone"],
)
def test_what_is_no_mark_of_ours_for_that_target_is_never_executed_and_told_once(
    world: World, make: Any, rule: str
) -> None:
    world.yard.texts["a"] = make(world)
    world.kind.pulled.add("a")
    world.recover()
    assert "a" not in world.kind.reverts
    assert "a" in world.kind.pulled
    (alarm,) = world.found()
    assert (alarm["rule"], alarm["severity"]) == (rule, "error")
    assert alarm["target"]["name"] == "lever a"
    if rule == "copied-mark":
        assert "lever b" in alarm["detail"]
    world.nothing_more_happens()


def test_another_text_on_the_same_target_is_told_too(world: World) -> None:
    for text in ("one", "two", "one"):
        world.yard.texts["a"] = text
        world.recover()
    assert len(world.found()) == 2


def test_half_a_mark_on_a_target_that_is_held_is_left_to_its_revert(world: World) -> None:
    world.tell("run", "a", Phase.INTENDED, Phase.INJECTED)
    world.yard.texts["a"] = ""
    world.recover()
    assert world.found() == []
    world.clock.advance(HOLD + 1)
    world.keeper.tick()
    assert world.yard.texts == {}


def test_a_mark_that_was_changed_while_its_fault_is_held_is_told_and_reverted_by_the_ledger(world: World) -> None:
    mark = world.tell("run", "a", Phase.INTENDED, Phase.INJECTED)
    world.bear("a", replace(mark, undo={"pulled": "for ever"}))
    world.recover()
    assert [alarm["rule"] for alarm in world.found()] == ["forged-mark"]
    world.clock.advance(HOLD + 1)
    world.keeper.tick()
    assert [done.undo for done in world.kind.done] == [{"pulled": False}]
    assert world.yard.texts == {}


@pytest.mark.parametrize("text", ["", "half of it"])
def test_nothing_is_told_of_a_target_that_something_was_just_done_to(world: World, text: str) -> None:
    world.settle = SETTLE
    world.process()
    world.tell("run", "a", Phase.INTENDED, Phase.INJECTED, Phase.REVERTED)
    world.yard.texts["a"] = text
    world.recover()
    assert world.found() == []
    world.clock.advance(SETTLE.total_seconds() + 1)
    world.recover()
    assert len(world.found()) == 1


def test_what_is_reverted_while_the_marks_are_listed_is_no_replay(world: World) -> None:
    mark = world.tell("run", "a", Phase.INTENDED, Phase.INJECTED)
    world.bear("a", mark)
    world.recovery.recover()
    held = world.keeper.held()[0]

    def reverted() -> None:
        world.keeper.end("", "now")
        world.keeper.tick()
        world.keeper.tick()
        world.yard.meanwhile = lambda: None

    world.yard.meanwhile = reverted
    assert world.recovery.recover() == 0
    assert world.told()[-1] == "reverted"
    assert world.found() == []
    assert held.key not in {one.key for one in world.keeper.open()}


def test_what_is_begun_and_ended_while_the_marks_are_listed_is_no_orphan_and_no_replay(world: World) -> None:
    mark = sign(Run("run", "e", world.clock.now(), ""), fault_on("a"), world.clock.now() + timedelta(seconds=HOLD))
    world.bear("a", mark)
    world.yard.meanwhile = lambda: world.tell("run", "a", Phase.INTENDED, Phase.INJECTED, Phase.REVERTED)
    assert world.recovery.recover() == 0
    assert world.kind.reverts == []
    assert world.found() == []


def test_a_fault_that_is_being_begun_is_nobodys_orphan(world: World) -> None:
    world.tell("run", "a", Phase.INTENDED)
    with world.recovery.flights.under_way("run", "a"):
        assert world.recovery.recover() == 0
        assert world.recovery.again() == 0
        assert world.recovery.again() == 0
    assert world.recovery.recover() == 1


def test_while_others_are_at_work_an_open_fault_is_taken_up_when_it_is_found_twice(world: World) -> None:
    world.tell("run", "a", Phase.INTENDED, Phase.INJECTED)
    assert world.recovery.again() == 0
    assert world.recovery.again() == 1
    assert world.recovery.again() == 0


@pytest.mark.parametrize("by", ["mark", "record"])
def test_an_orphan_that_is_still_being_tried_is_not_taken_up_again(world: World, by: str) -> None:
    mark = world.tell("run", "a")
    world.bear("a", mark) if by == "mark" else world.keep("run", "a")
    world.kind.broken = 1000
    assert world.recover() == 1
    seq = world.ledger.last_seq()
    assert world.recover() == 0
    assert world.ledger.last_seq() == seq


def test_a_kind_that_cannot_be_used_is_told_once(world: World) -> None:
    fault = replace(fault_on("a"), kind="unheard-of")
    world.yard.texts["a"] = marks.to_text(sign(NO_RUN, fault, world.clock.now()))
    assert world.recover() == 0
    (alarm,) = world.found()
    assert alarm["rule"] == "unknown-kind"
    assert "install its plug-in" in alarm["detail"]
    world.nothing_more_happens()


def test_a_platform_that_cannot_be_listed_keeps_no_other_back_and_is_told_once_until_it_answers(world: World) -> None:
    broken = Yard(name="broken", away="403: list levers")
    world.others = {"broken": cast(Platform, broken)}
    world.process()
    world.bear("a", world.tell("run", "a"))
    assert world.recover() == 1
    assert world.kind.pulled == set()
    assert [alarm["rule"] for alarm in world.found()] == ["unread"]
    assert "403: list levers" in world.found()[0]["detail"]
    seq = world.ledger.last_seq()
    world.recover()
    assert world.ledger.last_seq() == seq, "told once"
    broken.away = ""
    world.recover()
    broken.away = "500"
    world.recover()
    assert len(world.found()) == 2


def test_what_a_platform_told_before_it_broke_is_acted_on(world: World) -> None:
    world.yard.away = "reset in mid-answer"
    world.bear("a", world.tell("run", "a"))
    assert world.recover() == 1
    assert world.kind.pulled == set()
