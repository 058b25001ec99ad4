"""Who ends what is open: at its deadline, at a halt, when consent is gone, at shutdown; tried until proved."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from simian_army.clock import Clock
from simian_army.contract import FaultKind, Ledger
from simian_army.errors import Conflict, Forbidden, Gone, LedgerError, Refused, SimianError
from simian_army.model import AuditEvent, Evidence, Health, Phase, Target
from simian_army.records import Held, Scribe

TICK = 0.25  # seconds between two looks at what is open
HALT_EVERY = 0.5  # seconds between two looks for a halt
CONSENT_EVERY = 2.0  # seconds between two looks at a held target's consent; an opt-out ends a fault within 5 s
WHOLE_EVERY = 1.0  # seconds between two looks at a struck group
BACKOFF = (0.5, 30.0)  # seconds: the first wait after a failed revert, and the longest
STUCK_AFTER = 6  # failed reverts before the alarm; the trying goes on
WORKERS = 8
NOTHING_DONE = (Refused, Gone, Conflict, Forbidden)


@dataclass(slots=True)
class Watch:
    """One open fault and how its ending goes; times are monotonic seconds."""

    held: Held
    ending: str = ""
    tries: int = 0
    next_try: float = 0.0
    next_look: float = 0.0
    busy: bool = False


@dataclass(slots=True)
class Keeper:
    """Holds every open fault in one thread, and ends them in a pool of its own.

    ``objection`` says why a held fault has lost its consent, ``health`` whether the target's group is whole.
    """

    kinds: Mapping[str, FaultKind]
    ledger: Ledger
    scribe: Scribe
    clock: Clock
    objection: Callable[[Held], str]
    health: Callable[[Target], Health]
    _open: dict[tuple[str, str], Watch] = field(default_factory=dict)
    _untold: list[AuditEvent] = field(default_factory=list)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _stop: threading.Event = field(default_factory=threading.Event)
    _pool: ThreadPoolExecutor | None = None
    _thread: threading.Thread | None = None
    _halt_look: float = 0.0

    def start(self) -> None:
        """Begin to watch."""
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="revert")
        self._thread = threading.Thread(target=self._watch, name="keeper", daemon=True)
        self._thread.start()

    def hold(self, held: Held, ending: str = "") -> None:
        """Take over one fault; ``ending`` says why it is to be ended at once, empty lets it live to its deadline."""
        with self._lock:
            self._open.setdefault(held.key, Watch(held, ending))

    @contextmanager
    def doubting(self, held: Held) -> Iterator[None]:
        """Around an injection: whatever breaks in it, other than a plain no, leaves a fault that is ended at once."""
        try:
            yield
        except NOTHING_DONE:
            raise
        except BaseException as doubt:
            self.hold(held, f"nobody can say whether it happened: {doubt}")
            raise

    def end(self, run: str, why: str) -> int:
        """Ask for the end of one run's faults, or with an empty ``run`` of all; returns how many."""
        with self._lock:
            chosen = [w for w in self._open.values() if run in ("", w.held.run.id) and self._reversible(w)]
            for watch in chosen:
                watch.ending = watch.ending or why
                watch.next_try = 0.0
        return len(chosen)

    def open(self, run: str = "") -> list[Held]:
        """What is open now: held faults, and struck groups that are not whole yet."""
        with self._lock:
            return [w.held for w in self._open.values() if run in ("", w.held.run.id)]

    def held(self, run: str = "") -> list[Held]:
        """Of what is open, the faults that must be reverted."""
        return [held for held in self.open(run) if self.kinds[held.fault.kind].reversible]

    def stop(self, grace: float, why: str = "shutdown") -> list[Held]:
        """Revert all held faults, for at most ``grace`` seconds, and end the threads; returns what is still held."""
        self.end("", why)
        limit = self.clock.monotonic() + grace
        while self.held() and self._thread and self.clock.monotonic() < limit:
            self.clock.wait(threading.Event(), TICK)
        self.close()
        return self.held()

    def close(self) -> None:
        """End the threads; what is open stays open, for the next process."""
        self._stop.set()
        if self._thread:
            self._thread.join()
        if self._pool:
            self._pool.shutdown(wait=True)
        self._tell()

    def tick(self) -> None:
        """One look at everything open; hands what is due to the pool."""
        self._tell()
        self._look_for_halt()
        now = self.clock.monotonic()
        with self._lock:
            due = [(watch, job) for watch in self._open.values() if not watch.busy and (job := self._job(watch, now))]
            for watch, _ in due:
                watch.busy = True
        for watch, job in due:
            self._submit(watch, job)

    def _watch(self) -> None:
        while not self.clock.wait(self._stop, TICK):
            self.tick()

    def _submit(self, watch: Watch, job: Callable[[Watch], None]) -> None:
        if self._pool is None:
            self._do(watch, job)
            return
        self._pool.submit(self._do, watch, job)

    def _do(self, watch: Watch, job: Callable[[Watch], None]) -> None:
        try:
            job(watch)
        finally:
            watch.busy = False

    def _job(self, watch: Watch, now: float) -> Callable[[Watch], None] | None:
        if not self._reversible(watch):
            return self._see_whether_whole if now >= watch.next_look else None
        if not watch.ending and self._due(watch, now):
            watch.ending = "its time is over"
        if watch.ending:
            return self._revert if now >= watch.next_try else None
        return self._ask_consent if now >= watch.next_look else None

    def _due(self, watch: Watch, now: float) -> bool:
        # Both clocks are asked: a wall clock set back never lengthens a hold, one set forward only shortens it.
        return now >= watch.held.until or self.clock.now() >= watch.held.end

    def _reversible(self, watch: Watch) -> bool:
        return self.kinds[watch.held.fault.kind].reversible

    def _look_for_halt(self) -> None:
        now = self.clock.monotonic()
        if now < self._halt_look or not self._open:
            return
        self._halt_look = now + HALT_EVERY
        try:
            halt = self.ledger.halted()
        except LedgerError:
            return
        if halt:
            self.end("", f"halted by {halt.author}: {halt.reason}")

    def _ask_consent(self, watch: Watch) -> None:
        watch.ending = watch.ending or self.objection(watch.held)
        watch.next_look = self.clock.monotonic() + CONSENT_EVERY

    def _revert(self, watch: Watch) -> None:
        held = watch.held
        kind = self.kinds[held.fault.kind]
        try:
            proof = kind.revert(held.fault, held.mark)
        except Exception as error:  # noqa: BLE001 - the revert border: nothing may end the trying
            proof = Evidence(holds=False, detail=f"{type(error).__name__}: {error}")
        if proof.holds:
            self._close(watch, Phase.REVERTED, why=watch.ending, detail=proof.detail, kind=kind.name)
            return
        watch.tries += 1
        first, longest = BACKOFF
        watch.next_try = self.clock.monotonic() + min(longest, first * 2 ** (watch.tries - 1))
        if watch.tries == STUCK_AFTER:
            self._say(Phase.STUCK, held, why=watch.ending, detail=proof.detail, tries=watch.tries, kind=kind.name)

    def _see_whether_whole(self, watch: Watch) -> None:
        held = watch.held
        watch.next_look = self.clock.monotonic() + WHOLE_EVERY
        if watch.ending:  # an act nobody can vouch for: it counts as done and is never repeated
            self._close(watch, Phase.UNKNOWN, detail=f"{watch.ending}; {self._seen(held)}", kind=held.fault.kind)
            return
        try:
            health = self.health(held.fault.target)
        except SimianError:
            return  # a look that fails is taken again
        if health.whole is False:
            return
        seconds = round((self.clock.now() - held.end).total_seconds(), 1)
        self._close(watch, Phase.CLOSED, detail=health.detail, recovered=seconds, kind=held.fault.kind)

    def _seen(self, held: Held) -> str:
        try:
            seen = self.kinds[held.fault.kind].observe(held.fault)
        except SimianError as error:
            return f"the target could not be looked at: {error}"
        return seen.detail

    def _close(self, watch: Watch, phase: Phase, **data: Any) -> None:
        self._say(phase, watch.held, **data)
        with self._lock:
            self._open.pop(watch.held.key, None)

    def _say(self, phase: Phase, held: Held, **data: Any) -> None:
        with self._lock:
            self._untold.append(self.scribe.note(phase, held.run, held.fault.target, **data))
        self._tell()

    def _tell(self) -> None:
        """Write down what has happened; a ledger that is away is tried again, and no revert waits for it."""
        with self._lock:
            if not self._untold:
                return
            try:
                self.ledger.append(*self._untold)
            except LedgerError:
                return
            self._untold.clear()
