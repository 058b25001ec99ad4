"""An agent dies while it gives back many faults in one batch: is each of them given back, and told once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simian_army.embedded.toxi.server import ToxiServer
from tests.cluster.waiting import until
from tests.crash.grounds import Site, proxies
from tests.crash.plan import ALL
from tests.crash.points import CASES, Case
from tests.crash.scene import SECONDS, Scene

pytestmark = pytest.mark.slow
MANY = 12
LEFT = {"before-revert": {MANY}, "revert-sent": set(range(MANY - 8, MANY + 1)), "mid-revert": {0}, "after-revert": {0}}
"""How many proxies may still be struck then: a batch has eight removals under way at once."""


@pytest.fixture
def case() -> Case:
    return next(case for case in CASES if case.platform == "toxiproxy")


@pytest.fixture
def site() -> Iterator[Site]:
    with ToxiServer() as server, proxies(server.url, server, MANY) as made:
        yield made


@pytest.mark.parametrize("point", [*LEFT, "after-told"] if ALL else ["revert-sent", "after-revert"])
def test_each_of_a_batch_is_given_back_wherever_its_agent_died(scene: Scene, point: str) -> None:
    scene.write(many=MANY)
    before = scene.view()
    with scene.undertaker():
        scene.kill(point)
        assert len(scene.changes(before)) in LEFT.get(point, {0})
        told = scene.restart(before)
    assert scene.changes(before) == {}
    assert told.taken == (0 if point == "after-told" else MANY)
    assert told.ends == ["reverted"] * MANY
    assert len({event.target for event in told.events}) == MANY
    scene.nothing_is_left()


def test_an_undertaker_alone_gives_back_what_is_left_of_a_batch(scene: Scene) -> None:
    scene.write(hold="12s", many=MANY)
    before = scene.view()
    with scene.alone("simian_army", "undertaker", "-c", str(scene.config)):
        scene.kill("revert-sent")
        assert scene.changes(before)
        until("the undertaker to give them back", lambda: not scene.changes(before), SECONDS)
        until("it to say so", lambda: len([kept for kept in scene.kept() if kept.ended]) == MANY, SECONDS)
        assert scene.restart(before).ends == ["reverted"] * MANY
