"""What APScheduler 3.11 does that would hurt, measured on the pinned version, and that our scheduler is not hurt by it."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

from scheduler.calendar import Every, Times, upcoming
from scheduler.clockwork import Calls, Clockwork
from simian_army.clock import SystemClock
from simian_army.cron import Cron
from simian_army.windows import Daily

BERLIN = ZoneInfo("Europe/Berlin")
AUTUMN = datetime(2026, 10, 24, 12, 0, tzinfo=BERLIN)
"""The noon before the night in which 02:30 comes twice."""
SPRING = datetime(2026, 3, 28, 12, 0, tzinfo=BERLIN)
"""The noon before the night in which 02:30 never comes."""


def fires(trigger: Any, after: datetime, count: int) -> list[datetime]:
    found: list[datetime] = []
    last, now = None, after
    for _ in range(count):
        last = trigger.get_next_fire_time(last, now)
        found.append(last)
        now = last + timedelta(microseconds=1)
    return found


def ours(schedule: Any, after: datetime, count: int, zone: ZoneInfo = BERLIN) -> list[datetime]:
    times = upcoming(schedule, after.astimezone(UTC), zone, "seed")
    return [next(times).astimezone(zone) for _ in range(count)]


@contextmanager
def running(**options: Any) -> Iterator[BackgroundScheduler]:
    scheduler = BackgroundScheduler(timezone=UTC, **options)
    scheduler.start()
    try:
        yield scheduler
    finally:
        scheduler.shutdown(wait=False)


def until(done: Callable[[], object], seconds: float = 30) -> bool:
    for _ in range(int(seconds / 0.02)):
        if done():
            return True
        threading.Event().wait(0.02)
    return False


def test_weekday_numbers_of_a_crontab_mean_other_days_there_and_are_refused_here() -> None:
    trap = CronTrigger.from_crontab("0 9 * * 1-5", timezone=BERLIN)
    week = {at.strftime("%a") for at in fires(trap, datetime(2026, 3, 2, tzinfo=BERLIN), 10)}
    assert week == {"Tue", "Wed", "Thu", "Fri", "Sat"}
    with pytest.raises(ValueError, match="weekdays by number mean different days"):
        Cron.parse("0 9 * * 1-5")
    days = {at.strftime("%a") for at in ours(Times(Cron.parse("0 9 * * mon-fri")), SPRING, 10)}
    assert days == {"Mon", "Tue", "Wed", "Thu", "Fri"}


def test_a_local_time_comes_twice_in_autumn_there_and_once_here() -> None:
    trap = fires(CronTrigger(hour=2, minute=30, timezone=BERLIN), AUTUMN, 2)
    assert trap[1].date() == trap[0].date()
    mine = ours(Times(Cron.parse("30 2 * * *")), AUTUMN, 2)
    assert [at.date().day for at in mine] == [25, 26]


def test_an_interval_of_a_day_drifts_with_the_clocks_there_and_keeps_midnight_here() -> None:
    start = AUTUMN.replace(hour=9)
    trap = fires(IntervalTrigger(hours=24, start_date=start, timezone=BERLIN), start + timedelta(seconds=1), 2)
    assert [at.astimezone(BERLIN).hour for at in trap] == [8, 8]
    mine = ours(Every(timedelta(days=1)), AUTUMN, 3)
    assert [at.hour for at in mine] == [0, 0, 0]


def test_jitter_leaves_the_working_hours_there_and_never_here() -> None:
    trap = CronTrigger(hour="9-16", minute=30, jitter=3600, timezone=BERLIN)
    outside = [at for at in fires(trap, SPRING, 400) if not 9 <= at.hour < 17]
    assert outside
    hours = Daily.parse("09:00-17:00")
    schedule = Times(Cron.parse("30 9-16 * * *"), hours, timedelta(hours=1))
    assert [at for at in ours(schedule, SPRING, 400) if not 9 <= at.hour < 17] == []


def test_the_time_zone_is_the_machines_unless_it_is_said_and_we_say_it() -> None:
    assert str(CronTrigger(hour=1).timezone) == str(BackgroundScheduler().timezone)
    clockwork = Clockwork({}, _calls(), SystemClock())
    clockwork.start()
    try:
        assert str(clockwork._scheduler.timezone) == "UTC"
    finally:
        clockwork.stop()


def test_the_defaults_drop_what_is_a_second_late_and_ours_are_set_by_hand() -> None:
    with running() as trap:
        job = trap.add_job(lambda: None, "date", run_date=datetime(2099, 1, 1, tzinfo=UTC))
        assert (job.misfire_grace_time, job.coalesce, job.max_instances) == (1, True, 1)
    clockwork = Clockwork({}, _calls(), SystemClock())
    clockwork.start()
    try:
        (beat,) = clockwork._scheduler.get_jobs()
        assert beat.misfire_grace_time == 3600
        assert isinstance(clockwork._scheduler._jobstores["default"], MemoryJobStore)
    finally:
        clockwork.stop()


def test_a_date_job_that_is_overdue_is_removed_without_running_there_and_is_told_here() -> None:
    ran: list[str] = []
    trap = BackgroundScheduler(timezone=UTC)
    past = datetime(2020, 1, 1, tzinfo=UTC)
    trap.add_job(ran.append, DateTrigger(past), args=["trap"])
    trap.start()
    assert until(lambda: not trap.get_jobs())
    trap.shutdown(wait=True)
    assert ran == []
    told: list[str] = []
    clockwork = Clockwork({}, _calls(missed=lambda name, _at, why: told.append(f"{name} {why}")), SystemClock())
    clockwork.start()
    clockwork._due["pods"] = past
    clockwork.plan = {"pods": lambda _after: iter(())}
    clockwork._fall_due("pods")
    clockwork.stop()
    assert "a missed fire is never run late" in told[0]


def test_a_date_job_is_forgotten_the_moment_it_is_handed_out_so_no_revert_is_one() -> None:
    started, end = threading.Event(), threading.Event()

    def work() -> None:
        started.set()
        end.wait(60)

    with running() as trap:
        trap.add_job(work, "date", misfire_grace_time=60)
        assert started.wait(30)
        assert until(lambda: trap.get_jobs() == []), "a process killed now would never repeat it"
        end.set()


def test_a_job_that_is_still_running_makes_the_next_run_vanish_there_and_is_told_here() -> None:
    end, runs, missed = threading.Event(), [0], threading.Event()

    def work() -> None:
        runs[0] += 1
        end.wait(60)

    with running() as trap:
        trap.add_listener(lambda _: missed.set(), 65536)  # EVENT_JOB_MAX_INSTANCES
        trap.add_job(work, "interval", seconds=0.1)
        assert missed.wait(30)
        assert runs == [1]
        end.set()


def test_a_store_that_breaks_kills_the_thread_while_running_stays_true_and_our_liveness_is_an_age(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda _: None)  # the thread dies on purpose

    class Broken(MemoryJobStore):  # type: ignore[misc]
        def update_job(self, job: Any) -> None:
            raise ConnectionError("a blip")

    trap = BackgroundScheduler(timezone=UTC, jobstores={"default": Broken()})
    trap.start()
    trap.add_job(lambda: None, "interval", seconds=0.05)
    assert until(lambda: not trap._thread.is_alive())
    assert trap.running, "it says that it runs, and it is dead"
    clockwork = Clockwork({}, _calls(), SystemClock())
    clockwork.start()
    clockwork._scheduler.pause()
    before = clockwork.age()
    threading.Event().wait(0.2)
    assert clockwork.age() > before, "without its beat it grows old"
    clockwork.stop()


DEADLOCK = """
import os, threading
from apscheduler.schedulers.background import BackgroundScheduler
inside, done = threading.Event(), threading.Event()
scheduler = BackgroundScheduler(timezone="UTC")
scheduler.start()
def work():
    inside.set()
    threading.Event().wait(3)
    scheduler.get_job("any")
    done.set()
