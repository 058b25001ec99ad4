"""Whether somebody has stopped the fleet: every source asked, halted if any says so or cannot be read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

from simian_army.clock import Clock
from simian_army.halts.news import News
from simian_army.halts.sources import Source
from simian_army.halts.state import FLEET, TIMEOUT, Reading, State
from simian_army.model import AuditEvent, Halt
from simian_army.stopping import Standing

CLOSING = 2.0  # seconds that an end waits for reads under way


def in_a_thread(work: Callable[[], None]) -> None:
    """Let ``work`` take its time; one that never ends keeps no process alive."""
    threading.Thread(target=work, name="halt", daemon=True).start()


@dataclass(frozen=True, slots=True)
class Said:
    """What one source says; ``trouble`` is why it cannot be read, empty when it can."""

    source: Source
    halts: tuple[Halt, ...] = ()
    trouble: str = ""


@dataclass(slots=True)
class Halts:
    """All sources as one, by ``contract.Halting``; may be used by many threads.

    Each read has a thread of its own, so that one source that hangs keeps back no other; ``spawn`` starts it.
    """

    sources: Sequence[Source]
    clock: Clock
    words: News | None = None
    spawn: Callable[[Callable[[], None]], None] = in_a_thread
    _states: list[State] = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _reading: set[int] = field(default_factory=set)
    _idle: threading.Event = field(default_factory=threading.Event)
    _closed: bool = False

    def __post_init__(self) -> None:
        self._states = [State(source) for source in self.sources]

    def look(self, platform: str = "", scopes: Collection[str] = ()) -> Standing:
        wanted = [(state, state.source.platform) for state in self._states if _speaks(state, platform, scopes)]
        asked = [(state, frozenset(scopes) if mine else FLEET) for state, mine in wanted]
        readings = [(self._begin(state, of), of) for state, of in asked]
        self._await(reading for reading, _ in readings)
        said = [halt for reading, of in readings for halt in _said(reading, of)]
        doubts = [self._doubt(r.source, r.trouble, of) for r, of in readings if r.trouble]
        return _standing(said, doubts)

    def known(self, platform: str = "", scopes: Collection[str] = (), patience: float = 0.0) -> Standing:
        now, said, doubts = self.clock.monotonic(), list[Halt](), list[Halt]()
        with self._lock:
            for state in self._states:
                if not _speaks(state, platform, scopes):
                    continue
                of = frozenset(scopes) if state.source.platform else FLEET
                if state.source.platform:
                    state.interest.update(dict.fromkeys(of, now))
                said += [state.found[scope] for scope in of if scope in state.found]
                why, seconds = state.trouble(now)
                if why and seconds >= patience:
                    doubts.append(self._doubt(state.source, why, of))
        return _standing(said, doubts)

    def watch(self) -> None:
        now = self.clock.monotonic()
        with self._lock:
            due = [(state, of) for state in self._states if (of := state.due(now))]
        for state, of in due:
            self._begin(state, of, watched=True)

    def news(self) -> Sequence[AuditEvent]:
        if self.words is None:
            return ()
        self.words.remember()
        now = self.clock.monotonic()
        with self._lock:
            for state in self._states:
                if state.source.platform:  # what was told has an end that is told too
                    state.interest.update(dict.fromkeys(self.words.scopes(state.source.name), now))
            return self.words.of(self._states)

    def survey(self) -> list[Said]:
        """What each source says now, of all scopes there are."""
        readings = [self._begin(state, None) for state in self._states]
        self._await(readings)
        return [Said(r.source, () if r.trouble else tuple(r.found.values()), r.trouble) for r in readings]

    def close(self) -> None:
        """Read nothing any more; what is being read is waited for a moment."""
        with self._lock:
            self._closed = True
            busy = bool(self._reading)
        if busy:
            self.clock.wait(self._idle, CLOSING)

    def _begin(self, state: State, scopes: frozenset[str] | None, *, watched: bool = False) -> Reading:
        reading = Reading(state.source, scopes, self.clock.monotonic())
        with self._lock:
            hangs = state.under_way is not None and bool(state.trouble(reading.begun)[0])
            if self._closed or hangs:  # no second thread is given to one that does not answer the first
                reading.error = "it is closed" if self._closed else state.trouble(reading.begun)[0]
                reading.done.set()
                return reading
            if watched:
                state.under_way = reading
            self._reading.add(id(reading))
            self._idle.clear()
        self.spawn(lambda: self._carry_out(state, reading))
        return reading

    def _carry_out(self, state: State, reading: Reading) -> None:
        reading.carry_out()
        with self._lock:
            state.learn(reading, self.clock.monotonic())
            self._reading.discard(id(reading))
            if not self._reading:
                self._idle.set()
        reading.done.set()

    def _await(self, readings: Iterable[Reading]) -> None:
        ends = self.clock.monotonic() + TIMEOUT
        for reading in readings:
            if not reading.done.is_set():
                self.clock.wait(reading.done, ends - self.clock.monotonic())

    def _doubt(self, source: Source, why: str, scopes: frozenset[str]) -> Halt:
        reason = f"whether {source.where} halts cannot be told: {why}"
        place = ", ".join(sorted(scopes)) if source.platform else ""
        return Halt("nobody", reason, self.clock.now(), source.name, place, f"`{source.command(place)}`", doubt=True)


def _speaks(state: State, platform: str, scopes: Collection[str]) -> bool:
    mine = state.source.platform
    return not mine or (mine == platform and bool(scopes))


def _said(reading: Reading, scopes: frozenset[str]) -> list[Halt]:
    return [] if reading.trouble else [halt for scope, halt in reading.found.items() if scope in scopes]


def _standing(said: Sequence[Halt], doubts: Sequence[Halt]) -> Standing:
    """Who is stopped: a halt that is known says more than a doubt, so it is told first."""
    fleet = [halt for halt in said if not halt.scope]
    halt = next(iter([*fleet, *doubts]), None)
    return Standing(halt, tuple(halt for halt in said if halt.scope))
