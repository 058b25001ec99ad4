"""Is everything taken up that a crash left, by ledger or by record, and nothing twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Any, cast

import pytest

from simian_army.clock import SystemClock
from simian_army.errors import SimianError
from simian_army.model import Phase
from simian_army.records import Relic
from simian_army.recovery import Recovery
from simian_army.rounds import Rounds
from tests.simian_army.yard import HOLD, World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.ledger.close()


def whys(world: World, phase: Phase) -> list[str]:
    return [str(event.data.get("why")) for event in world.ledger.query(phase=phase)]


def test_what_still_has_time_is_adopted_for_that_time_and_no_longer(world: World) -> None:
    world.tell("run", "a", Phase.INTENDED, Phase.INJECTED)
    world.clock.advance(HOLD / 2)
    assert world.recover() == 1
    (held,) = world.keeper.held()
    assert held.until - world.clock.monotonic() == HOLD / 2
    assert held.key in cast(Any, world.keeper.trustee).wards, "and looked after, should we die too"
    world.nothing_more_happens()
    world.clock.advance(HOLD / 2 - 1)
    world.keeper.tick()
    assert world.kind.reverts == []
    world.clock.advance(2)
    world.keeper.tick()
    assert world.kind.reverts == ["a"]


@pytest.mark.parametrize("late", [0, 3600])
def test_what_is_past_its_deadline_is_reverted_at_once(world: World, late: float) -> None:
    world.tell("run", "a", Phase.INTENDED, Phase.INJECTED)
    world.clock.advance(HOLD + late)
    assert world.recover() == 1
    assert world.kind.reverts == ["a"]
    assert whys(world, Phase.REVERTED) == ["its time is over"]
    world.nothing_more_happens()


def test_what_its_undertaker_ended_is_proved_told_and_its_record_dropped(world: World) -> None:
    world.tell("run", "a", Phase.INTENDED, Phase.INJECTED)
    name = world.keep("run", "a")
    world.folder.end(name, "uncordoned, read back")
    assert world.recover() == 1
    assert whys(world, Phase.REVERTED) == ["its undertaker ended it: uncordoned, read back"]
    assert world.ledger.open_faults() == []
    assert world.folder.all() == []
    world.nothing_more_happens()


def test_the_word_that_an_undertaker_ended_it_is_not_believed_before_it_is_seen(world: World) -> None:
    world.tell("run", "a", Phase.INTENDED, Phase.INJECTED)
    world.kind.pulled.add("a")
    world.folder.end(world.keep("run", "a"), "trust me")
    world.kind.broken = 1
    world.recover()
    assert whys(world, Phase.REVERTED) == []
    world.clock.advance(10)
    world.keeper.tick()
    assert world.kind.pulled == set()
    assert len(whys(world, Phase.REVERTED)) == 1


@pytest.mark.parametrize("phases", [(), (Phase.INTENDED, Phase.DENIED), (Phase.INTENDED, Phase.REVERTED)])
def test_a_record_without_an_open_attempt_is_reverted_told_and_dropped(world: World, phases: tuple[Phase, ...]) -> None:
    world.tell("run", "a", *phases)
    world.keep("run", "a")
    world.kind.pulled.add("a")
    assert world.recover() == 1
    assert world.kind.pulled == set()
    assert world.told()[-2:] == ["adopted", "reverted"]
    assert [event.data["by"] for event in world.ledger.query(phase=Phase.ADOPTED)] == ["record"]
    assert world.folder.all() == []
    world.nothing_more_happens()


def test_a_record_and_a_mark_of_one_orphan_are_one_revert(world: World) -> None:
    world.bear("a", world.tell("run", "a"))
    world.keep("run", "a")
    assert world.recover() == 1
    assert world.kind.reverts == ["a"]
    world.nothing_more_happens()


def test_the_record_of_what_was_reverted_with_proof_only_goes(world: World) -> None:
    world.tell("run", "a", Phase.INTENDED, Phase.INJECTED, Phase.REVERTED)
    world.keep("run", "a")
    seq = world.ledger.last_seq()
    assert world.recover() == 0
    assert world.kind.reverts == []
    assert world.folder.all() == []
    assert world.ledger.last_seq() == seq


def test_what_an_undertaker_ended_alone_is_written_down_before_its_record_goes(world: World) -> None:
    world.folder.end(world.keep("run", "a"), "uncordoned, read back")
    assert world.recover() == 0
    (reverted,) = world.ledger.query(phase=Phase.REVERTED)
    assert reverted.data["detail"] == "uncordoned, read back"
    assert "its undertaker ended it" in reverted.data["why"]
    assert world.folder.all() == []
    world.nothing_more_happens()


def test_the_record_of_what_is_held_here_stays(world: World) -> None:
    world.tell("run", "a", Phase.INTENDED, Phase.INJECTED)
    world.keep("run", "a")
    world.recover()
    world.recover()
    assert len(world.folder.all()) == 1


def test_what_its_undertaker_ended_while_we_held_it_is_ended_here_too_and_no_other_of_the_run(world: World) -> None:
    for target in ("a", "b"):
        world.tell("run", target, Phase.INTENDED, Phase.INJECTED)
        world.keep("run", target)
    world.recover()
    (name,) = [kept.name for kept in world.folder.all() if '"a"' in kept.text]
    world.folder.end(name, "uncordoned, read back")
    world.recover()
    world.keeper.tick()
    assert world.kind.reverts == ["a"]
    assert whys(world, Phase.REVERTED) == ["its undertaker ended it: uncordoned, read back"]
    assert [held.key for held in world.keeper.held()] == [("run", "b")]


@pytest.mark.parametrize("text", ["garbage", "", "{}", "\udcff"])
def test_a_record_that_cannot_be_read_is_told_once_and_left(world: World, text: str) -> None:
    world.folder.put("simian-odd", "")
    (world.folder.path / "simian-odd.json").write_bytes(text.encode(errors="surrogateescape"))
    world.keep("run", "a")
    world.recover()
    assert [alarm["rule"] for alarm in world.found()] == ["forged-record"]
    assert world.kind.reverts == ["a"], "it keeps no other back"
    assert [kept.name for kept in world.folder.all()] == ["simian-odd"]
    world.nothing_more_happens()


def test_a_record_put_under_the_name_of_another_is_told_and_not_executed(world: World) -> None:
    name = world.keep("run", "a")
    (kept,) = world.folder.all()
    world.folder.drop(name)
    world.folder.put("simian-other", kept.text)
    world.recover()
    assert world.kind.reverts == []
    assert [alarm["rule"] for alarm in world.found()] == ["forged-record"]


class AwayRelics:
    """Records that cannot be had."""

    def all(self) -> list[Relic]:
        raise SimianError("the disk is gone")

    def drop(self, name: str) -> None:
        raise SimianError("the disk is gone")

    def latest(self) -> datetime | None:
        raise SimianError("the disk is gone")


def test_records_that_cannot_be_had_keep_neither_ledger_nor_marks_back(world: World) -> None:
    cast(Any, world.recovery).estate = type(world.recovery.estate)(
        AwayRelics(), world.recovery.estate.orphans, world.ledger
    )
    world.tell("run", "a", Phase.INTENDED)
    world.bear("b", world.tell("other", "b"))
    assert world.recover() == 2
    assert sorted(world.kind.reverts) == ["a", "b"]
    assert [alarm["rule"] for alarm in world.found()] == ["unread"]
    seq = world.ledger.last_seq()
    world.recover()
    assert world.ledger.last_seq() == seq


def test_rounds_go_on_whatever_breaks_and_end_when_told() -> None:
    looks: list[int] = []
    three = Event()

    class Breaking:
        def again(self) -> int:
            looks.append(1)
            if len(looks) >= 3:
                three.set()
            raise RuntimeError("an adapter broke")

    rounds = Rounds(cast(Recovery, Breaking()), SystemClock(), every=0.01)
    rounds.start()
    assert three.wait(30)
    rounds.stop()
    seen = len(looks)
    Event().wait(0.1)
    assert len(looks) == seen
