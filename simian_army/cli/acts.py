"""The verbs that act: run, undertaker, revert."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from pathlib import Path

from simian_army import wiring
from simian_army.cli import forcing, show
from simian_army.errors import SimianError, UsageError
from simian_army.model import Phase

WAIT = 0.2  # seconds between two looks while a command follows what happens
GRACE = 30.0  # seconds for the last reverts


def run(config: Path, *, leashed: bool) -> int:
    """Be the agent."""
    from simian_army.audit import log

    log.configure()
    loaded = wiring.read_config(config)
    with (
        wiring.watch(loaded, log.tell) as watch,
        wiring.books(loaded, told=watch.hear) as books,
        wiring.house(books, leashed=leashed) as house,
    ):
        wiring.must_know_the_place(house)
        agent = house.agent()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: agent.stopping.set())
        mode = "leashed: nothing will be changed" if house.engine.judge.leashed else "unleashed"
        show.err.print(f"fleet {loaded.settings.fleet}, {len(house.entries)} monkeys, {mode}", markup=False)
        with watch.over(house, agent):
            if watch.url:
                show.err.print(f"metrics and health at {watch.url}", markup=False)
            left = agent.run()
    if left:
        show.err.print(
            f"{left} faults could not be reverted: the next start goes on; see `simian status`", markup=False
        )
    return 1 if left else 0


def undertaker(config: Path, *, until_idle: bool) -> None:
    """Look after what agents hold."""
    from simian_army.audit import log

    log.configure()
    loaded = wiring.read_config(config)
    with wiring.undertake(loaded, until_idle=until_idle) as made:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: made.stopping.set())
        show.err.print(f"undertaker of fleet {loaded.settings.fleet}: {made.records.place}", markup=False)
        made.run()


def revert(config: Path, run_id: str, reason: str, *, every: bool, force: bool, as_json: bool) -> int:
    """Have one run, or all, reverted: by the agent if there is one, else by ourselves; ``force`` only closes it."""
    if force and every:
        raise UsageError("--force closes what one run left: name the run, not --all")
    if force and not reason.strip():
        raise UsageError("say why it is given up: --reason TEXT; it is kept with your name")
    if bool(run_id) == every:
        raise UsageError("name one run, or say --all; `simian status` lists what is held")
    loaded = wiring.read_config(config)
    with wiring.books(loaded) as books:
        if run_id and run_id not in {event.run for event, _ in books.ledger.open_faults()}:
            raise UsageError(f"run {run_id} holds nothing: `simian status` lists what is held, `simian audit` what was")
        with show.working("asking who leads ..."):
            led = _led(books)
        if force:
            return forcing.force(books, forcing.Wish(run_id, reason, as_json), led=led)
        if led:
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
    if as_json:
        show.dump({"run": run_id, "held": left})
        return 1 if left else 0
    show.say("reverted" if not left else f"{left} still held: see `simian status`", "green" if not left else "red")
    return 1 if left else 0


def _led(books: wiring.Books) -> bool:
    try:
        return books.lease.held_by_anyone()
    except SimianError:
        return False  # a revert needs no lease: whatever an agent does besides, the result is the same


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
