"""The verbs that act: run, undertaker, revert."""

from __future__ import annotations

import signal
from pathlib import Path

from simian_army import wiring
from simian_army.cli import forcing, reverting, salvaging, show
from simian_army.errors import LedgerError, SimianError, UsageError


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


def undertaker(config: Path, *, until_idle: bool, beat: Path | None = None) -> None:
    """Look after what agents hold; ``beat`` is the file in which it shows life."""
    from simian_army.audit import log
    from simian_army.observe.beating import Beat

    log.configure()
    loaded = wiring.read_config(config)
    with wiring.undertake(loaded, until_idle=until_idle) as made:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: made.stopping.set())
        made.sign = Beat(beat, made.clock) if beat else made.sign
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
    loaded, wish = wiring.read_config(config), reverting.Wish(run_id, reason, as_json)
    try:
        with wiring.books(loaded) as books:
            with show.working("asking who leads ..."):
                led = _led(books)
            if force:
                reverting.must_hold(books, run_id)
                return forcing.force(books, forcing.Wish(run_id, reason, as_json), led=led)
            return reverting.by_agent(books, wish) if led else reverting.alone(books, wish)
    except LedgerError as away:
        if force:
            raise  # what is given up must be written down
        return salvaging.salvage(loaded, wish, away)


def _led(books: wiring.Books) -> bool:
    try:
        return books.lease.held_by_anyone()
    except SimianError:
        return False  # a revert needs no lease: whatever an agent does besides, the result is the same
