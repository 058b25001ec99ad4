"""What a clock that jumps by an hour does to what is held: it may end it early, and never late."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest

from simian_army.undertaker.service import HEAD_START
from simian_army.wiring import House
from tests.flow.ground import NODES, Ground
from tests.flow.lives import AT, SOON, Scene, strike, until, whys

HOUR = timedelta(hours=1)


def pass_by(scene: Scene, house: House, seconds: float) -> None:
    """So long nothing happens, but that both show life: who sees it all pass at once takes it for silence."""
    house.keeper.close()
    scene.undertakers[0].silence = 2 * seconds
    scene.machine.passed = seconds
    now = scene.machine.now() - timedelta(seconds=30)
    beats = [scene.records / "agent.beat", scene.records / "undertaker.beat"]
    until(lambda: all(datetime.fromisoformat(beat.read_text().partition(" ")[0]) > now for beat in beats))


def hold(shop: Ground, length: str) -> None:
    shop.write(NODES.replace("hold: 1h", f"hold: {length}"))


def test_an_hour_forward_ends_at_once_what_is_held(scene: Scene) -> None:
    with scene.life() as house:
        strike(house)
        assert scene.cordoned()
        scene.machine.by = HOUR
        until(lambda: not house.keeper.open())
        assert not scene.cordoned()
        assert whys(house) == ["its time is over"]
        assert house.books.ledger.verify() == []


@pytest.mark.slow
def test_an_hour_back_lengthens_no_hold_and_ends_none(scene: Scene) -> None:
    hold(scene.shop, "4s")
    with scene.life() as house:
        strike(house)
        scene.machine.by = -HOUR
        threading.Event().wait(1.0)
        assert scene.cordoned()
        scene.machine.by = timedelta(0)
        until(lambda: not scene.cordoned())
        until(lambda: whys(house) == ["its time is over"])


@pytest.mark.slow
def test_an_hour_back_for_the_rest_of_the_hold_ends_it_in_its_time(scene: Scene) -> None:
    hold(scene.shop, "4s")
    with scene.life() as house:
        strike(house)
        scene.machine.by = -HOUR
        assert until(lambda: not scene.cordoned(), 4.0 + SOON) > 2.0
        until(lambda: whys(house) == ["its time is over"])
        assert house.books.ledger.verify() == []


@pytest.mark.parametrize(
    ("jump", "why"), [(HOUR, "its time is over"), (-HOUR, "the clock was set back: it says ")], ids=["ahead", "behind"]
)
def test_a_fault_that_a_crash_left_is_ended_by_a_start_whose_clock_is_an_hour_off(
    scene: Scene, jump: timedelta, why: str
) -> None:
    with scene.life() as house:
        strike(house)
        scene.crash(house)
    assert scene.cordoned()
    for name in ("agent.beat", "undertaker.beat"):
        (scene.records / name).unlink()  # the worst of it: nobody tells how late it was
    scene.machine.passed, scene.machine.by = 1200.0, jump
    with scene.life() as house:
        assert house.recovery.recover() == 1
        until(lambda: not house.keeper.open())
        assert not scene.cordoned()
        assert whys(house)[0].startswith(why)


def test_a_long_fault_taken_up_with_a_clock_an_hour_behind_ends_when_it_was_meant_to(scene: Scene) -> None:
    hold(scene.shop, "3h")
    with scene.life() as house:
        strike(house)
        pass_by(scene, house, 7200.0)
        scene.crash(house)
    scene.machine.by = -HOUR
    with scene.life() as house:
        assert house.recovery.recover() == 1
        (held,) = house.keeper.held()
        assert 3500 < held.until - scene.machine.monotonic() < 3600, "an hour is left, and not two"
        scene.machine.passed += 3600.0
        until(lambda: not scene.cordoned())


@pytest.mark.slow
def test_an_undertaker_ends_what_it_holds_alone_in_its_time_though_its_clock_goes_back(scene: Scene) -> None:
    hold(scene.shop, "4s")
    with scene.life() as house:
        strike(house)
        house.keeper.close()
        scene.machine.by = -HOUR
        assert until(lambda: not scene.cordoned(), 4.0 + HEAD_START + SOON) > 2.0


def test_an_undertaker_whose_clock_goes_forward_ends_at_once_what_it_holds_alone(scene: Scene) -> None:
    with scene.life() as house:
        strike(house)
        house.keeper.close()
        scene.machine.by = HOUR
        until(lambda: not scene.cordoned())


def test_an_undertaker_that_starts_again_an_hour_behind_holds_for_no_longer_than_was_meant(scene: Scene) -> None:
    hold(scene.shop, "90m")
    with scene.life() as house:
        strike(house)
        pass_by(scene, house, 80 * 60.0)
        scene.crash(house)
    scene.machine.by = -HOUR
    threading.Thread(target=scene.undertake, kwargs={"silence": 7200.0}, daemon=True).start()
    until(lambda: len(scene.undertakers) == 2)
    threading.Event().wait(1.0)
    assert scene.cordoned()
    scene.machine.passed += 10 * 60.0
    until(lambda: not scene.cordoned())


@pytest.mark.slow
def test_a_heartbeat_from_the_future_is_fresh_for_no_longer_than_any_other(scene: Scene) -> None:
    with scene.life() as house:
        strike(house)
        scene.crash(house)
    for name in ("agent.beat", "undertaker.beat"):
        (scene.records / name).unlink()
    work = threading.Thread(target=scene.undertake, kwargs={"silence": 3.0}, daemon=True)
    work.start()
    until(lambda: len(scene.undertakers) == 2)
    for count in range(20):
        (scene.records / "agent.beat").write_text(f"2100-01-01T00:00:00+00:00 {count}")
        threading.Event().wait(0.1)
    assert scene.cordoned(), "while it changes somebody lives"
    until(lambda: not scene.cordoned(), 3.0 + SOON)


@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["forward", "back"])
def test_a_lease_is_never_ours_for_longer_and_nothing_is_begun_until_the_clock_is_right(
    scene: Scene, jump: timedelta
) -> None:
    with scene.life() as house:
        lease = house.books.lease
        lease.take()
        before = lease.left()
        scene.machine.by = jump
        assert lease.left() <= before
        assert (lease.left() == 0) is (jump > timedelta(0)), "forward it may be that the machine slept"
        until(lease.try_take)
        assert 0 < lease.left() <= 15
        assert not house.engine.fire(house.entries["nodes"], AT).taken
        assert [w for w in scene.shop.writes() if "/nodes/" in w] == []
        scene.machine.by = timedelta(0)
        assert lease.left() <= 15
        until(lease.try_take)
        assert house.engine.fire(house.entries["nodes"], AT + HOUR).taken
