"""Does a process that did not run for a while end what it held, whichever of its threads wakes first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from simian_army.ending import BLIND, Vigil
from tests.cluster.waiting import until
from tests.simian_army.fakes import FakeClock, Scene


@dataclass
class Sleeps(FakeClock):
    """The first wait goes as ``sleep`` says; from then on no time passes, and no more is waited than a thread must."""

    sleep: Callable[[Sleeps], None] = lambda _: None
    waits: int = 0

    def wait(self, event: threading.Event, seconds: float) -> bool:
        if self.waits == 0:
            self.sleep(self)
        self.waits += 1
        return event.wait(0.01)


def woken(sleep: Callable[[Sleeps], None]) -> Scene:
    """A fault held for an hour, and a keeper that sleeps once and then goes on for a while."""
    clock = Sleeps(sleep=sleep)
    scene = Scene(clock=clock)
    keeper = scene.keeper()
    keeper.hold(scene.pull(hold=3600))
    keeper.start()
    try:
        until("the keeper to look a few times", lambda: clock.waits > 5)
    finally:
        keeper.close()
    return scene


def test_who_slept_for_long_ends_what_he_held_though_all_looks_well_on_waking() -> None:
    scene = woken(lambda clock: clock.advance(61))
    assert scene.kind.pulled == set()
    assert scene.book.events[-1].data["why"] == "we did not run for 61 s, and nobody looked whether it may go on"


def test_who_slept_for_a_moment_goes_on_holding() -> None:
    assert woken(lambda clock: clock.advance(BLIND - 1)).kind.pulled == {"a"}


@pytest.mark.parametrize("jump", [-1800, 1800])
def test_a_wall_clock_that_was_set_is_no_sleep(jump: int) -> None:
    def sleep(clock: Sleeps) -> None:
        clock.wall += timedelta(seconds=jump)

    assert woken(sleep).kind.pulled == {"a"}


def test_a_sleep_is_told_once() -> None:
    clock = FakeClock()
    vigil = Vigil(clock)
    clock.advance(BLIND)
    assert "30 s" in vigil.slept()
    assert vigil.slept() == ""
