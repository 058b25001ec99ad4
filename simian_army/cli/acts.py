"""The verbs that do something: run, once, halt, resume, revert."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from simian_army import wiring
from simian_army.cli import show
from simian_army.errors import NotLeader, UsageError
from simian_army.model import ENDS, AuditEvent, Phase

WAIT = 0.2  # seconds between two looks while a command follows what happens
ANSWER = 10.0  # seconds an agent has to take up a request
GRACE = 30.0  # seconds for the last reverts


def run(config: Path, *, leashed: bool) -> int:
    """Be the agent."""
    from simian_army.audit import log

    log.configure()
    loaded = wiring.read_config(config)
    with wiring.books(loaded, told=log.tell) as books, wiring.house(books, leashed=leashed) as house:
        wiring.must_know_the_place(house)
        agent = house.agent()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: agent.stopping.set())
        mode = "leashed: nothing will be changed" if house.engine.judge.leashed else "unleashed"
        show.err.print(f"fleet {loaded.settings.fleet}, {len(house.entries)} monkeys, {mode}", markup=False)
        left = agent.run()
    if left:
        show.err.print(
            f"{left} faults could not be reverted: the next start goes on; see `simian status`", markup=False
        )
    return 1 if left else 0


def once(config: Path, monkey: str, target: str, reason: str, *, leashed: bool, as_json: bool) -> int:
    """Let one monkey act now: through the running agent if there is one, else as the leader ourselves."""
    loaded = wiring.read_config(config)
    with wiring.books(loaded) as books:
        if books.lease.held_by_anyone():
            if leashed:
                raise UsageError("an agent runs, and acts by its own config: use `simian plan` or `simian why` to look")
            return _ask(books, monkey, target, reason)
        with wiring.house(books, leashed=leashed) as house:
            return _alone(house, monkey, target, as_json=as_json)


def halt(config: Path, reason: str) -> None:
    """Write the halt down; the agent reads it within half a second."""
    _tell_all(config, Phase.HALTED, reason, "halted: nothing new begins, and what is held is being reverted")


def resume(config: Path, reason: str) -> None:
    """Write the end of the halt down."""
    _tell_all(config, Phase.RESUMED, reason, "resumed")


def revert(config: Path, run_id: str, reason: str, *, every: bool) -> int:
    """Have one run, or all, reverted: by the agent if there is one, else by ourselves."""
    if bool(run_id) == every:
        raise UsageError("name one run, or say --all; `simian status` lists what is held")
    loaded = wiring.read_config(config)
    with wiring.books(loaded) as books:
        if run_id and run_id not in {event.run for event, _ in books.ledger.open_faults()}:
            raise UsageError(f"run {run_id} holds nothing: `simian status` lists what is held, `simian audit` what was")
        if books.lease.held_by_anyone():
            note = books.scribe.note(Phase.REQUESTED, verb="revert", which=run_id, reason=reason)
            books.ledger.append(note)
        else:
            with wiring.house(books) as house:
                house.keeper.start()
                house.recovery.recover()
                house.keeper.end(run_id, f"asked by {wiring.actor()}: {reason}")
                _until(lambda: not house.keeper.held(run_id), house, GRACE)
                house.keeper.close()
        left = _wait_reverted(books, run_id)
    show.say("reverted" if not left else f"{left} still held: see `simian status`", "green" if not left else "red")
    return 1 if left else 0


def _alone(house: wiring.House, monkey: str, target: str, *, as_json: bool) -> int:
    entry = wiring.entry_of(house, monkey)
    wiring.must_know_the_place(house)
    try:
        house.books.lease.take()
    except NotLeader as other:
        raise UsageError(f"{other}; try again: the agent will be asked") from other
    only = wiring.target_of(entry, target) if target else ""
    with _stops() as stop:
        house.keeper.start()
        house.recovery.recover()
        found = house.engine.fire(entry, house.books.clock.now(), only=only)
        show.dump(found.summary()) if as_json else show.outcome(found)
        stay(house, found.run.id, None if as_json else stop, stop)
        left = house.keeper.stop(GRACE, "the command was ended")
    if found.error or left:
        return 1
    return 0 if found.taken or found.findings else 3


def stay(house: wiring.House, run_id: str, told: threading.Event | None, stop: threading.Event | None = None) -> None:
    """Wait until nothing of the run is open, or ``stop`` is set; ``told`` None keeps the wait unannounced."""
    stop = stop or threading.Event()
    waited = False
    while house.keeper.open(run_id) and not stop.is_set():
        if told is not None and not waited:
            held = house.keeper.held(run_id)
            words = "held; Ctrl-C reverts at once" if held else "until the group is whole again; Ctrl-C leaves it"
            show.err.print(f"waiting: {words} ...", markup=False)
        waited = True
        house.books.clock.wait(stop, WAIT)
    if waited:
        for event in house.books.ledger.query(run=run_id):
            if event.phase in ENDS and event.target:
                _line(event)


def _ask(books: wiring.Books, monkey: str, target: str, reason: str) -> int:
    """Have the agent do it, and show what it does."""
    asked = books.scribe.note(Phase.REQUESTED, verb="once", only=target, reason=reason)
    (request,) = books.ledger.append(replace(asked, entry=monkey))
    show.say(f"request {request.seq} is with the agent")
    stop = threading.Event()
    waited, done = 0.0, False
    run_id = ""
    shown = request.seq
    while not done:
        for event in books.ledger.query(after=shown):
            shown = event.seq
            if event.data.get("request") == request.seq:
                run_id = event.run or run_id
                if event.phase is Phase.SKIPPED:
                    show.say(f"the agent did not: {event.data.get('reason')}", "red")
                    return 3
            if run_id and event.run == run_id:
                _line(event)
                done = done or (event.phase in ENDS) or event.phase is Phase.SKIPPED
        waited += WAIT
        if not run_id and waited > ANSWER:
            raise UsageError(f"no answer in {ANSWER:.0f} s: is the agent alive? `simian status` tells")
        books.clock.wait(stop, WAIT)
    denied = [e for e in books.ledger.query(run=run_id) if e.phase is Phase.INJECTED]
    return 0 if denied else 3


def _line(event: AuditEvent) -> None:
    about = event.data.get("target")
    name = about.get("name", "") if isinstance(about, dict) else ""
    words = event.data.get("detail") or event.data.get("reason") or event.data.get("why") or ""
    show.say(f"  {event.phase:>9}  {name}  {words}")


def _tell_all(config: Path, phase: Phase, reason: str, words: str) -> None:
    if not reason:
        raise UsageError("say why: --reason TEXT; it is kept with your name")
    loaded = wiring.read_config(config)
    with wiring.books(loaded) as books:
        books.ledger.append(books.scribe.note(phase, reason=reason, source="cli"))
    show.say(words, "bold")


def _wait_reverted(books: wiring.Books, run_id: str) -> int:
    stop = threading.Event()
    for _ in range(int(GRACE / WAIT)):
        left = [e for e, _ in books.ledger.open_faults() if run_id in ("", e.run) and e.data.get("undo") is not None]
        if not left:
            return 0
        books.clock.wait(stop, WAIT)
    return len(left)


def _until(done: Callable[[], bool], house: wiring.House, seconds: float) -> None:
    stop = threading.Event()
    for _ in range(int(seconds / WAIT)):
        if done():
            return
        house.books.clock.wait(stop, WAIT)


@contextmanager
def _stops() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set."""
    stop = threading.Event()
    kept = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
