"""Who ends what is open: at its deadline, at a halt, when consent is gone, at shutdown; tried until proved."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from simian_army.aftermath import Aftermath, Stand
from simian_army.clock import Clock
from simian_army.contract import FaultKind, Ledger
from simian_army.ending import Outcome, Vigil, Watch, batches, outcome, tried
from simian_army.errors import Conflict, Forbidden, Gone, LedgerError, Refused
from simian_army.judgement import Bench
from simian_army.looks import Looks
from simian_army.model import ENDS, Evidence, Health, Target
from simian_army.pools import Pools, Room
from simian_army.records import Held, Scribe, Trustee
from simian_army.stopping import Halting
from simian_army.stops import Stops
from simian_army.teller import Spool, Teller

TICK = 0.25  # seconds between two looks at what is open
BOOKS_EVERY = 0.5  # seconds between two tries to tell what is not told yet
CONSENT_EVERY = 2.0  # seconds between two looks at a held target's consent; an opt-out ends a fault within 5 s
LAST_LOOK = 1.0  # seconds that an end waits for one look at the groups of what was just reverted
WHOLE_EVERY = 1.0  # seconds between two looks at a struck group
NOTHING_DONE = (Refused, Gone, Conflict, Forbidden)


@dataclass(slots=True)
class Keeper:
    """Holds every open fault in one thread, which itself waits for nobody, ends them in a pool of its own, and judges
    what they came to.

    ``objection`` says why a held fault has lost its consent, ``health`` whether the target's group is whole, ``stand``
    how those in its reach stand; all have to be whole again within ``limit``.
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
    limit: timedelta = timedelta(minutes=5)
    stand: Stand = lambda _platform, _groups: {}
    _open: dict[tuple[str, str], Watch] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _stop: threading.Event = field(default_factory=threading.Event)
    _teller: Teller = field(init=False)
    _stops: Stops = field(init=False)
    _looks: Looks = field(init=False)
    aftermath: Aftermath = field(init=False)
    _pools: Pools | None = None
    _thread: threading.Thread | None = None
    _next_books: float = 0.0
    _telling: bool = False
    _closing: str = ""
    _unsafe: str = ""

    def __post_init__(self) -> None:
        self._teller, self._stops = Teller(self.ledger, self.spool), Stops(self.halts)
        self._looks = Looks(self.kinds, self.clock, self.objection, self.health)
        bench, tell, busy = Bench(self.scribe), self._teller.say, self._is_reverting
        health, stand = self.health, self.stand
        self.aftermath = Aftermath(self.ledger, bench, self.clock, health, stand, tell, self.limit, busy)

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

    def ready(self, kind: str) -> None:
        """See to it that a fault of that kind can be entrusted, which may take seconds.

        Raises:
            Refused: nobody can be relied upon.
        """
        if self.kinds[kind].reversible:
            self.trustee.ready()

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

    def end(self, run: str, why: str, target: str = "") -> int:
        """Ask for the end of one run's faults, or of its fault on one ``target`` (its id), or with an empty ``run`` of
        all; returns how many."""
        with self._lock:
            named = [w for (r, t), w in self._open.items() if run in ("", r) and target in ("", t)]
            chosen = [watch for watch in named if self._reversible(watch)]
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
        limit = min(limit, self.clock.monotonic() + LAST_LOOK)
        while self.aftermath.unseen() and self._thread and self.clock.monotonic() < limit:
            self.clock.wait(threading.Event(), TICK)
        self.close()
        return self.held()

    def close(self) -> None:
        """End the threads; what is open stays open, for the next process, and so does what is not judged."""
        self.aftermath.close()
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
        due, looks = self._taken_on(now)
        for batch in batches(due, self.kinds):
            self._run("reverts", partial(self._revert, batch))
        for watch in looks:
            self._run("looks", partial(self._see, watch))
        if self.aftermath.wanted():
            self._run("judging", self.aftermath.look)

    def _watch(self) -> None:
        vigil = Vigil(self.clock)
        while not self.clock.wait(self._stop, TICK):
            try:
                if slept := vigil.slept():
                    self.end("", slept)
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

    def _taken_on(self, now: float) -> tuple[list[Watch], list[Watch]]:
        """What is to be reverted now, and what looked at, taken on so that nobody does it twice."""
        with self._lock:
            ending, others = list[Watch](), list[Watch]()
            for watch in self._open.values():
                (ending if self._must_end(watch, now) else others).append(watch)
            due = [watch for watch in ending if not watch.reverting and now >= watch.next_try]
            for watch in due:
                watch.reverting = True
            looks = [watch for watch in others if not watch.looking and now >= watch.next_look]
            for watch in looks:
                watch.looking = True
                watch.blind = now if watch.blind is None else watch.blind  # until the look says otherwise
        return due, looks

    def _must_end(self, watch: Watch, now: float) -> bool:
        if not self._reversible(watch):
            return False
        if not watch.ending:
            stopped = self._stops.why(watch.held.fault.target)
            watch.ending = "its time is over" if self._due(watch, now) else self._unsafe or stopped or watch.unseen(now)
        return bool(watch.ending)

    def _due(self, watch: Watch, now: float) -> bool:
        # Both clocks are asked: a wall clock set back never lengthens a hold, one set forward only shortens it.
        return now >= watch.held.until or self.clock.now() >= watch.held.end

    def _is_reverting(self) -> bool:
        with self._lock:
            return any(watch.reverting for watch in self._open.values())

    def _reversible(self, watch: Watch) -> bool:
        return self.kinds[watch.held.fault.kind].reversible

    def _see(self, watch: Watch) -> None:
        held = self._reversible(watch)
        try:
            if held:
                self._see_consent(watch)
            elif ended := self._looks.whole(watch):
                self._settle([ended])
            else:
                self._teller.say(*self.aftermath.overdue(watch))
        finally:
            watch.next_look = self.clock.monotonic() + (CONSENT_EVERY if held else WHOLE_EVERY)
            watch.looking = False

    def _see_consent(self, watch: Watch) -> None:
        if watch.ending:  # by now it ends anyway: looks that waited for their turn are in no revert's way
            return
        objection = self._looks.consent(watch)
        with self._lock:
            # joined after the asking, which takes time: the end may have been ordered meanwhile
            watch.ending = watch.ending or objection

    def _revert(self, batch: Sequence[Watch]) -> None:
        begun, proofs = self.clock.monotonic(), list[Evidence]()
        for watch in batch:
            watch.begun = watch.begun or begun
        try:
            proofs = tried(self.kinds[batch[0].held.fault.kind], batch)
            now = self.clock.monotonic()
            said = [outcome(watch, proof, now) for watch, proof in zip(batch, proofs, strict=False)]
            self._settle([one for one in said if one])
        finally:
            for watch in batch:
                watch.alone = watch.alone or not proofs
                watch.reverting = False

    def _settle(self, outcomes: Sequence[Outcome]) -> None:
        """Tell what became of them, all in one piece, and let go of those that are over."""
        with self._lock:  # without those closed by force meanwhile
            known = [one for one in outcomes if self._open.get(one[0].held.key) is one[0]]
        notes = [self.scribe.note(phase, w.held.run, w.held.fault.target, **data) for w, phase, data in known]
        self._teller.say(*notes, *self.aftermath.ended(known))
        for watch, phase, _ in known:
            if phase in ENDS:
                self.release(watch.held)
                with self._lock:
                    self._open.pop(watch.held.key, None)
