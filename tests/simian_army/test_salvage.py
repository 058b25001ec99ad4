"""Does the key alone revert everything that a mark or a record tells of, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from simian_army.contract import FaultKind, Platform
from simian_army.model import Phase
from simian_army.salvage import Salvage, Saved
from simian_army.undertaker.relics import SignedRelics
from tests.simian_army.yard import FLEET, KEY, World, Yard


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.ledger.close()


def salvage_of(world: World) -> Salvage:
    platforms = {"fake": cast(Platform, world.yard), **world.others}
    relics = SignedRelics(KEY, FLEET, world.folder, world.clock)
    return Salvage(platforms, {"lever": cast(FaultKind, world.kind)}, relics, world.clock)


def reverted(world: World, run: str = "", grace: float = 30) -> tuple[list[str], list[Saved], tuple[str, ...]]:
    """The targets that were proved, what is left, and the doubts."""
    salvage, told = salvage_of(world), list[Saved]()
    haul = salvage.find(run)
    left = salvage.revert(haul, grace, told.append)
    return sorted(saved.orphan.fault.target.id for saved in told), left, haul.doubts


def test_marks_and_records_are_reverted_each_fault_once_and_the_records_dropped(world: World) -> None:
    world.bear("a", world.tell("r1", "a"))
    world.keep("r1", "a")
    world.bear("b", world.tell("r2", "b"))
    world.keep("r3", "c")
    assert reverted(world) == (["a", "b", "c"], [], ())
    assert sorted(world.kind.reverts) == ["a", "b", "c"]
    assert world.folder.all() == []
    assert reverted(world) == ([], [], ())


def test_one_run_leaves_the_others(world: World) -> None:
    world.bear("a", world.tell("r1", "a"))
    world.keep("r2", "b")
    assert reverted(world, "r2") == (["b"], [], ())
    assert world.kind.pulled == {"a"}
    assert reverted(world, "r1") == (["a"], [], ())


def test_no_ledger_is_asked_or_told(world: World) -> None:
    world.bear("a", world.tell("r1", "a", Phase.INTENDED, Phase.INJECTED))
    seq = world.ledger.last_seq()
    assert reverted(world)[0] == ["a"]
    assert world.ledger.last_seq() == seq


def test_what_does_not_revert_is_tried_until_it_is_proved(world: World) -> None:
    world.bear("a", world.tell("r1", "a"))
    world.kind.broken = 3
    assert reverted(world) == (["a"], [], ())
    assert len(world.kind.reverts) == 4


def test_what_is_not_proved_in_time_is_named_and_its_record_stays(world: World) -> None:
    world.keep("r1", "a")
    world.kind.broken = 1000
    told, left, _ = reverted(world, grace=2)
    assert told == []
    assert [saved.proof.detail for saved in left] == ["ConnectionError: the platform is away"]
    assert len(world.folder.all()) == 1


def test_what_is_not_genuine_is_a_doubt_and_never_executed(world: World) -> None:
    world.yard.texts = {"a": "garbage", "b": ""}
    world.folder.put("simian-odd", "garbage")
    told, left, doubts = reverted(world)
    assert (told, left) == ([], [])
    assert len(doubts) == 3
    assert world.kind.reverts == []


def test_a_platform_that_cannot_be_listed_is_a_doubt_and_keeps_no_other_back(world: World) -> None:
    world.others = {"broken": cast(Platform, Yard(away="no answer"))}
    world.bear("a", world.tell("r1", "a"))
    told, _, doubts = reverted(world)
    assert told == ["a"]
    assert doubts == ("the marks on broken cannot be read: no answer",)


def test_marks_are_looked_for_where_records_say(world: World) -> None:
    world.keep("r1", "a", scope="gone-from-config")
    salvage_of(world).find()
    assert world.yard.asked == [frozenset({"gone-from-config"})]
