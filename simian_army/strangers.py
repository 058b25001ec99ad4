"""How the guards of third parties are asked: in a thread apart, for a limited time; whatever they do is an answer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from queue import Empty, SimpleQueue
from typing import TypeVar, cast

from simian_army.asking import answer
from simian_army.contract import Guard
from simian_army.errors import PluginError
from simian_army.model import Scene, Verdict
from simian_army.standing import LooksBack

LIMIT = 5.0  # seconds that a stranger has for one answer, and for being made
IDLE = 10.0  # seconds after which a thread that has nothing to do ends
MOST = 1000  # characters of a reason
T = TypeVar("T")


class Late(PluginError):
    """It did not answer in time, or is still at what it was asked before."""


class Apart:
    """Does one thing at a time in a daemon thread: who waits for it waits for ``limit`` seconds at most."""

    def __init__(self, limit: float = 0) -> None:
        self.limit = limit or LIMIT
        self._turn = threading.Lock()
        self._hiring = threading.Lock()
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        self._hired = False
        self._latest: _Job | None = None

    def do(self, work: Callable[[], T]) -> T:
        """What ``work`` gives.

        Raises:
            Late: it takes too long; until it is over nothing more is begun, and this is raised at once.
            PluginError: it raised anything else than an Exception. An Exception is raised as it is.
        """
        if not self._turn.acquire(timeout=self.limit):
            raise Late(f"others wait for its answer, no turn within {self.limit:g} s")
        try:
            if self._latest and not self._latest.done.is_set():
                raise Late(f"it still has not answered what it was asked before, within {self.limit:g} s")
            job = _Job(work)
            self._latest = job
            self._hand_over(job)
            if not job.done.wait(self.limit):
                raise Late(f"no answer within {self.limit:g} s")
        finally:
            self._turn.release()
        if job.error is None:
            return cast(T, job.got)
        if isinstance(job.error, Exception):
            raise job.error
        raise PluginError(f"it raised {type(job.error).__name__}") from job.error

    def _hand_over(self, job: _Job) -> None:
        with self._hiring:
            self._jobs.put(job)
            if not self._hired:
                self._hired = True
                threading.Thread(target=self._serve, name="stranger", daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                self._jobs.get(timeout=IDLE).run()
            except Empty:
                if self._may_leave():
                    return

    def _may_leave(self) -> bool:
        with self._hiring:
            if not self._jobs.empty():  # one came in between
                return False
            self._hired = False
            return True


@dataclass(slots=True)
class _Job:
    work: Callable[[], object]
    done: threading.Event = field(default_factory=threading.Event)
    got: object = None
    error: BaseException | None = None

    def run(self) -> None:
        try:
            self.got = self.work()
        except BaseException as error:  # noqa: BLE001 - the guard border: sys.exit() in a guard is a no as well
            self.error = error
        finally:
            self.done.set()


class Stranger:
    """A third party's guard under the name by which config calls it: it cannot speak for one of ours."""

    def __init__(self, name: str, make: Callable[[], Guard], limit: float = 0) -> None:
        """Have it made, within the limit.

        Raises:
            Exception: whatever its constructor raises; PluginError: it is none, or took too long.
        """
        self.name = name
        self._apart = Apart(limit)
        self._guard = self._apart.do(make)
        self._blind = ""
        self.early, self._looks_back = self._apart.do(self._known)

    def __call__(self, scene: Scene) -> Verdict:
        """Its answer, or a no in its name: it raised, answered nonsense, or took too long."""
        if self._blind:
            return self._no(self._blind)
        try:
            return self._apart.do(partial(self._answer, scene))
        except Late as late:
            return self._no(str(late), final=True)  # no other target would fare better while it hangs
        except Exception as error:  # noqa: BLE001 - the guard border: even its error may raise when it is printed
            return self._no(str(error) if isinstance(error, PluginError) else type(error).__name__)

    def looks_back_to(self, now: datetime) -> datetime:
        """As LooksBack, for one that is so; while it cannot say, it says no to everything."""
        if not self._looks_back:
            return now
        try:
            since = self._apart.do(partial(self._since, now))
        except Exception as error:  # noqa: BLE001 - the guard border
            self._blind = f"how far it looks back cannot be told: {type(error).__name__}"
            return now
        self._blind = ""
        return since

    def _known(self) -> tuple[bool, bool]:
        guard: object = self._guard
        if not callable(guard) or not isinstance(self._guard.early, bool):
            raise PluginError("it is no guard: a guard is called with a Scene, and its `early` is True or False")
        return self._guard.early, isinstance(guard, LooksBack)

    def _answer(self, scene: Scene) -> Verdict:
        said = answer(self._guard, scene)
        if type(said) is Verdict and isinstance(said.reason, str):
            return Verdict(self.name, said.allowed is True, said.reason[:MOST], final=said.final is True)
        return self._no("it answered something that is no verdict")

    def _since(self, now: datetime) -> datetime:
        since = cast(LooksBack, self._guard).looks_back_to(now)
        return min(now, since)  # nonsense cannot be compared with a time, and raises

    def _no(self, why: str, *, final: bool = False) -> Verdict:
        return Verdict(self.name, allowed=False, reason=f"guard failed: {why}", final=final)
