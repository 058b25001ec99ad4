"""Who looks: one look at a time for each question, in a few threads of its own, and its answer for all who ask."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from simian_army.clock import Clock
from simian_army.errors import SimianError
from simian_army.sights import Question, Sight

FRESH = 3.0
"""Seconds for which an answer counts before something is broken."""
RENEW = 1.0
"""Seconds after which an answer is looked for again while a fault is held."""
KEPT = 10.0
"""Seconds for which an older answer counts there until the next one comes."""
FORGET = 60.0
"""Seconds after which an answer is thrown away."""
THREADS = 8

Key: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """An answer, and when its look began, in monotonic seconds: what happened later it cannot know."""

    sight: Sight
    at: float


@dataclass(slots=True)
class Errand:
    """A look under way, or waiting for a thread, since ``begun``."""

    question: Question
    begun: float
    done: threading.Event = field(default_factory=threading.Event)

    def carry_out(self) -> Sight:
        """Look; whatever breaks is a doubt."""
        try:
            return self.question.ask()
        except SimianError as error:
            words = str(error)
        except Exception as error:  # noqa: BLE001 - the guard border: doubt means no
            words = f"{type(error).__name__}: {error}"
        return Sight(fine=False, words=f"{self.question.where}: {words}", doubt=True)


def in_a_thread(work: Callable[[], None]) -> None:
    """Let ``work`` take its time; one that never ends keeps no process alive."""
    threading.Thread(target=work, name="look", daemon=True).start()


@dataclass(slots=True)
class Lookout:
    """``sights.Lookout``; may be used by many threads. ``spawn`` starts a thread, at most ``THREADS`` at once.

    Nobody waits for a look that is late already: that place does not answer, so the answer is no.
    """

    clock: Clock
    spawn: Callable[[Callable[[], None]], None] = in_a_thread
    _seen: dict[Key, Seen] = field(default_factory=dict)
    _errands: dict[Key, Errand] = field(default_factory=dict)
    _waiting: deque[Errand] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _threads: int = 0
    _next_sweep: float = 0.0
    _closed: bool = False

    def now(self, questions: Sequence[Question]) -> list[Sight]:
        return self._answers([self._fresh(question) for question in questions], questions)

    def lately(self, questions: Sequence[Question]) -> list[Sight]:
        return self._answers([self._kept(question) for question in questions], questions)

    def close(self) -> None:
        """Look no more."""
        with self._lock:
            self._closed = True
            self._waiting.clear()

    def _fresh(self, question: Question) -> Sight | Errand:
        now = self.clock.monotonic()
        with self._lock:
            seen = self._seen.get(question.key)
            if seen and now - seen.at <= FRESH:
                return seen.sight
        return self._begin(question, now)

    def _kept(self, question: Question) -> Sight | Errand:
        now = self.clock.monotonic()
        with self._lock:
            seen = self._seen.get(question.key)
        if seen and now - seen.at <= RENEW:
            return seen.sight
        errand = self._begin(question, now)
        late = now - errand.begun >= question.timeout
        return errand if late or seen is None or now - seen.at > KEPT else seen.sight

    def _answers(self, said: Sequence[Sight | Errand], questions: Sequence[Question]) -> list[Sight]:
        return [
            self._await(one, question) if isinstance(one, Errand) else one
            for one, question in zip(said, questions, strict=True)
        ]

    def _await(self, errand: Errand, question: Question) -> Sight:
        ends = errand.begun + question.timeout
        if not errand.done.is_set() and not self._closed:
            self.clock.wait(errand.done, max(0.0, ends - self.clock.monotonic()))
        with self._lock:
            seen = self._seen.get(question.key)
        if errand.done.is_set() and seen and seen.at >= errand.begun:
            return seen.sight
        why = "nobody looks any more" if self._closed else f"no answer within {question.timeout:g} s"
        return Sight(fine=False, words=f"{question.where}: {why}", doubt=True)

    def _begin(self, question: Question, now: float) -> Errand:
        """The look under way for that question, or a new one."""
        with self._lock:
            errand = self._errands.get(question.key)
            if errand is not None:
                return errand
            errand = self._errands[question.key] = Errand(question, now)
            if self._closed:
                return errand
            self._forget(now)
            self._waiting.append(errand)
            more = self._threads < THREADS
            self._threads += more
        if more:
            self.spawn(self._work)
        return errand

    def _work(self) -> None:
        while (errand := self._next()) is not None:
            sight = errand.carry_out()
            with self._lock:
                self._seen[errand.question.key] = Seen(sight, errand.begun)
                self._errands.pop(errand.question.key, None)
            errand.done.set()

    def _next(self) -> Errand | None:
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
            self._threads -= 1
            return None

    def _forget(self, now: float) -> None:
        if now < self._next_sweep:
            return
        self._next_sweep = now + KEPT
        old = [key for key, seen in self._seen.items() if now - seen.at > FORGET]
        for key in old:
            del self._seen[key]
