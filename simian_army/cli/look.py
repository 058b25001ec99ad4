"""The verb status: who leads, what is halted, open and stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from simian_army import wiring
from simian_army.cli import analysing, halting, show
from simian_army.errors import SimianError
from simian_army.stages import Exposure
from simian_army.waiting import waits


def status(config: Path, *, as_json: bool) -> None:
    """Who leads, is it halted, what is open."""
    loaded = wiring.read_config(config)
    with wiring.books(loaded) as books:
        with show.working("asking who leads ..."):
            holder, unknown = _leader(books)
        with show.working("asking who halted ..."), wiring.halting(loaded, books) as halts:
            said = halts.survey()
        opened = [(event, phase) for event, phase in books.ledger.open_faults()]
        stopped = [attempt for attempt in books.ledger.attempts(books.clock.now()) if attempt.line]
        wide = _exposures(books)
        waiting = waits(books.ledger, books.clock.now())
    if as_json:
        held = [{"run": e.run, "target": e.data["name"], "kind": e.data["kind"], "phase": p} for e, p in opened]
        halt = next((halt.reason for one in said for halt in one.halts if not halt.scope), None)
        told = {"fleet": loaded.settings.fleet, "agent": holder, "halt": halt, "open": held}
        told["halts"] = list(halting.states(said))
        told["lines"] = list(analysing.states(stopped))
        told["pending"] = [one.told() for one in waiting]
        told["stages"] = {n: {"stage": e.stage, "of": e.of, "why": e.why} for n, e in wide.items()}
        show.dump({**told, **({"agent_unknown": unknown} if unknown else {})})
        return
    leads = f"nobody can say: {unknown}" if unknown else "nobody: no agent runs"
    if holder:
        leads = f"{holder.get('actor')} (pid {holder.get('pid')}, last beat {holder.get('beat')})"
    show.say(f"fleet    {loaded.settings.fleet}{' (leashed)' if loaded.settings.leashed else ''}")
    show.say(f"agent    {leads}")
    for number, line in enumerate(halting.lines(said)):
        show.say(f"{'' if number else 'halt':<8} {line}")
    for number, line in enumerate(analysing.lines(stopped)):
        show.say(f"{'' if number else 'stopped':<8} {line}", "red")
    for number, (name, exposure) in enumerate(wide.items()):
        show.say(f"{'' if number else 'stages':<8} {name}: stage {exposure.stage} of {exposure.of}: {exposure.why}")
    for number, line in enumerate(show.waits(waiting)):
        show.say(f"{'' if number else 'pending':<8} {line}", "yellow")
    show.say(f"open     {len(opened) or 'nothing'}")
    rows = [(e.run, e.data["kind"], f"{e.data['scope']}/{e.data['name']}", p, e.data["deadline"]) for e, p in opened]
    if rows:
        show.table(("run", "fault", "target", "phase", "ends by (UTC)"), rows)


def _exposures(books: wiring.Books) -> dict[str, Exposure]:
    """At which stage each monkey is that has some; how many targets a percentage is, only a fire knows."""
    exposing = wiring.exposing(books.loaded.settings, books.ledger)
    return {name: exposing.of(name, 0) for name in exposing.stages}


def _leader(books: wiring.Books) -> tuple[dict[str, Any], str]:
    """Who leads, empty when nobody does, and why that cannot be said."""
    try:
        return books.lease.holder() if books.lease.held_by_anyone() else {}, ""
    except SimianError as error:
        return {}, str(error)
