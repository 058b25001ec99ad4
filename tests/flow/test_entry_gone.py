"""A held fault whose monkey is in the config no more: nobody can ask for its consent, so it ends."""

from __future__ import annotations

from tests.flow.ground import PODS
from tests.flow.lives import Scene, strike, until, whys


def test_a_fault_that_a_crash_left_ends_when_its_monkey_was_taken_out_of_the_config(scene: Scene) -> None:
    with scene.life() as house:
        strike(house)
        scene.crash(house)
    assert scene.cordoned()
    scene.shop.write(PODS)
    with scene.life() as house:
        assert house.recovery.recover() == 1
        until(lambda: not scene.cordoned())
        until(lambda: whys(house) == ["config has no monkey nodes any more"])
