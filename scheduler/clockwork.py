"""What triggers the monkeys: the one importer of APScheduler, which here only keeps one-shot jobs in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from simian_army.clock import Clock

GRACE = timedelta(seconds=10)  # a fire later than this is not run: what was missed stays missed
BEAT = 1.0  # seconds; also the longest a suspended machine or a clock jump stays unseen

Plan = Callable[[datetime], Iterator[datetime]]


@dataclass(frozen=True, slots=True)
class Calls:
    """Whom to tell: of a fire, of one that was missed (with the reason), of one that broke, and of each heartbeat."""

    fire: Callable[[str, datetime], None]
    missed: Callable[[str, datetime, str], None]
    failed: Callable[[str, datetime, Exception], None]
    beat: Callable[[], None]


@dataclass(slots=True)
class Clockwork:
    """Fires each entry of ``plan`` at its times. Each fire is a date job that is planned anew by its successor."""

    plan: Mapping[str, Plan]
    calls: Calls
    clock: Clock
    workers: int = 8
    _due: dict[str, datetime] = field(default_factory=dict)
    _busy: set[str] = field(default_factory=set)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _beaten: float = 0.0
    _scheduler: Any = None
    _pool: ThreadPoolExecutor | None = None

    def start(self) -> None:
        """Begin to fire."""
        from apscheduler.executors.pool import ThreadPoolExecutor as Executor
        from apscheduler.jobstores.memory import MemoryJobStore
        from apscheduler.schedulers.background import BackgroundScheduler

        self._pool = ThreadPoolExecutor(self.workers, thread_name_prefix="fire")
        self._beaten = self.clock.monotonic()
        self._scheduler = BackgroundScheduler(
            jobstores={"default": MemoryJobStore()},
            executors={"default": Executor(2)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 3600},
            timezone=UTC,
        )
        self._scheduler.start()
        self._scheduler.add_job(self._beat, "interval", seconds=BEAT, id="heartbeat", max_instances=1)
        self._beat()

    def stop(self) -> None:
        """Fire no more; what is under way is waited for."""
        scheduler, self._scheduler = self._scheduler, None
        if scheduler:
            # paused and emptied first: a job submitted to a closed pool kills APScheduler's thread; and it waits for
            # its pool under the lock that a heartbeat under way needs, so it must not wait
            scheduler.pause()
            scheduler.remove_all_jobs()
            scheduler.shutdown(wait=False)
        if self._pool:
            self._pool.shutdown(wait=True)

    def age(self) -> float:
        """Seconds since the last heartbeat: beyond a few, the scheduler is dead whatever it says of itself."""
        return self.clock.monotonic() - self._beaten

    def next_times(self) -> Mapping[str, datetime]:
        """When each entry fires next."""
        with self._lock:
            return dict(self._due)

    def _beat(self) -> None:
        self._beaten = self.clock.monotonic()
        try:
            self.calls.beat()
        finally:
            for name in self.plan:
                self._keep_planned(name)

    def _keep_planned(self, name: str) -> None:
        with self._lock:
            due = self._due.get(name)
        scheduler = self._scheduler
        if scheduler is None:
            return
        planned = due is not None and scheduler.get_job(name)
        overdue = due is not None and due <= self.clock.now()
        if not planned and not overdue:
            self._plan_next(name, self.clock.now())
        if overdue:
            self._fall_due(name)

    def _plan_next(self, name: str, after: datetime) -> None:
        following = next(self.plan[name](after), None)
        with self._lock:
            if following is None:
                self._due.pop(name, None)
                return
            self._due[name] = following
        scheduler = self._scheduler
        if scheduler:
            scheduler.add_job(self._fall_due, "date", run_date=following, args=[name], id=name, replace_existing=True)

    def _fall_due(self, name: str) -> None:
        with self._lock:
            at = self._due.get(name)
            if at is None or at > self.clock.now() + timedelta(milliseconds=50):
                return
            del self._due[name]
        # the successor is planned first: whatever the fire does, the plan goes on
        late = self.clock.now() - at
        self._plan_next(name, max(at, self.clock.now()) if late > GRACE else at)
        if late > GRACE:
            self.calls.missed(name, at, f"missed by {late.total_seconds():.0f} s; a missed fire is never run late")
            return
        with self._lock:
            if name in self._busy:
                self.calls.missed(name, at, "the firing before was still under way")
                return
            self._busy.add(name)
        try:
            if self._pool:
                self._pool.submit(self._fire, name, at)
        except RuntimeError:
            return  # stopped meanwhile: nothing is fired any more

    def _fire(self, name: str, at: datetime) -> None:
        try:
            self.calls.fire(name, at)
        except Exception as error:  # noqa: BLE001 - the scheduler's border: one broken fire never stops the others
            self.calls.failed(name, at, error)
        finally:
            with self._lock:
                self._busy.discard(name)