scheduler.add_job(work, "date", misfire_grace_time=60)
inside.wait()
threading.Thread(target=scheduler.shutdown, daemon=True).start()
print("free" if done.wait(6) else "stuck", flush=True)
os._exit(0)
"""


def test_a_shutdown_that_waits_holds_the_lock_which_a_running_job_needs_and_ours_does_not_wait() -> None:
    said = subprocess.run([sys.executable, "-c", DEADLOCK], capture_output=True, text=True, timeout=120, check=True)
    assert said.stdout == "stuck\n"
    began = threading.Event()

    def slow(_name: str, _at: datetime) -> None:
        began.set()
        threading.Event().wait(0.3)

    def soon(after: datetime) -> Iterator[datetime]:
        yield after + timedelta(seconds=0.1)

    clockwork = Clockwork({"pods": soon}, _calls(fire=slow), SystemClock())
    clockwork.start()
    assert began.wait(30)
    stopper = threading.Thread(target=clockwork.stop)
    stopper.start()
    stopper.join(30)
    assert not stopper.is_alive()


def _calls(
    fire: Callable[[str, datetime], None] = lambda _name, _at: None,
    missed: Callable[[str, datetime, str], None] = lambda _name, _at, _why: None,
) -> Calls:
    return Calls(fire, missed, lambda _name, _at, _error: None, lambda: None)
