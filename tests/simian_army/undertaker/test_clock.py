"""Does an undertaker whose clock was set, or that hears a clock that is off, hold nothing for longer."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from simian_army.contract import FaultKind
from simian_army.undertaker.service import HEAD_START, SILENCE, Undertaker
from tests.simian_army.undertaker.stores import FLEET, KEY
from tests.simian_army.undertaker.test_service import Scene

HOUR = 3600.0


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path / "records")


def again(scene: Scene) -> None:
    """The process ends, and another begins."""
    kinds = {"lever": cast(FaultKind, scene.lever)}
    scene.made = Undertaker(FLEET, KEY, scene.records, kinds, scene.clock, stays=True)


def set_by(scene: Scene, seconds: float) -> None:
    scene.clock.wall += timedelta(seconds=seconds)


def test_one_that_starts_again_with_its_clock_set_back_goes_by_the_last_sign_of_life(scene: Scene) -> None:
    scene.pull(hold=3 * HOUR)
    for _ in range(4):
        scene.look(HOUR / 2)
    set_by(scene, -HOUR)
    again(scene)
    scene.look()
    for _ in range(2):
        scene.look(HOUR / 2 - 1)
    assert scene.lever.pulled == {"a"}
    scene.look(2 + HEAD_START)
    assert scene.lever.pulled == set(), "three hours after it began, whatever the clock says"


def test_one_that_starts_again_before_the_beginning_ends_the_fault(scene: Scene) -> None:
    scene.pull(hold=HOUR)
    scene.look()
    for who in ("agent", "undertaker"):
        scene.records.beat(who, "1")  # as one that tells no time
    set_by(scene, -HOUR)
    again(scene)
    scene.look(agent=False)
    scene.look(HEAD_START)
    assert scene.lever.pulled == set()


@pytest.mark.parametrize("behind", [HOUR, 60.0])
def test_an_undertaker_whose_clock_is_behind_that_of_its_agent_holds_a_new_fault_for_its_time(
    scene: Scene, behind: float
) -> None:
    set_by(scene, -behind)
    scene.look()
    scene.pull(hold=60)
    scene.look()
    scene.look(60)
    assert scene.lever.pulled == {"a"}
    scene.look(HEAD_START)
    assert scene.lever.pulled == set()


def test_a_beat_from_the_future_is_no_sign_of_life_for_longer_than_any_other(scene: Scene) -> None:
    scene.pull(hold=24 * HOUR)
    for count in range(3):
        scene.records.beat("agent", f"2100-01-01T00:00:00+00:00 {count}")
        scene.look(1, agent=False)
    scene.look(SILENCE - 1, agent=False)
    assert scene.lever.pulled == {"a"}
    scene.look(2, agent=False)
    assert scene.lever.pulled == set()


def test_an_hour_ahead_ends_what_is_held_at_once(scene: Scene) -> None:
    scene.pull(hold=HOUR / 2)
    scene.look()
    set_by(scene, HOUR)
    scene.look(0.1)
    assert scene.lever.pulled == set()
