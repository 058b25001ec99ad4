"""What is so wherever an agent was killed; test_crash.py says on which grounds it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from simian_army.model import Phase
from tests.cluster.waiting import until
from tests.crash.plan import DEADLINE, Stage
from tests.crash.points import RECORDED, Case, Made, Point, Seen
from tests.crash.scene import SECONDS, Scene

HOLD = "12s"  # long enough for an agent that comes up slowly to inject before it is over
QUIET = "8"  # seconds of silence that an undertaker bears in these tests
FULL = "1 of 1 in the last 24 h (per_day)"  # what the budget says once an attempt counts, whatever became of it
TAKEN = {Made.NONE: 0, Made.ENDED: 1, Made.ADOPTED: 1, Made.OVER: 0}
ENDS = {Made.NONE: [], Made.ENDED: ["unknown"], Made.ADOPTED: ["closed"], Made.OVER: ["closed"]}
"""What the ledger says in the end of what cannot be undone."""


def stands(scene: Scene, before: Mapping[str, Any], seen: Seen) -> None:
    """What is changed on the server is what the table says."""
    now, wanted = scene.changes(before), scene.case.changed(seen)
    if seen is Seen.ANY:
        assert len(now) <= 1
        assert all(fields <= wanted for fields in now.values())
        return
    assert list(now.values()) == ([wanted] if wanted else []), (now, scene.story())


def few_acts(scene: Scene) -> None:
    """No request that changes something was made twice."""
    acts = scene.site.acts()
    assert acts is None or len(acts) <= 2 * (scene.case.requests + scene.case.besides), acts


class GivesBack:
    """The promises of what is held; each subclass gives the stage and the site."""

    stage: ClassVar[Stage]

    def test_a_held_fault_is_given_back_wherever_its_agent_died(self, scene: Scene, case: Case, point: Point) -> None:
        scene.write()
        before = scene.view()
        with scene.undertaker():
            scene.kill(point.name)
            stands(scene, before, case.seen(point))
            told = scene.restart(before)
        assert scene.changes(before) == {}
        if point.made is Made.ADOPTED:
            stands_still = scene.case.changed(point.seen)
            assert case.seen(point) is Seen.ANY or list(told.held_on.values()) == (
                [stands_still] if stands_still else []
            )
        else:
            assert told.held_on == {}, "what a crash cut short is ended without a word from anybody"
        assert told.taken == TAKEN[point.made]
        begun = point.made is not Made.NONE
        assert told.phases.count(Phase.INTENDED) == begun
        assert told.ends == ["reverted"] * begun
        assert told.phases.count(Phase.ADOPTED) == (point.made is Made.ADOPTED)
        assert told.phases.count(Phase.INJECTED) <= 1
        assert "has fired" in told.again
        assert FULL in told.later or not begun, told.later
        few_acts(scene)
        scene.nothing_is_left()

    def test_an_undertaker_alone_gives_back_what_no_agent_comes_back_for(
        self, scene: Scene, case: Case, point: Point, why: str
    ) -> None:
        by_time = why == DEADLINE
        scene.write(HOLD if by_time else "1h")
        before = scene.view()
        words = ("simian_army", "undertaker", "-c", str(scene.config))
        with scene.alone(*words if by_time else ("tests.crash.undertaking", str(scene.config), QUIET)):
            scene.kill(point.name)
            stands(scene, before, case.seen(point))
            until("the undertaker to give it back", lambda: not scene.changes(before), SECONDS)
            if point.name in RECORDED:
                until("it to say so", lambda: [kept for kept in scene.kept() if kept.ended], SECONDS)
            few_acts(scene)
            told = scene.restart(before)
        assert told.held_on == {}
        assert told.ends == ["reverted"] * (point.made is not Made.NONE), "the next agent writes it down, once"
        scene.nothing_is_left()


class DoneOnce:
    """The promise of what cannot be undone."""

    stage: ClassVar[Stage]

    def test_what_cannot_be_undone_is_done_once_at_most_and_counts(
        self, scene: Scene, case: Case, point: Point
    ) -> None:
        scene.write()
        with scene.undertaker():
            scene.kill(point.name)
            done = scene.site.acts()
            assert done is not None
            wanted = {Seen.NOTHING: {0}, Seen.WHOLE: {1}, Seen.ANY: {0, 1}}[point.seen]
            assert len(done) in wanted, done
            told = scene.restart({})
        assert told.taken == TAKEN[point.made]
        assert told.phases.count(Phase.INTENDED) == (point.made is not Made.NONE)
        assert told.ends == ENDS[point.made]
        assert "has fired" in told.again
        assert FULL in told.later or point.made is Made.NONE, told.later
        scene.nothing_is_left()
        assert scene.site.acts() == done, "never repeated"
