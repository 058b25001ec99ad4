"""Does a clock that was set while nobody ran lengthen no hold."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from simian_army.model import Phase
from tests.simian_army.yard import HOLD, World

HOUR = timedelta(hours=1)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def whys(world: World) -> list[str]:
    return [str(event.data.get("why")) for event in world.ledger.query(phase=Phase.REVERTED)]


def test_a_clock_that_stands_before_the_beginning_ends_the_fault_at_once_and_says_so(world: World) -> None:
    world.tell("run", "a", Phase.INTENDED, Phase.INJECTED)
    world.clock.advance(HOLD / 2)
    world.clock.wall -= HOUR
    assert world.recover() == 1
    assert world.kind.reverts == ["a"]
    assert whys(world) == ["the clock was set back: it says 11:00:30 and the fault began at 12:00:00 (UTC)"]
    assert "adopted" not in world.told()


def test_the_last_sign_of_life_tells_how_long_it_was_held_when_the_clock_does_not(world: World) -> None:
    world.tell("run", "a", Phase.INTENDED, Phase.INJECTED)
    world.clock.advance(HOLD - 10)
    world.folder.beat("agent", f"{world.clock.now().isoformat()} 49")
    world.folder.beat("undertaker", f"{(world.clock.now() - timedelta(seconds=3)).isoformat()} 47")
    world.clock.wall -= timedelta(seconds=30)
    assert world.recover() == 1
    (held,) = world.keeper.held()
    assert held.until - world.clock.monotonic() == 10


@pytest.mark.parametrize("beat", ["", "gone", "tomorrow 7", "2026-03-04T18:00:00 7"])
def test_a_beat_that_tells_no_time_lengthens_and_shortens_nothing(world: World, beat: str) -> None:
    world.tell("run", "a", Phase.INTENDED, Phase.INJECTED)
    world.folder.beat("agent", beat)
    world.clock.advance(HOLD - 10)
    world.recover()
    (held,) = world.keeper.held()
    assert held.until - world.clock.monotonic() == 10


def test_clocks_of_two_machines_that_differ_by_seconds_end_nothing(world: World) -> None:
    world.tell("run", "a", Phase.INTENDED, Phase.INJECTED)
    world.clock.wall -= timedelta(seconds=5)
    world.recover()
    (held,) = world.keeper.held()
    assert held.until - world.clock.monotonic() == HOLD


def test_a_clock_an_hour_ahead_ends_the_fault_early_and_never_late(world: World) -> None:
    world.tell("run", "a", Phase.INTENDED, Phase.INJECTED)
    world.clock.wall += HOUR
    assert world.recover() == 1
    assert world.kind.reverts == ["a"]
    assert whys(world) == ["its time is over"]
