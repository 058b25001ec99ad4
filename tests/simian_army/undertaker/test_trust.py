"""Does an agent hold nothing without an undertaker that lives and has understood."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest

from simian_army.clock import SystemClock
from simian_army.contract import FaultKind
from simian_army.errors import Refused
from simian_army.undertaker import trust as trusting
from simian_army.undertaker.folder import Folder
from simian_army.undertaker.record import name_of
from simian_army.undertaker.service import Undertaker
from simian_army.undertaker.trust import Trust
from tests.cluster.waiting import BUSY
from tests.simian_army.fakes import Lever
from tests.simian_army.undertaker.stores import FLEET, KEY, held


class Scene:
    """An agent's trust over a folder; ``wake`` starts a real undertaker in a thread, or does nothing."""

    def __init__(self, folder: Path) -> None:
        self.records, self.clock, self.woken = Folder(folder), SystemClock(), 0
        kinds = {"lever": cast(FaultKind, Lever())}
        self.undertaker = Undertaker(FLEET, KEY, self.records, kinds, self.clock, stays=True)
        self.thread = threading.Thread(target=self.undertaker.run, daemon=True)

    def trust(self, *, wakes: bool = True) -> Trust:
        def wake() -> None:
            self.woken += 1
            if wakes and not self.thread.is_alive():
                self.thread.start()

        return Trust(KEY, self.records, self.clock, wake)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path / "records")
    yield made
    made.undertaker.stopping.set()
    if made.thread.is_alive():
        made.thread.join(30)


def until(done: Callable[[], bool], seconds: float = 30) -> None:
    for _ in range(int(seconds / 0.05)):
        if done():
            return
        threading.Event().wait(0.05)
    raise AssertionError(f"it did not happen within {seconds} s")


def test_an_undertaker_is_woken_once_and_acknowledges(scene: Scene) -> None:
    trust = scene.trust()
    trust.entrust(held("a"))
    trust.entrust(held("b"))
    assert scene.woken == 1
    assert all(kept.acknowledged for kept in scene.records.all())
    assert trust.lost() == ""
    trust.release(held("a"))
    assert len(scene.records.all()) == 1
    trust.stop()


def test_without_an_undertaker_nothing_is_held_and_no_record_is_left(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trusting, "PATIENCE", 0.5)
    trust = scene.trust(wakes=False)
    with pytest.raises(Refused, match="start one with `simian undertaker`"):
        trust.entrust(held())
    assert list(scene.records.all()) == []
    trust.stop()


def test_before_the_time_of_a_fault_runs_an_undertaker_lives_or_nothing_is_begun(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust = scene.trust()
    trust.ready()
    trust.ready()
    assert scene.woken == 1
    begun = scene.clock.monotonic()
    trust.entrust(held("a"))
    assert scene.clock.monotonic() - begun < 1 + BUSY and scene.woken == 1, "nobody has to come up now"
    trust.stop()
    monkeypatch.setattr(trusting, "PATIENCE", 0.5)
    alone = Scene(scene.records.path.with_name("others")).trust(wakes=False)
    with pytest.raises(Refused, match="start one with `simian undertaker`"):
        alone.ready()
    alone.stop()


def test_records_that_cannot_be_used_are_a_plain_no_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trusting, "PATIENCE", 0.5)
    (tmp_path / "records").write_text("a file in the way")
    trust = Scene(tmp_path / "records").trust(wakes=False)
    with pytest.raises(Refused, match="no undertaker lives"):
        trust.ready()
    trust.stop()


def test_one_that_does_not_understand_the_record_does_not_acknowledge_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trusting, "PATIENCE", 4.0)
    scene.undertaker.key = b"the-key-of-another-fleet-entirely"
    trust = scene.trust()
    with pytest.raises(Refused, match="did not acknowledge"):
        trust.entrust(held())
    assert list(scene.records.all()) == []
    trust.stop()


def test_an_undertaker_that_ends_is_lost_at_once(scene: Scene) -> None:
    trust = scene.trust()
    trust.entrust(held())
    scene.undertaker.stopping.set()
    until(lambda: "has ended" in trust.lost())
    trust.stop()


def test_one_that_falls_silent_is_lost(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trusting, "STALE", 1.0)
    trust = scene.trust()
    trust.entrust(held())
    scene.undertaker._next_beat = float("inf")
    until(lambda: "showed no life" in trust.lost())
    trust.stop()


def test_nothing_entrusted_is_nothing_lost_and_starts_no_thread(scene: Scene) -> None:
    trust = scene.trust()
    assert trust.lost() == ""
    trust.stop()
    assert not scene.records.path.exists()


def test_what_a_process_before_us_began_is_looked_after_again_and_nobody_is_waited_for(scene: Scene) -> None:
    before = scene.trust(wakes=False)
    scene.records.put(name_of("abcdefghij", "a"), "as it was written")
    for name in "ab":
        before.take_over(held(name))
    assert scene.woken == 1
    kept = {one.name: one.text for one in scene.records.all()}
    assert kept[name_of("abcdefghij", "a")] == "as it was written"
    assert name_of("abcdefghij", "b") in kept
    before.stop()


def test_what_is_taken_over_late_in_a_life_is_not_lost_before_an_undertaker_could_be_heard(scene: Scene) -> None:
    trust = scene.trust()
    trust._pulse._since -= 3600
    trust.take_over(held())
    assert trust.lost() == ""
    until(lambda: trust._pulse.alive)
    assert all(kept.acknowledged for kept in scene.records.all())
    trust.stop()


def test_what_is_taken_over_without_an_undertaker_is_lost_in_time(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trusting, "STALE", 1.0)
    trust = scene.trust(wakes=False)
    trust.take_over(held())
    until(lambda: "showed no life" in trust.lost())
    trust.stop()
