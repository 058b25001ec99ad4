"""Does what is held end with a halt, whichever source says it, and with thirty seconds of doubt; and only what it must."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from simian_army.errors import LedgerError
from simian_army.halts.halts import Halts
from simian_army.halts.ledger import LedgerSource
from simian_army.halts.news import News
from simian_army.model import Halt
from simian_army.records import Held, Scribe
from simian_army.stops import UNREADABLE
from tests.halts.fakes import Saying, away, joined
from tests.simian_army.fakes import NOW, Scene


def pull(scene: Scene, name: str, scope: str = "") -> Held:
    held = scene.pull(name, hold=3600)
    target = replace(held.fault.target, scope=scope)
    return replace(held, fault=replace(held.fault, target=target))


def passes(scene: Scene, keeper: object, seconds: float) -> None:
    for _ in range(int(seconds / 0.25)):
        keeper.tick()  # type: ignore[attr-defined]
        scene.clock.advance(0.25)


@pytest.mark.parametrize("which", ["ledger", "file", "configmap"])
def test_any_source_ends_all_that_is_held_within_its_look(which: str) -> None:
    scene = Scene()
    sources = {name: Saying(name) for name in ("ledger", "file", "configmap")}
    scene.halts = joined(*sources.values(), clock=scene.clock)
    keeper = scene.keeper()
    for name in "abc":
        keeper.hold(pull(scene, name))
    passes(scene, keeper, 10)
    assert scene.kind.pulled == set("abc")
    sources[which].halt("incident 7")
    passes(scene, keeper, 3)
    assert scene.kind.pulled == set()
    assert {event.data["why"] for event in scene.book.events} == {"halted by ann: incident 7"}


def test_a_teams_halt_ends_what_is_held_there_and_nothing_else() -> None:
    scene = Scene()
    teams = Saying("namespaces", platform="fake")
    scene.halts = joined(teams, clock=scene.clock)
    keeper = scene.keeper()
    for name, scope in (("a", "shop"), ("b", "bank"), ("c", "")):
        keeper.hold(pull(scene, name, scope))
    passes(scene, keeper, 5)
    assert set(teams.reads) == {frozenset({"shop", "bank"})}, "one read for all, not one each"
    teams.halt("our launch", "shop")
    passes(scene, keeper, 3)
    assert scene.kind.pulled == {"b", "c"}
    assert scene.book.events[-1].data["why"] == "halted in shop by ann: our launch"


def test_a_source_that_cannot_be_read_ends_what_is_held_after_thirty_seconds_and_not_before() -> None:
    scene = Scene()
    file = Saying()
    scene.halts = joined(file, clock=scene.clock)
    keeper = scene.keeper()
    keeper.hold(pull(scene, "a"))
    passes(scene, keeper, 5)
    file.breaks = away()
    passes(scene, keeper, UNREADABLE - 1)
    assert scene.kind.pulled == {"a"}
    passes(scene, keeper, 5)
    assert scene.kind.pulled == set()
    assert scene.book.events[-1].data["why"] == "whether the file halts cannot be told: the disk is gone, for 30 s"


def test_one_that_can_be_read_again_in_time_ends_nothing() -> None:
    scene = Scene()
    file = Saying()
    scene.halts = joined(file, clock=scene.clock)
    keeper = scene.keeper()
    keeper.hold(pull(scene, "a"))
    for _ in range(4):
        file.breaks = away()
        passes(scene, keeper, UNREADABLE - 4)
        file.breaks = None
        passes(scene, keeper, 4)
    assert scene.kind.pulled == {"a"}


def test_a_read_that_hangs_ends_what_is_held_too_and_the_keeper_does_not_wait_for_it() -> None:
    from simian_army.halts.halts import in_a_thread

    scene, end = Scene(), threading.Event()
    scene.halts = joined(Saying(hangs=end), clock=scene.clock, spawn=in_a_thread)
    keeper = scene.keeper()
    keeper.hold(pull(scene, "a"))
    try:
        passes(scene, keeper, UNREADABLE - 1)
        assert scene.kind.pulled == {"a"}
        passes(scene, keeper, 3)
        assert scene.kind.pulled == set()
        assert "no answer within 5 s" in scene.book.events[-1].data["why"]
    finally:
        end.set()


def test_a_ledger_that_is_away_is_a_source_that_cannot_be_read() -> None:
    scene = Scene()
    keeper = scene.keeper()
    keeper.hold(pull(scene, "a"))
    passes(scene, keeper, 1)
    scene.book.away = True
    passes(scene, keeper, UNREADABLE - 2)
    assert scene.kind.pulled == {"a"}
    passes(scene, keeper, 4)
    assert scene.kind.pulled == set()
    scene.book.away = False
    passes(scene, keeper, 2)
    assert "the disk is full, for 30 s" in scene.book.events[-1].data["why"]


def test_an_idle_keeper_tells_a_halt_that_began_elsewhere() -> None:
    scene, file = Scene(), Saying()

    class Remembering(News):
        def remember(self) -> None:
            if scene.book.away:
                raise LedgerError("away")

    scribe = Scribe(scene.clock, "agent")
    news = Remembering(scene.book, scribe)  # type: ignore[arg-type]
    ledger = LedgerSource(scene.book, scribe)  # type: ignore[arg-type]
    scene.halts = Halts([ledger, file], scene.clock, news, lambda work: work())
    keeper = scene.keeper()
    passes(scene, keeper, 3)
    assert scene.book.phases() == []
    scene.book.away = True
    file.halt()
    passes(scene, keeper, 3)
    scene.book.away = False
    passes(scene, keeper, 3)
    assert scene.book.phases() == ["halted"]
    file.says.clear()
    passes(scene, keeper, 3)
    assert scene.book.phases() == ["halted", "resumed"]


def test_what_a_halt_says_is_kept_as_it_was_first_seen() -> None:
    scene, file = Scene(), Saying()
    halts = joined(file, clock=scene.clock)
    file.says[""] = Halt("ann", "incident 7", NOW, "file")
    halts.look()
    file.says[""] = Halt("ann", "incident 7", NOW.replace(hour=13), "file")
    halts.look()
    halt = halts.known().halt
    assert halt is not None and halt.at == NOW
