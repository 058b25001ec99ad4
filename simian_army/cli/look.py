"""The verbs that look: plan, why, status."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice, takewhile
from pathlib import Path
from typing import Any

from simian_army import wiring
from simian_army.cli import analysing, halting, show
from simian_army.errors import SimianError
from simian_army.explain import Answer, Forecast, forecast
from simian_army.explain import why as ask_why
from simian_army.model import Selector
from simian_army.stages import Exposure

SHOWN = 10  # fires of one monkey that are told one by one


def plan(config: Path, days: int, *, as_json: bool) -> None:
    """Fire times, and for the troop as it is now, who would be hit."""
    loaded = wiring.read_config(config)
    with wiring.books(loaded) as books, wiring.house(books, leashed=True) as house:
        halt = house.engine.judge.halts.look().halt
        if halt and not as_json:
            show.say(f"{halt}: nothing fires until that is over; {halt.ends}", "red")
        for name in house.entries:
            _plan(house, name, days, as_json=as_json)


def _plan(house: wiring.House, name: str, days: int, *, as_json: bool) -> None:
    with show.working(f"looking at the targets of {name} ..."):
        found = list(_forecasts(house, name, days))
    if not as_json:
        _print(house, name, found, days)
        return
    halt = house.engine.judge.halts.known().halt
    for one in found:
        show.dump({**_json(one), "halt": str(halt) if halt else None})


def why(config: Path, target: str, *, as_json: bool) -> None:
    """Every monkey's and guard's answer for one target."""
    loaded = wiring.read_config(config)
    with wiring.books(loaded) as books, show.working("asking every guard ..."), wiring.house(books) as house:
        answers = ask_why(house.engine, house.entries, target)
    for answer in answers:
        if as_json:
            verdicts = [{"guard": v.guard, "allowed": v.allowed, "reason": v.reason} for v in answer.verdicts]
            findings = [{"rule": f.rule, "severity": f.severity, "detail": f.detail} for f in answer.findings]
            told = {"monkey": answer.entry, "allowed": answer.allowed, "verdicts": verdicts, "findings": findings}
            show.dump(told)
        else:
            _explain(answer)


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
    if as_json:
        held = [{"run": e.run, "target": e.data["name"], "kind": e.data["kind"], "phase": p} for e, p in opened]
        halt = next((halt.reason for one in said for halt in one.halts if not halt.scope), None)
        told = {"fleet": loaded.settings.fleet, "agent": holder, "halt": halt, "open": held}
        told["halts"] = list(halting.states(said))
        told["lines"] = list(analysing.states(stopped))
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


def _forecasts(house: wiring.House, name: str, days: int) -> Iterator[Forecast]:
    now = house.books.clock.now()
    entry = house.entries[name]
    times = takewhile(lambda at: at < now + timedelta(days=days), house.upcoming(name, now))
    first = list(islice(times, SHOWN))
    found = list(entry.find()) if first else []
    for at in first:
        yield forecast(house.engine, entry, at, found)


def _print(house: wiring.House, name: str, found: list[Forecast], days: int) -> None:
    show.say(f"{name}: {'the next fires' if found else f'no fire in the next {days} days'}", "bold")
    for one in found:
        hit = ", ".join(str(draw.fault.target) for draw in one.hit) or "nobody"
        show.say(f"  {show.local(one.at, house.zone)}  {hit}")
        for group, reason in one.due.groups.items():
            show.say(f"    due: {group}, {reason}")
    if not found:
        return
    if found[0].exposure.limit is not None:
        show.say(f"  {found[0].exposure}")
    show.say(f"  {len(found[0].troop.eligible)} of {len(found[0].troop.found)} are eligible as the troop is now")
    for row in found[0].troop.reasons():
        show.say(f"  spared {row['count']} by {row['guard']}: {row['reason']}")
    for draw in found[0].refused:
        show.refused(draw)


def _explain(answer: Answer) -> None:
    if answer.target is None:
        show.say(f"{answer.entry}: never, it looks for {' and '.join(map(_looks, answer.selectors))}", "bold")
        return
    if not answer.fault:
        said = f"reports {len(answer.findings)} findings" if answer.findings else "reports nothing"
        show.say(f"{answer.entry}: {said} of {answer.target} ({answer.use})", "bold")
        for finding in answer.findings:
            show.finding(finding)
        return
    verdict = "could be hit now" if answer.allowed else "is spared"
    show.say(f"{answer.entry}: {answer.target} {verdict} ({answer.use}, {answer.fault})", "bold")
    for one in answer.verdicts:
        show.say(f"  {'yes' if one.allowed else 'NO':>3}  {one.guard}: {one.reason}", "green" if one.allowed else "red")


def _looks(selector: Selector) -> str:
    labels = f" with {selector.labels}" if selector.labels else ""
    names = f" named {', '.join(selector.names)}" if selector.names else ""
    return f"running {selector.kind}s in {', '.join(selector.scopes)}{labels}{names}"


def _json(one: Forecast) -> dict[str, Any]:
    return {
        "monkey": one.entry,
        "at": one.at.isoformat(),
        "hit": [str(draw.fault.target) for draw in one.hit],
        "eligible": len(one.troop.eligible),
        "exposure": one.exposure.told(),
        "found": len(one.troop.found),
        "spared": one.troop.reasons(),
        "due": dict(one.due.groups),
    }
