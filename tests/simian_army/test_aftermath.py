"""Is each fault judged once: clean if its group was seen whole in time, bad if nobody saw that; and does nobody wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest

from simian_army.aftermath import AGAIN, GIVE_WAY, MOST
from simian_army.ending import STUCK_AFTER
from simian_army.keeper import LAST_LOOK, TICK, Keeper
from tests.simian_army.aftermaths import FIVE, Groups, World, watch
from tests.simian_army.fakes import Lever


def test_a_reverted_fault_whose_group_is_whole_is_clean_with_the_seconds_it_took() -> None:
    world = World(groups=Groups({"web": False}))
    keeper = world.keeper()
    keeper.hold(world.of("web"))
    watch(world, keeper, 60)
    assert world.told() == []
    assert keeper.aftermath.pending() == keeper.aftermath.pending("run-a") == 1
    world.groups.whole["web"] = True
    watch(world, keeper, AGAIN[1] + 1)
    ((target, outcome, recovered),) = world.told()
    assert (target, outcome) == ("a", "clean")
    assert 60 <= float(str(recovered)) <= 60 + AGAIN[1]
    assert world.book.judged[0].data["limit"] == FIVE
    assert keeper.aftermath.pending() == 0


def test_one_that_is_not_whole_in_time_is_bad_and_says_how_it_was() -> None:
    world = World(groups=Groups({"web": False}))
    keeper = world.keeper()
    keeper.hold(world.of("web"))
    watch(world, keeper, FIVE - 1)
    assert world.told() == []
    watch(world, keeper, AGAIN[1] + 2)
    assert world.told() == [("a", "bad", None)]
    assert world.why() == "not seen whole within 300 s: 1 of 4 are ready"
    world.groups.whole["web"] = True
    watch(world, keeper, 60)
    assert len(world.told()) == 1, "once"


def test_what_nobody_can_ever_tell_is_clean_once_it_is_reverted_and_says_so() -> None:
    world = World(groups=Groups({"a": None}))
    keeper = world.keeper()
    keeper.hold(world.pull("a", hold=0))
    watch(world, keeper, 1)
    assert world.told() == [("a", "clean", None)]
    assert "nobody can tell whether it is whole" in world.why()


def test_a_group_that_cannot_be_asked_for_until_its_time_is_over_is_bad() -> None:
    world = World(groups=Groups(away=True))
    keeper = world.keeper()
    keeper.hold(world.of("web"))
    watch(world, keeper, FIVE + AGAIN[1] + 1)
    assert world.told() == [("a", "bad", None)]
    assert "no answer from the platform" in world.why()


def test_one_that_is_stuck_is_bad_at_once_and_stays_so_when_it_is_reverted_after_all() -> None:
    world = World(kind=Lever(broken=STUCK_AFTER + 1))
    keeper = world.keeper()
    keeper.hold(world.of("web"))
    watch(world, keeper, 200)
    assert world.book.phases() == ["stuck", "reverted"]
    assert world.told() == [("a", "bad", None)]
    assert world.why() == "it could not be reverted; ConnectionError: the platform is away"


def test_a_momentary_one_is_judged_as_its_group_is_seen_whole() -> None:
    world = World(kind=Lever(held=False), groups=Groups({"web": False}))
    keeper = world.keeper()
    keeper.hold(world.of("web"))
    watch(world, keeper, 7)
    world.groups.whole["web"] = True
    watch(world, keeper, 2)
    assert world.book.phases() == ["closed"]
    ((_, outcome, recovered),) = world.told()
    assert outcome == "clean"
    assert recovered == world.book.events[0].data["recovered"]


def test_a_momentary_one_past_its_time_is_bad_and_stays_open_until_it_is_whole() -> None:
    world = World(kind=Lever(held=False), groups=Groups({"web": False}))
    keeper = world.keeper()
    keeper.hold(world.of("web"))
    watch(world, keeper, FIVE + 3)
    assert world.told() == [("a", "bad", None)]
    assert world.why() == "not seen whole within 300 s: 1 of 4 are ready"
    assert len(keeper.open()) == 1
    world.groups.whole["web"] = True
    watch(world, keeper, 2)
    assert world.book.phases() == ["closed"]
    assert len(world.told()) == 1


def test_an_act_that_nobody_can_vouch_for_is_bad() -> None:
    world = World(kind=Lever(held=False))
    keeper = world.keeper()
    keeper.hold(world.of("web"), "nobody can say whether it happened: cut off")
    watch(world, keeper, 1)
    assert world.book.phases() == ["unknown"]
    assert world.told() == [("a", "bad", None)]


def test_a_thousand_of_one_group_are_one_question_and_one_piece() -> None:
    world = World(groups=Groups({"web": False}))
    keeper = world.keeper()
    for number in range(1000):
        keeper.hold(world.of("web", str(number)))
    keeper.tick()
    world.groups.asked.clear()
    world.clock.advance(2)
    keeper.tick()
    assert world.groups.asked == ["web"]
    world.groups.whole["web"] = True
    world.clock.advance(2)
    keeper.tick()
    assert len(world.told()) == 1000


def test_no_look_takes_more_groups_than_it_can_finish_and_all_get_their_turn() -> None:
    world = World()
    keeper = world.keeper()
    for number in range(3 * MOST):
        keeper.hold(world.of(f"g{number}", str(number)))
    keeper.tick()
    assert len(world.groups.asked) == MOST
    watch(world, keeper, 1)
    assert sorted(world.groups.asked) == sorted({f"g{number}" for number in range(3 * MOST)})
    assert len(world.told()) == 3 * MOST


def test_while_faults_are_reverted_no_group_is_asked_for_but_not_for_ever() -> None:
    world = World()
    keeper = world.keeper()
    keeper.hold(world.of("web"))
    keeper.tick()
    world.book.judged.clear()
    keeper.aftermath.busy = lambda: True
    keeper.hold(world.of("cart", "b"))
    world.groups.asked.clear()
    watch(world, keeper, GIVE_WAY - 1)
    assert world.groups.asked == []
    watch(world, keeper, 2)
    assert world.told() == [("b", "clean", pytest.approx(GIVE_WAY, abs=1))]


def rooms(monkeypatch: pytest.MonkeyPatch, kept: list[Callable[[], None]]) -> None:
    """Have whatever judges wait."""

    def run(_: Keeper, room: str, work: Callable[[], None]) -> None:
        kept.append(work) if room == "judging" else work()

    monkeypatch.setattr(Keeper, "_run", run)


def test_a_question_that_never_comes_back_keeps_no_revert_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    world, kept = World(), list[Callable[[], None]]()
    rooms(monkeypatch, kept)
    keeper = world.keeper()
    keeper.hold(world.of("web"))
    watch(world, keeper, 3)
    keeper.hold(world.of("cart", "b"))
    watch(world, keeper, 3)
    assert world.kind.pulled == set()
    assert len(kept) == 1, "and nobody asks beside it"
    kept[0]()
    assert [outcome for _, outcome, _ in world.told()] == ["clean"] * 2


def test_an_end_waits_a_moment_for_the_first_look_and_leaves_the_rest_to_the_next_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world, kept = World(), list[Callable[[], None]]()
    rooms(monkeypatch, kept)
    keeper = world.keeper()
    keeper._thread = cast(Any, Stopped())
    keeper.hold(world.of("web"))
    keeper.tick()
    begun = world.clock.ticks
    assert keeper.stop(30) == []
    assert LAST_LOOK <= world.clock.ticks - begun <= LAST_LOOK + TICK
    keeper.tick()
    for look in kept:
        look()
    assert world.groups.asked == [], "closed, it asks for nothing any more"
    assert world.told() == []


def test_an_end_waits_for_nothing_that_was_looked_at() -> None:
    world = World(groups=Groups({"web": False}))
    keeper = world.keeper()
    keeper._thread = cast(Any, Stopped())
    keeper.hold(world.of("web"))
    watch(world, keeper, 1)
    begun = world.clock.ticks
    assert keeper.stop(30) == []
    assert world.clock.ticks == begun


class Stopped:
    """A thread that is over."""

    def join(self) -> None:
        return


def test_outcomes_wait_for_a_ledger_that_is_away() -> None:
    world = World()
    keeper = world.keeper()
    keeper.hold(world.of("web"))
    world.book.away = True
    watch(world, keeper, 2)
    assert world.told() == []
    world.book.away = False
    watch(world, keeper, 2)
    assert [outcome for _, outcome, _ in world.told()] == ["clean"]
