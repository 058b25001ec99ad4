"""Does the undertaker end what nobody else does, and only that."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simian_army.contract import FaultKind
from simian_army.undertaker.folder import Folder
from simian_army.undertaker.record import Record, to_text
from simian_army.undertaker.service import HEAD_START, SILENCE, Undertaker
from simian_army.undertaker.store import GONE
from tests.simian_army.fakes import FakeClock, Lever
from tests.simian_army.undertaker.stores import FLEET, KEY, held


class Scene:
    """An undertaker over a folder, a fake clock and levers; ``agent`` beats while it is said to live."""

    def __init__(self, folder: Path, *, stays: bool = True) -> None:
        self.clock, self.lever, self.records = FakeClock(), Lever(), Folder(folder)
        kinds = {"lever": cast(FaultKind, self.lever)}
        self.made = Undertaker(FLEET, KEY, self.records, kinds, self.clock, stays=stays)
        self.beats = 0

    def pull(self, name: str = "a", hold: float = 60) -> str:
        one = held(name, hold)
        self.lever.pulled.add(name)
        record = Record(one.run, one.fault, one.mark, one.end)
        self.records.put(record.name, to_text(KEY, record))
        return record.name

    def look(self, seconds: float = 0.0, *, agent: bool = True) -> bool:
        self.clock.advance(seconds)
        if agent:
            self.beats += 1
            self.records.beat("agent", str(self.beats))
        return self.made.look(_now)


def _now(work: Callable[[], None]) -> None:
    work()


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path / "records")


def test_a_record_is_acknowledged_and_left_alone_until_its_time(scene: Scene) -> None:
    name = scene.pull()
    scene.look()
    kept = scene.records.get(name)
    assert kept is not None
    assert kept.acknowledged
    scene.look(60 + HEAD_START - 0.1)
    assert scene.lever.pulled == {"a"}
    scene.look(0.2)
    assert scene.lever.pulled == set()
    kept = scene.records.get(name)
    assert kept is not None
    assert kept.ended == "back"


def test_one_whose_agent_is_silent_is_ended_before_its_time(scene: Scene) -> None:
    scene.pull(hold=3600)
    scene.look()
    scene.look(1.0)
    scene.look(SILENCE - 1, agent=False)
    assert scene.lever.pulled == {"a"}
    scene.look(2, agent=False)
    assert scene.lever.pulled == set()


def test_a_beat_left_by_an_agent_long_dead_is_no_sign_of_life(scene: Scene) -> None:
    scene.records.beat("agent", "old")
    scene.pull(hold=3600)
    scene.look(agent=False)
    scene.look(SILENCE + 1, agent=False)
    assert scene.lever.pulled == set()


def test_a_record_that_this_fleet_did_not_write_is_neither_acknowledged_nor_obeyed(scene: Scene) -> None:
    name = scene.pull(hold=1)
    kept = scene.records.get(name)
    assert kept is not None
    scene.records.put(name, kept.text.replace('"hold": 1', '"hold": 2'))
    for _ in range(3):
        scene.look(SILENCE, agent=False)
    assert scene.lever.pulled == {"a"}
    again = scene.records.get(name)
    assert again is not None
    assert not again.acknowledged


def test_a_record_under_another_name_is_not_obeyed(scene: Scene) -> None:
    kept = scene.records.get(scene.pull(hold=1))
    assert kept is not None
    scene.records.drop(kept.name)
    scene.records.put("simian-abcdefghij-0000000000", kept.text)
    scene.look(SILENCE * 2, agent=False)
    assert scene.lever.pulled == {"a"}


def test_a_record_dropped_by_its_agent_is_forgotten(scene: Scene) -> None:
    name = scene.pull()
    scene.look()
    scene.records.drop(name)
    scene.look(3600)
    assert scene.lever.reverts == []


def test_a_revert_that_fails_is_tried_until_it_is_proved(scene: Scene) -> None:
    scene.lever.broken = 5
    scene.pull(hold=1)
    scene.look()
    for _ in range(100):
        scene.look(1)
    assert scene.lever.pulled == set()
    assert len(scene.lever.reverts) == 6


@given(jump=st.integers(-90_000, 90_000))
def test_a_wall_clock_that_jumps_never_lengthens_a_hold(tmp_path_factory: pytest.TempPathFactory, jump: int) -> None:
    scene = Scene(tmp_path_factory.mktemp("records"))
    scene.pull(hold=60)
    scene.look()
    scene.clock.wall += timedelta(seconds=jump)
    scene.clock.ticks += 60 + HEAD_START
    scene.look()
    assert scene.lever.pulled == set()


def test_it_ends_when_its_agent_ended_in_order_and_nothing_is_left(tmp_path: Path) -> None:
    scene = Scene(tmp_path / "records", stays=False)
    name = scene.pull()
    assert not scene.look()
    scene.records.beat("agent", GONE)
    assert not scene.look(agent=False), "a fault is still to be ended"
    scene.records.drop(name)
    assert scene.look(agent=False)


def test_it_stays_when_it_is_told_to(scene: Scene) -> None:
    scene.look()
    scene.records.beat("agent", GONE)
    assert not scene.look(SILENCE * 2, agent=False)


def test_a_fault_entrusted_to_one_that_long_listened_alone_gets_the_whole_silence_too(scene: Scene) -> None:
    scene.look(agent=False)
    scene.look(SILENCE * 2, agent=False)
    scene.pull(hold=3600)  # by an agent just started, of which there was one beat at most
    scene.look()
    scene.look(SILENCE - 1, agent=False)
    assert scene.lever.pulled == {"a"}
    scene.look(2, agent=False)
    assert scene.lever.pulled == set()


def test_the_silence_it_bears_is_a_parameter(scene: Scene) -> None:
    scene.made.silence = 3.0
    scene.pull(hold=3600)
    scene.look()
    scene.look(2.9, agent=False)
    assert scene.lever.pulled == {"a"}
    scene.look(0.2, agent=False)
    assert scene.lever.pulled == set()
