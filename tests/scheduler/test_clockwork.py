"""The clockwork: fires at its times, survives what breaks, never runs late, and its heart can be felt."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from scheduler.clockwork import Calls, Clockwork
from simian_army.clock import SystemClock
from tests.cluster.waiting import BUSY, until

TENTH = timedelta(seconds=0.2)


class Heard:
    """Whoever is told."""

    def __init__(self) -> None:
        self.fired: list[tuple[str, datetime]] = []
        self.missed: list[tuple[str, datetime, str]] = []
        self.failed: list[str] = []
        self.beats = 0
        self.hold = threading.Event()

    def calls(self, fire: Callable[[str, datetime], None] | None = None) -> Calls:
        return Calls(
            fire or (lambda name, at: self.fired.append((name, at))),
            lambda name, at, why: self.missed.append((name, at, why)),
            lambda name, _at, error: self.failed.append(f"{name}: {error}"),
            self._beat,
        )

    def _beat(self) -> None:
        self.beats += 1


def every(step: timedelta) -> Callable[[datetime], Iterator[datetime]]:
    def times(after: datetime) -> Iterator[datetime]:
        epoch = datetime(2026, 1, 1, tzinfo=UTC)
        number = (after - epoch) // step + 1
        while True:
            yield epoch + number * step
            number += 1

    return times


def run_until(clockwork: Clockwork, what: str, done: Callable[[], object]) -> None:
    clockwork.start()
    try:
        until(what, done, 60, 0.02)
    finally:
        clockwork.stop()


def test_each_time_is_fired_once_and_in_order() -> None:
    heard = Heard()
    clockwork = Clockwork({"pods": every(TENTH)}, heard.calls(), SystemClock())
    run_until(clockwork, "five fires", lambda: len(heard.fired) >= 5)
    times = [at for _, at in heard.fired]
    assert len(set(times)) == len(times)
    assert times == sorted(times)


def test_a_fire_that_breaks_is_told_and_the_next_ones_come() -> None:
    heard = Heard()

    def broken(name: str, at: datetime) -> None:
        raise RuntimeError("oops")

    clockwork = Clockwork({"pods": every(TENTH)}, heard.calls(broken), SystemClock())
    run_until(clockwork, "two fires", lambda: len(heard.failed) >= 2)
    assert heard.failed[0] == "pods: oops"


def test_a_fire_under_way_makes_the_next_one_missed_with_the_reason() -> None:
    heard = Heard()

    def slow(name: str, at: datetime) -> None:
        heard.hold.wait(60)

    def missed() -> bool:
        if heard.missed:
            heard.hold.set()
        return bool(heard.missed)

    run_until(Clockwork({"pods": every(TENTH)}, heard.calls(slow), SystemClock()), "a fire to be missed", missed)
    assert "under way" in heard.missed[0][2]


def test_a_lost_job_is_planned_again_by_the_heartbeat() -> None:
    heard = Heard()
    clockwork = Clockwork({"pods": every(TENTH)}, heard.calls(), SystemClock())
    clockwork.start()
    until("a first fire", lambda: heard.fired, 60, 0.02)
    with clockwork._lock:
        clockwork._scheduler.remove_all_jobs()
        clockwork._scheduler.add_job(clockwork._beat, "interval", seconds=0.3, id="heartbeat")
        clockwork._due.clear()
    before = len(heard.fired)
    try:
        until("another fire", lambda: len(heard.fired) > before + 1, 60, 0.02)  # one may have been under way
    finally:
        clockwork.stop()


def test_a_fire_that_is_late_is_missed_and_never_run() -> None:
    heard = Heard()
    clockwork = Clockwork({"pods": every(timedelta(days=1))}, heard.calls(), SystemClock())
    now = SystemClock().now()
    clockwork._due["pods"] = now - timedelta(minutes=5)
    clockwork._fall_due("pods")
    assert heard.fired == []
    assert heard.missed[0][0] == "pods"
    assert "never run late" in heard.missed[0][2]
    assert clockwork.next_times()["pods"] > now


def test_its_age_tells_a_dead_scheduler_from_a_living_one() -> None:
    heard = Heard()
    clockwork = Clockwork({}, heard.calls(), SystemClock())
    clockwork.start()
    until("a second beat", lambda: heard.beats >= 2, 60, 0.02)
    assert clockwork.age() < 1.2 + BUSY
    clockwork.stop()
    threading.Event().wait(0.2)  # for one that was under way
    beats = heard.beats
    threading.Event().wait(1.2)
    assert heard.beats == beats
    assert clockwork.age() > 1.1


@pytest.mark.parametrize("plan", [{}, {"never": lambda _after: iter(())}])
def test_nothing_to_fire_is_fine(plan: dict[str, Callable[[datetime], Iterator[datetime]]]) -> None:
    heard = Heard()
    clockwork = Clockwork(plan, heard.calls(), SystemClock())
    clockwork.start()
    threading.Event().wait(0.2)
    clockwork.stop()
    assert heard.fired == []
