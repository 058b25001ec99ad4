"""The verb once: one monkey acts now, by the running agent or by ourselves."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from simian_army import wiring
from simian_army.agent import ANSWER
from simian_army.by_hand import narrowed
from simian_army.cli import approving, show
from simian_army.errors import NotLeader, UsageError
from simian_army.model import ENDS, AuditEvent, Phase
from simian_army.outcome import Outcome

WAIT = 0.2  # seconds between two looks while a command follows what happens
GRACE = 30.0  # seconds for the last reverts
LEFT = "still pending: an agent (`simian run`) strikes once it is approved; `simian status` lists it"
DONE, FAILED, REFUSED, INCONCLUSIVE = 0, 1, 3, 4


@dataclass(frozen=True, slots=True)
class Wish:
    """What was typed. ``target`` and ``fault`` empty mean whichever the monkey draws."""

    monkey: str
    target: str = ""
    reason: str = ""
    leashed: bool = False
    as_json: bool = False
    wait: timedelta = timedelta(minutes=1)
    fault: str = ""


def once(config: Path, wish: Wish) -> int:
    """Let one monkey act now: through the running agent if there is one, else as the leader ourselves."""
    loaded = wiring.read_config(config)
    with wiring.books(loaded) as books:
        with show.working("asking who leads ..."):
            led = books.lease.held_by_anyone()
        if led:
            if wish.leashed:
                raise UsageError("an agent runs, and acts by its own config: use `simian plan` or `simian why` to look")
            return _Following(books, wish).follow()
        with show.working("looking at the targets ..."), wiring.house(books, leashed=wish.leashed) as house:
            return _alone(house, wish)


def stay(house: wiring.House, run_id: str, *, told: bool = False, stop: threading.Event | None = None) -> None:
    """Wait until nothing of the run is open or to be judged, or ``stop`` is set; then say how each fault of it ended,
    and what came out badly."""
    stop = stop or threading.Event()
    if told and _lasts(house, run_id):
        held = house.keeper.held(run_id)
        words = "held; Ctrl-C reverts at once" if held else "until the group is whole again; Ctrl-C leaves it"
        show.err.print(f"waiting: {words} ...", markup=False)
    while _lasts(house, run_id) and not stop.is_set():
        house.books.clock.wait(stop, WAIT)
    if not stop.is_set():
        ends(house, run_id)


def ends(house: wiring.House, run_id: str) -> None:
    """Say how each fault of the run ended, and what came out badly."""
    for event in house.books.ledger.query(run=run_id):
        bad = event.phase is Phase.JUDGED and event.data.get("outcome") != "clean"
        if event.target and (event.phase in ENDS or bad):
            line(event)


def _said(house: wiring.House, found: Outcome) -> None:
    halt = house.engine.judge.halts.known().halt
    if halt:
        show.say(f"{halt}; {halt.ends}", "red")
    show.outcome(found)


def answered(house: wiring.House, found: Outcome, *, waits: bool) -> None:
    """Say what became of what waited for somebody's word."""
    for event in house.books.ledger.query(run=found.run.id) if found.waiting else ():
        if event.target and event.phase in (Phase.INJECTED, Phase.DENIED):
            line(event)
    if waits:
        show.say(f"  {LEFT}", "cyan")


def _lasts(house: wiring.House, run_id: str) -> bool:
    """Whether something of the run is held, or its groups are still looked at."""
    return bool(house.keeper.open(run_id) or house.keeper.aftermath.pending(run_id))


def line(event: AuditEvent) -> None:
    """One event of a run, in words."""
    about = event.data.get("target")
    name = about.get("name", "") if isinstance(about, dict) else ""
    words = next((event.data[key] for key in ("approve", "detail", "reason", "why") if event.data.get(key)), "")
    if event.phase is Phase.JUDGED:
        bad = event.data.get("outcome") != "clean"
        words = f"bad: {words}; `simian analyse {event.run}` lets its line go on" if bad else f"clean: {words}"
    show.say(f"  {event.phase:>9}  {name}  {words}")


