"""Is a fault that stops others clean only once each of their groups was seen whole, and does each say how long it took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest

from simian_army.aftermath import AGAIN
from simian_army.errors import PlatformError
from simian_army.keeper import Keeper
from simian_army.model import Health, Phase
from simian_army.records import Held, fault_json, fault_of_json
from tests.simian_army.aftermaths import FIVE, Groups, World, left, watch

NODE = Groups({"a": None})


@dataclass
class Stand:
    """How each group in reach stands: whole but for those in ``broken``; nobody knows those in ``odd``."""

    broken: set[str] = field(default_factory=set)
    odd: set[str] = field(default_factory=set)
    asked: list[tuple[str, ...]] = field(default_factory=list)
    away: bool = False

    def __call__(self, platform: str, groups: Sequence[str]) -> Mapping[str, Health]:
        assert platform == "fake"
        self.asked.append(tuple(groups))
        if self.away:
            raise PlatformError("no answer from the platform")
        return {one: Health(self._whole(one), 1, 4, f"1 of 4 pods of {one} are ready") for one in groups}

    def _whole(self, group: str) -> bool | None:
        return None if group in self.odd else group not in self.broken


def at(world: World, stand: Stand) -> Keeper:
    keeper = world.keeper()
    keeper.aftermath.stand = stand
    return keeper


def drained(world: World, *groups: str) -> Held:
    held = world.pull("a", hold=0)
    return replace(held, fault=replace(held.fault, groups=groups))


def test_each_group_in_reach_is_told_with_the_seconds_it_took_and_asked_for_until_it_is_whole() -> None:
    world, stand = World(groups=NODE), Stand({"web"})
    keeper = at(world, stand)
    keeper.hold(drained(world, "cart", "web"))
    watch(world, keeper, 60)
    assert world.told() == []
    stand.broken.clear()
    watch(world, keeper, AGAIN[1] + 1)
    assert world.told() == [("a", "clean", None)]
    groups = world.book.judged[0].data["groups"]
    assert groups["cart"] < 3
    assert 60 <= groups["web"] <= 60 + AGAIN[1]
    assert "lost" not in world.book.judged[0].data
    assert stand.asked[0] == ("cart", "web")
    assert set(stand.asked[1:]) == {("web",)}, "what is whole is asked for no more"
    assert "2 groups in its reach are whole" in world.why()


def test_one_that_is_not_whole_in_time_makes_it_bad_and_is_named() -> None:
    world, stand = World(groups=NODE), Stand({"web"})
    keeper = at(world, stand)
    keeper.hold(drained(world, "cart", "web"))
    watch(world, keeper, FIVE + AGAIN[1] + 2)
    assert world.told() == [("a", "bad", None)]
    assert world.book.judged[0].data["lost"] == ["web"]
    assert world.why() == "not seen whole within 300 s: 1 of 4 pods of web are ready"


def test_many_of_them_are_counted() -> None:
    names = {f"g{number}" for number in range(9)}
    world, stand = World(groups=NODE), Stand(names)
    keeper = at(world, stand)
    keeper.hold(drained(world, *sorted(names)))
    watch(world, keeper, FIVE + AGAIN[1] + 2)
    assert world.why().endswith("; and 4 more groups in its reach")
    assert len(world.book.judged[0].data["lost"]) == 9


def test_those_that_cannot_be_asked_for_in_time_make_it_bad() -> None:
    world = World(groups=NODE)
    keeper = at(world, Stand(away=True))
    keeper.hold(drained(world, "web"))
    watch(world, keeper, FIVE + AGAIN[1] + 2)
    assert world.told() == [("a", "bad", None)]
    assert "no answer from the platform" in world.why()


def test_one_of_which_nobody_can_ever_tell_keeps_nothing_up() -> None:
    world = World(groups=NODE)
    keeper = at(world, Stand(odd={"shop/Job/nightly"}))
    keeper.hold(drained(world, "shop/Job/nightly"))
    watch(world, keeper, 3)
    assert world.told() == [("a", "clean", None)]


def test_a_group_of_its_own_that_is_not_whole_is_as_bad_as_ever() -> None:
    world = World(groups=Groups({"web": False}))
    keeper = at(world, Stand())
    held = world.of("web")
    keeper.hold(replace(held, fault=replace(held.fault, groups=("cart",))))
    watch(world, keeper, FIVE + AGAIN[1] + 2)
    assert world.told() == [("a", "bad", None)]
    assert "lost" not in world.book.judged[0].data


@pytest.mark.parametrize(("broken", "outcome"), [(set(), "clean"), ({"web"}, "bad")])
def test_what_a_process_before_us_left_unjudged_is_judged_with_its_reach(broken: set[str], outcome: str) -> None:
    world = World(groups=Groups({"web": None, "a": None}))
    begun, ended = left(world.clock, Phase.REVERTED, 10)
    world.book.left = [(replace(begun, data={**begun.data, "reached": ["web"]}), ended)]
    keeper = at(world, Stand(broken))
    keeper.aftermath.catch_up()
    watch(world, keeper, FIVE + AGAIN[1] + 2)
    assert [told[1] for told in world.told()] == [outcome]


def test_the_groups_are_written_down_and_read_back() -> None:
    world = World()
    fault = drained(world, "cart", "web").fault
    read, _ = fault_of_json("a", fault_json(fault, world.clock.wall))
    assert read.groups == ("cart", "web")
    assert "reached" not in fault_json(replace(fault, groups=()), world.clock.wall), "old records stay as they are"
