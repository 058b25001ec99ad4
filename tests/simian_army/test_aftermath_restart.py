"""Is what one process left unjudged judged by the next, and what nobody saw bad."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from simian_army.aftermath import AGAIN
from simian_army.model import Phase
from simian_army.records import LIMIT
from tests.simian_army.aftermaths import FIVE, World, left, restarted, watch


def test_watching_goes_on_after_a_restart_with_the_time_that_is_left() -> None:
    world = restarted(Phase.REVERTED, 100)
    ((_, outcome, recovered),) = world.told()
    assert (outcome, recovered) == ("clean", pytest.approx(100, abs=1))
    world = restarted(Phase.REVERTED, FIVE - 0.4, whole=False)
    assert world.told() == []


def test_the_limit_is_the_one_it_was_struck_under() -> None:
    assert restarted(Phase.REVERTED, 100, limit=50.0).told() == [("a", "bad", None)]


def test_what_nobody_looked_at_in_time_is_bad_whatever_is_seen_now() -> None:
    world = restarted(Phase.REVERTED, FIVE + 100)
    assert world.told() == [("a", "bad", None)]
    assert world.why() == "not seen whole within 300 s: 4 of 4 are ready, at the first look, 400 s after its end"


def test_what_nobody_can_tell_is_clean_also_when_nobody_looked_in_time() -> None:
    assert restarted(Phase.REVERTED, FIVE + 100, whole=None).told() == [("a", "clean", None)]


def test_a_clock_set_back_while_nobody_ran_gives_no_more_than_the_whole_time() -> None:
    world = restarted(Phase.REVERTED, -5000, whole=False)
    assert world.told() == []
    keeper = world.keeper()
    keeper.aftermath.catch_up()
    watch(world, keeper, FIVE + AGAIN[1] + 1)
    assert ("a", "bad", None) in world.told()


@pytest.mark.parametrize(
    ("phase", "data", "outcome", "words"),
    [
        (Phase.STUCK, {"tries": 6}, "bad", "it could not be reverted; back"),
        (Phase.UNKNOWN, {}, "bad", "nobody can say whether it happened"),
        (Phase.FAILED, {}, "bad", "it ended as failed"),
        (Phase.CLOSED, {"recovered": 12.0}, "clean", "back"),
        (Phase.CLOSED, {"recovered": 301.0}, "bad", "seen after 301.0 s"),
        (Phase.CLOSED, {}, "bad", "not seen whole"),
        (Phase.CLOSED, {"forced": True, "author": "ann", "reason": "x"}, "bad", "closed by force by ann"),
    ],
)
def test_every_other_end_is_judged_by_what_it_says(phase: Phase, data: Any, outcome: str, words: str) -> None:
    world = restarted(phase, 1, **data)
    assert [said for _, said, _ in world.told()][:1] == [outcome]
    assert words in world.why()


def test_a_record_that_cannot_be_read_is_bad_and_keeps_no_other_back() -> None:
    world = World()
    begun, ended = left(world.clock, Phase.REVERTED, 1)
    world.book.left = [(replace(begun, run="torn", data={LIMIT: FIVE}), replace(ended, run="torn")), (begun, ended)]
    keeper = world.keeper()
    keeper.aftermath.catch_up()
    watch(world, keeper, 1)
    assert [(e.run, e.data["outcome"]) for e in world.book.judged][:2] == [("torn", "bad"), ("run-a", "clean")]
