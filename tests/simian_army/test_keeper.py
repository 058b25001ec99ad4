"""Does the keeper end every fault: in time, whatever breaks, and tell it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simian_army.ending import BACKOFF, BLIND, PATIENCE, STUCK_AFTER
from simian_army.errors import PlatformError, Refused
from simian_army.keeper import Keeper
from simian_army.model import Halt
from tests.simian_army.fakes import NOW, FakeClock, Lever, Scene

HALT = Halt("ann", "incident 7", NOW)


def test_a_fault_is_held_until_its_time_is_over_and_then_reverted() -> None:
    scene = Scene()
    keeper = scene.keeper()
    keeper.hold(scene.pull(hold=60))
    scene.clock.advance(59.9)
    keeper.tick()
    assert scene.kind.pulled == {"a"}
    scene.clock.advance(0.2)
    keeper.tick()
    assert scene.kind.pulled == set()
    assert keeper.open() == []
    assert scene.book.events[-1].data["why"] == "its time is over"


@given(jump=st.integers(-90_000, 90_000))
def test_a_wall_clock_that_jumps_never_lengthens_a_hold(jump: int) -> None:
    scene = Scene()
    keeper = scene.keeper()
    keeper.hold(scene.pull(hold=60))
    scene.clock.wall += timedelta(seconds=jump)
    scene.clock.ticks += 60
    keeper.tick()
    assert scene.kind.pulled == set()


def test_a_wall_clock_set_forward_ends_the_hold_at_once() -> None:
    scene = Scene()
    keeper = scene.keeper()
    keeper.hold(scene.pull(hold=60))
    scene.clock.wall += timedelta(seconds=61)
    keeper.tick()
    assert scene.kind.pulled == set()


def test_a_revert_that_fails_is_tried_again_after_twice_the_wait_each_time() -> None:
    scene = Scene(kind=Lever(broken=50))
    keeper = scene.keeper()
    keeper.hold(scene.pull(hold=0))
    waits: list[float] = []
    last, seen = scene.clock.ticks, 0
    while len(waits) < 9:
        keeper.tick()
        if len(scene.kind.reverts) > seen:
            seen = len(scene.kind.reverts)
            waits.append(scene.clock.ticks - last)
            last = scene.clock.ticks
        scene.clock.advance(0.25)
    assert waits[1:4] == [BACKOFF[0], 2 * BACKOFF[0], 4 * BACKOFF[0]]
    assert waits[-1] == BACKOFF[1]


def test_a_fault_that_cannot_be_reverted_is_stuck_once_and_still_tried() -> None:
    scene = Scene(kind=Lever(broken=STUCK_AFTER + 2))
    keeper = scene.keeper()
    keeper.hold(scene.pull(hold=0))
    for _ in range(1000):
        keeper.tick()
        scene.clock.advance(0.5)
    assert scene.book.phases() == ["stuck", "reverted"]
    assert scene.book.events[0].data["tries"] == STUCK_AFTER
    assert "ConnectionError: the platform is away" in scene.book.events[0].data["detail"]


def test_no_revert_waits_for_a_ledger_that_is_away_and_its_events_come_later_in_order() -> None:
    scene = Scene()
    keeper = scene.keeper()
    scene.book.away = True
    for name in "abc":
        keeper.hold(scene.pull(name, hold=0))
    keeper.tick()
    assert scene.kind.pulled == set()
    assert scene.book.events == []
    scene.book.away = False
    scene.clock.advance(10)
    keeper.tick()
    assert [(e.target, str(e.phase)) for e in scene.book.events] == [(n, "reverted") for n in "abc"]


def test_a_halt_ends_what_is_held_and_names_its_author() -> None:
    scene = Scene()
    keeper = scene.keeper()
    keeper.hold(scene.pull(hold=600))
    scene.book.halt = HALT
    keeper.tick()
    keeper.tick()
    assert scene.kind.pulled == set()
    assert scene.book.events[-1].data["why"] == "halted by ann: incident 7"


@pytest.mark.parametrize("broken", [False, True])
def test_consent_that_is_gone_or_cannot_be_told_ends_a_hold(broken: bool) -> None:
    scene = Scene()

    def objection(_: object) -> str:
        if broken:
            raise ValueError("a guard broke")
        return "opt-in: opt-out on the namespace"

    scene.objection = objection
    keeper = scene.keeper()
    keeper.hold(scene.pull(hold=600))
    keeper.tick()
    keeper.tick()
    assert scene.kind.pulled == set()
    assert ("a guard broke" if broken else "opt-out") in scene.book.events[-1].data["why"]


def away(_: object) -> str:
    raise PlatformError("no answer from the platform")


def watched(scene: Scene, seconds: float) -> None:
    """Let the keeper look at a fault held for ten minutes, every quarter of a second."""
    keeper = scene.keeper()
    keeper.hold(scene.pull(hold=600))
    for _ in range(int(seconds * 4)):
        keeper.tick()
        scene.clock.advance(0.25)


def test_a_platform_that_cannot_be_asked_for_consent_for_a_moment_leaves_the_fault_to_its_time() -> None:
    scene = Scene(objection=away)
    watched(scene, BLIND - 1)
    assert scene.kind.pulled == {"a"}


def test_a_watch_that_failed_for_too_long_ends_the_fault_and_says_so() -> None:
    scene = Scene(objection=away)
    watched(scene, BLIND + 1)
    assert scene.kind.pulled == set()
    why = "its consent could not be looked at for 30 s: no answer from the platform"
    assert [(str(e.phase), e.data["why"]) for e in scene.book.events] == [("reverted", why)]


def test_a_look_that_succeeds_begins_the_patience_anew() -> None:
    scene = Scene()
    scene.objection = lambda held: "" if scene.clock.ticks % 30 < 3 else away(held)
    watched(scene, 200)
    assert scene.kind.pulled == {"a"}


def test_a_look_that_never_comes_back_counts_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """A platform that hangs answers nothing for longer than anyone waits, and its looks fill the pool."""
    scene = Scene()
    keeper = scene.keeper()
    keeper.hold(scene.pull(hold=600))
    kept: list[object] = []

    def only_reverts(room: str, work: Callable[[], None]) -> None:
        kept.append(work) if room == "looks" else work()

    monkeypatch.setattr(Keeper, "_run", lambda _, room, work: only_reverts(room, work))
    for _ in range(int(BLIND) + 2):
        keeper.tick()
        scene.clock.advance(1.0)
    assert len(kept) == 1
    assert scene.kind.pulled == set()
    assert scene.book.events[-1].data["why"] == "its consent could not be looked at for 30 s: no answer yet"


def test_a_process_that_slept_looks_again_before_it_ends_anything() -> None:
    scene = Scene()
    keeper = scene.keeper()
    keeper.hold(scene.pull(hold=600))
    keeper.tick()
    scene.clock.advance(300)
    keeper.tick()
    keeper.tick()
    assert scene.kind.pulled == {"a"}


def test_a_momentary_fault_is_open_until_its_group_is_whole() -> None:
    scene = Scene(kind=Lever(held=False), whole=False)
    keeper = scene.keeper()
    keeper.hold(scene.pull(hold=0))
    keeper.tick()
    assert len(keeper.open()) == 1
    scene.whole = True
    scene.clock.advance(7)
    keeper.tick()
    assert scene.book.phases() == ["closed"]
    assert scene.book.events[0].data["recovered"] == 7.0


def test_what_nobody_can_vouch_for_is_ended_at_once_and_a_plain_no_is_not() -> None:
    scene = Scene()
    keeper = scene.keeper()
    with pytest.raises(Refused), keeper.doubting(scene.pull("a")):
        raise Refused("the platform said no")
    assert keeper.open() == []
    with pytest.raises(ConnectionError), keeper.doubting(scene.pull("b")):
        raise ConnectionError("cut off")
    keeper.tick()
    assert scene.kind.reverts == ["b"]
    assert "nobody can say whether it happened: cut off" in scene.book.events[-1].data["why"]


def test_what_is_held_only_after_the_stop_began_is_reverted_too() -> None:
    """An injection under way at SIGTERM is handed over while the keeper already closes."""
    scene = Scene()
    keeper = scene.keeper()
    keeper.hold(scene.pull("first", hold=600))
    late = scene.pull("late", hold=600)

    def held_late(_: object) -> str:
        keeper.hold(late)
        return ""

    assert [held.key[1] for held in keeper.stop(0)] == ["first"]
    held_late(None)
    keeper.tick()
    assert scene.kind.pulled == set()


def test_thousands_of_holds_need_no_thread_each() -> None:
    scene = Scene(clock=FakeClock())
    keeper = scene.keeper()
    before = threading.active_count()
    for number in range(2000):
        keeper.hold(scene.pull(str(number), hold=3600))
    keeper.tick()
    assert threading.active_count() == before
    scene.clock.advance(3600)
    keeper.tick()
    assert scene.kind.pulled == set()


def test_an_end_ordered_while_consent_is_asked_is_not_lost() -> None:
    """Asking takes a read of the platform; a SIGTERM that came meanwhile was once overwritten by its answer."""

    def asked(_: object) -> str:
        keeper.end("", "shutdown")
        return ""

    scene = Scene(objection=asked)
    keeper = scene.keeper()
    keeper.hold(scene.pull(hold=600))
    keeper.tick()
    keeper.tick()
    assert scene.kind.pulled == set()
    assert scene.book.events[-1].data["why"] == "shutdown"


def turns(scene: Scene, seconds: float) -> None:
    keeper = scene.keeper()
    keeper.hold(scene.pull(hold=0))
    for _ in range(int(seconds)):
        scene.clock.advance(1.0)
        keeper.tick()


def test_a_revert_the_platform_is_still_carrying_out_is_no_failure() -> None:
    scene = Scene(kind=Lever(slow=120))
    turns(scene, 125)
    assert scene.kind.pulled == set()
    assert scene.book.phases() == ["reverted"]


def test_one_it_carries_out_for_ever_is_stuck() -> None:
    scene = Scene(kind=Lever(slow=10**6))
    turns(scene, PATIENCE + 60)
    assert scene.book.phases() == ["stuck"]