def _alone(house: wiring.House, wish: Wish) -> int:
    entry = narrowed(wiring.entry_of(house, wish.monkey), wish.fault, house.kinds)
    wiring.must_know_the_place(house)
    try:
        house.books.lease.take()
    except NotLeader as other:
        raise UsageError(f"{other}; try again: the agent will be asked") from other
    only = wiring.target_of(entry, wish.target) if wish.target else ""
    with stops() as stop:
        house.keeper.start()
        try:
            house.recovery.recover()
            found = house.engine.fire(entry, house.books.clock.now(), only=only)
            show.still()
            show.dump(found.summary()) if wish.as_json else _said(house, found)
            waits = approving.wait(house, found, wish.wait, stop)
            if not wish.as_json:
                answered(house, found, waits=waits)
                stay(house, found.run.id, told=True, stop=stop)
            while _lasts(house, found.run.id) and not stop.is_set():
                house.books.clock.wait(stop, WAIT)
        finally:  # whatever broke: what is held is reverted before we go
            left = house.keeper.stop(GRACE, "the command was ended")
    if stop.is_set() and not wish.as_json:
        ends(house, found.run.id)
    if found.error or left:
        return FAILED
    seen = {event.phase for event in house.books.ledger.query(run=found.run.id)}
    if Phase.UNKNOWN in seen:
        return INCONCLUSIVE
    return DONE if found.taken or found.reports or Phase.INJECTED in seen else REFUSED


@dataclass(slots=True)
class _Following:
    """A request to the agent, and what it does about it."""

    books: wiring.Books
    wish: Wish
    run: str = ""
    over: bool = False
    taken: int = 0
    open: set[str] = field(default_factory=set)
    waiting: set[str] = field(default_factory=set)
    unsure: bool = False

    def follow(self) -> int:
        """Ask, and show what happens until it is over."""
        books, wish = self.books, self.wish
        asked = books.scribe.note(Phase.REQUESTED, verb="once", only=wish.target, fault=wish.fault, reason=wish.reason)
        (request,) = books.ledger.append(replace(asked, entry=wish.monkey))
        if not wish.as_json:
            show.say(f"request {request.seq} is with the agent")
        seen, waited = request.seq, 0.0
        patience = wish.wait.total_seconds()
        with stops() as stop:
            while not self._over(patience):
                patience -= WAIT if self.over else 0.0
                for event in list(books.ledger.query(after=seen)):
                    seen = event.seq
                    self._take(event, request.seq)
                if self.over and not self.run:
                    return REFUSED
                waited += WAIT
                if not self.run and not self.over and waited > ANSWER.total_seconds():
                    raise UsageError(f"no answer in {ANSWER.seconds} s: is the agent alive? `simian status` tells")
                if books.clock.wait(stop, WAIT):
                    show.err.print(f"the agent goes on; `simian revert {self.run}` ends it", markup=False)
                    break
        return self._came()

    def _over(self, patience: float) -> bool:
        return self.over and not self.open and (not self.waiting or patience <= 0)

    def _came(self) -> int:
        if self.waiting and not self.wish.as_json:
            show.say(f"  {LEFT}", "cyan")
        if self.unsure:
            return INCONCLUSIVE
        return DONE if self.taken else REFUSED

    def _take(self, event: AuditEvent, request: int) -> None:
        answers = event.data.get("request") == request
        if not answers and (not self.run or event.run != self.run):
            return
        self.run = self.run or event.run
        if answers and event.phase in (Phase.SKIPPED, Phase.CLOSED):
            self.over = True
            self.taken += int(event.data.get("taken", 0)) or int(event.data.get("reports", False))
        elif event.target:
            self._follow(event)
        self._tell(event)

    def _follow(self, event: AuditEvent) -> None:
        """What of the run is open, and what waits for somebody's word."""
        if event.phase is Phase.PENDING:
            self.waiting.add(event.target)
        elif event.phase is Phase.INTENDED:
            self.taken += event.target in self.waiting
            self.open.add(event.target)
            self.waiting.discard(event.target)
        elif event.phase in ENDS:
            self.open.discard(event.target)
            self.waiting.discard(event.target)
        self.unsure = self.unsure or event.phase is Phase.UNKNOWN

    def _tell(self, event: AuditEvent) -> None:
        if self.wish.as_json:
            from simian_army.audit.log import to_json

            show.dump(to_json(event))
        elif event.phase is Phase.SKIPPED and not event.target:
            show.say(f"the agent did not: {event.data.get('reason')}", "red")
        elif event.phase is Phase.DENIED and not event.target:
            show.refusals(event.data)
        else:
            line(event)


@contextmanager
def stops() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set."""
    stop = threading.Event()
    kept = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
