"""Who ends what is open: at its deadline, at a halt, when consent is gone, at shutdown; tried until proved."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from simian_army.clock import Clock
from simian_army.contract import FaultKind, Halting, Ledger
from simian_army.errors import Conflict, Forbidden, Gone, LedgerError, Refused, SimianError
from simian_army.model import Evidence, Health, Phase, Target
from simian_army.pools import Pools, Room
from simian_army.records import Held, Scribe, Trustee
from simian_army.stops import Stops
from simian_army.teller import Spool, Teller

TICK = 0.25  # seconds between two looks at what is open
BOOKS_EVERY = 0.5  # seconds between two tries to tell what is not told yet
CONSENT_EVERY = 2.0  # seconds between two looks at a held target's consent; an opt-out ends a fault within 5 s
WHOLE_EVERY = 1.0  # seconds between two looks at a struck group
BACKOFF = (0.5, 30.0)  # seconds: the first wait after a failed revert, and the longest
STUCK_AFTER = 6  # failed reverts before the alarm; the trying goes on
UNDER_WAY_EVERY = 1.0  # seconds between two looks at a revert that the platform is still carrying out
PATIENCE = 600.0  # seconds for which that is no failure: AWS stops and starts an instance within minutes
NOTHING_DONE = (Refused, Gone, Conflict, Forbidden)


@dataclass(slots=True)
class Watch:
    """One open fault and how its ending goes; times are monotonic seconds."""

    held: Held
    ending: str = ""
    tries: int = 0
    begun: float = 0.0
    next_try: float = 0.0
    next_look: float = 0.0
    reverting: bool = False
    looking: bool = False


@dataclass(slots=True)
class Keeper:
    """Holds every open fault in one thread, which itself waits for nobody, and ends them in a pool of its own.

    ``objection`` says why a held fault has lost its consent, ``health`` whether the target's group is whole.
    """

    kinds: Mapping[str, FaultKind]
    ledger: Ledger
    scribe: Scribe
    clock: Clock
    objection: Callable[[Held], str]
    health: Callable[[Target], Health]
    trustee: Trustee
    halts: Halting
    spool: Spool | None = None
    _open: dict[tuple[str, str], Watch] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _stop: threading.Event = field(default_factory=threading.Event)
    _teller: Teller = field(init=False)
    _stops: Stops = field(init=False)
    _pools: Pools | None = None
    _thread: threading.Thread | None = None
    _next_books: float = 0.0
    _telling: bool = False
    _closing: str = ""
    _unsafe: str = ""

    def __post_init__(self) -> None:
        self._teller, self._stops = Teller(self.ledger, self.spool), Stops(self.halts)

    def start(self) -> None:
        """Begin to watch."""
        self._teller.retry()  # what a process before us had to tell: recovery reads the ledger next
        self._pools = Pools()
        self._thread = threading.Thread(target=self._watch, name="keeper", daemon=True)
        self._thread.start()

    def hold(self, held: Held, ending: str = "") -> None:
        """Take over one fault; ``ending`` says why it is to be ended at once, empty lets it live to its deadline."""
        with self._lock:
            watch = self._open.setdefault(held.key, Watch(held, ending))
            if self._reversible(watch):
                watch.ending = watch.ending or self._closing

    def entrust(self, held: Held) -> None:
        """Have a fault looked after, should this process be no more, before it is injected.

        Raises:
            Refused: nobody can be relied upon, so it must not be.
        """
        if self._reversible(Watch(held)):
            self.trustee.entrust(held)

    def release(self, held: Held) -> None:
        """Nothing of the fault is left, or nothing ever was."""
        if self._reversible(Watch(held)):
            self.trustee.release(held)

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

    def drop(self, held: Held) -> None:
        """Try no more: somebody closed it by force."""
        with self._lock:
            self._open.pop(held.key, None)
        self.release(held)

    def open(self, run: str = "") -> list[Held]:
        """What is open now: held faults, and struck groups that are not whole yet."""
        with self._lock:
            return [w.held for w in self._open.values() if run in ("", w.held.run.id)]

    def held(self, run: str = "") -> list[Held]:
        """Of what is open, the faults that must be reverted."""
        return [held for held in self.open(run) if self.kinds[held.fault.kind].reversible]

    def stop(self, grace: float, why: str = "shutdown") -> list[Held]:
        """Revert all held faults, for at most ``grace`` seconds, and end the threads; returns what is still held."""
        with self._lock:
            self._closing = why  # for what is held only now
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
        if self._pools:
            self._pools.close()
        self._teller.retry()

    def tick(self) -> None:
        """One look at everything open; hands what is due to the pools."""
        now = self.clock.monotonic()
        self._unsafe = self.trustee.lost() if self._open else ""
        self._stops.look(held.fault.target for held in self.open())
        self._keep_books(now)
        with self._lock:
            jobs = [job for watch in self._open.values() if (job := self._job(watch, now))]
        for room, work in jobs:
            self._run(room, work)

    def _watch(self) -> None:
        while not self.clock.wait(self._stop, TICK):
            try:
                self.tick()
            except Exception:  # the revert border: whatever breaks, the watch goes on
                logging.getLogger(__name__).exception("a look at what is open broke")

    def _keep_books(self, now: float) -> None:
        if not self._telling and now >= self._next_books:
            self._next_books, self._telling = now + BOOKS_EVERY, True
            self._run("books", self._tell)

    def _tell(self) -> None:
        try:
            self.ledger.halted()  # only to know that it answers
            for event in self.halts.news():
                self._teller.say(event)
            self._teller.retry()
        except LedgerError:
            self._teller.lose()  # asked again soon; no revert finds it out by waiting
        finally:
            self._telling = False

    def _run(self, room: Room, work: Callable[[], None]) -> None:
        if self._pools is None:
            work()
            return
        self._pools.of(room).submit(work)

    def _job(self, watch: Watch, now: float) -> tuple[Room, Callable[[], None]] | None:
        """What is to be done for it now, taken on so that nobody does it twice; asked under the lock."""
        if not watch.ending and self._reversible(watch):
            stopped = self._stops.why(watch.held.fault.target)
            watch.ending = "its time is over" if self._due(watch, now) else self._unsafe or stopped
        if watch.ending and self._reversible(watch):
            if watch.reverting or now < watch.next_try:
                return None
            watch.reverting = True
            return "reverts", partial(self._revert, watch)
        if watch.looking or now < watch.next_look:
            return None
        watch.looking = True
        return "looks", partial(self._see, watch)

    def _due(self, watch: Watch, now: float) -> bool:
        # Both clocks are asked: a wall clock set back never lengthens a hold, one set forward only shortens it.
        return now >= watch.held.until or self.clock.now() >= watch.held.end

    def _reversible(self, watch: Watch) -> bool:
        return self.kinds[watch.held.fault.kind].reversible

    def _see(self, watch: Watch) -> None:
        every, look = (CONSENT_EVERY, self._ask_consent) if self._reversible(watch) else (WHOLE_EVERY, self._ask_whole)
        try:
            look(watch)
        except SimianError:
            return  # a look that fails is taken again
        finally:
            watch.next_look = self.clock.monotonic() + every
            watch.looking = False

    def _ask_consent(self, watch: Watch) -> None:
        try:
            objection = self.objection(watch.held)
        except SimianError:
            raise
        except Exception as error:  # noqa: BLE001 - the guard border: doubt means no
            objection = f"its consent could not be asked: {type(error).__name__}: {error}"
        with self._lock:
            # joined after the asking, which takes time: the end may have been ordered meanwhile
            watch.ending = watch.ending or objection

    def _revert(self, watch: Watch) -> None:
        try:
            self._revert_once(watch)
        finally:
            watch.reverting = False

    def _revert_once(self, watch: Watch) -> None:
        held = watch.held
        kind = self.kinds[held.fault.kind]
        watch.begun = watch.begun or self.clock.monotonic()
        try:
            proof = kind.revert(held.fault, held.mark)
        except Exception as error:  # noqa: BLE001 - the revert border: nothing may end the trying
            proof = Evidence(holds=False, detail=f"{type(error).__name__}: {error}")
        if proof.holds:
            took = round(self.clock.monotonic() - watch.begun, 3)
            self._close(watch, Phase.REVERTED, why=watch.ending, detail=proof.detail, kind=kind.name, took=took)
            return
        now = self.clock.monotonic()
        if proof.under_way and now - watch.begun < PATIENCE:
            watch.next_try = now + UNDER_WAY_EVERY
            return
        watch.tries += 1
        first, longest = BACKOFF
        watch.next_try = now + min(longest, first * 2 ** min(watch.tries - 1, 10))
        if watch.tries == STUCK_AFTER:
            self._say(Phase.STUCK, held, why=watch.ending, detail=proof.detail, tries=watch.tries, kind=kind.name)

    def _ask_whole(self, watch: Watch) -> None:
        held = watch.held
        if watch.ending:  # an act nobody can vouch for: it counts as done and is never repeated
            self._close(watch, Phase.UNKNOWN, detail=f"{watch.ending}; {self._seen(held)}", kind=held.fault.kind)
            return
        health = self.health(held.fault.target)
        if health.whole is False:
            return
        seconds = round((self.clock.now() - held.end).total_seconds(), 1)
        self._close(watch, Phase.CLOSED, detail=health.detail, recovered=seconds, kind=held.fault.kind)

    def _seen(self, held: Held) -> str:
        try:
            seen = self.kinds[held.fault.kind].observe(held.fault)
        except Exception as error:  # noqa: BLE001 - the revert border: whoever cannot look still ends the attempt
            return f"the target could not be looked at: {error}"
        return seen.detail

    def _close(self, watch: Watch, phase: Phase, **data: Any) -> None:
        if self._open.get(watch.held.key) is not watch:
            return  # closed by force meanwhile
        self._say(phase, watch.held, **data)
        self.release(watch.held)
        with self._lock:
            self._open.pop(watch.held.key, None)

    def _say(self, phase: Phase, held: Held, **data: Any) -> None:
        self._teller.say(self.scribe.note(phase, held.run, held.fault.target, **data))
