"""The verb plan: what fires in the days to come, whom it hits, how often each group, and who is spared."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from simian_army import wiring
from simian_army.cli import show
from simian_army.errors import UsageError
from simian_army.expecting import Expecting, Frequency
from simian_army.explain import Forecast
from simian_army.foresight import FIRES, Days
from simian_army.model import Fault, Halt
from simian_army.outcome import Troop

SHOWN = 10  # fires of one monkey, and groups, that are told one by one on a screen
ASSUMED = "as long as the troop stays as it is now and every fault is clean"


@dataclass(frozen=True, slots=True)
class Wish:
    """What was typed."""

    days: int = 7
    as_json: bool = False
    ical: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is foreseen; ``approval`` names the monkeys whose faults wait for somebody's word, ``several`` those
    that draw among several fault kinds."""

    fleet: str
    start: datetime
    until: datetime
    fires: Sequence[Forecast]
    groups: Mapping[str, Frequency]
    halt: Halt | None
    zone: Any
    approval: frozenset[str] = frozenset()
    several: frozenset[str] = frozenset()

    @property
    def whole(self) -> bool:
        """Whether these are all fires of the days that were asked for."""
        return len(self.fires) < FIRES

    def of(self, name: str) -> list[Forecast]:
        """The fires of one monkey."""
        return [told for told in self.fires if told.entry == name]


def plan(config: Path, wish: Wish) -> None:
    """Tell of the days to come, for the troop as it is now."""
    if wish.ical and wish.as_json:
        raise UsageError("--json and --ical are two forms of one answer: write one of them")
    loaded = wiring.read_config(config)
    with (
        wiring.books(loaded) as books,
        show.working("looking at the targets, and ahead ..."),
        wiring.house(books) as house,
    ):
        made = foreseen(house, timedelta(days=wish.days))
        names = list(house.entries)
    if wish.ical:
        from simian_army.cli.agenda import agenda

        sys.stdout.write(agenda(made))
    elif wish.as_json:
        show.dump(_json(made, names))
    else:
        _print(made, names)


def foreseen(house: wiring.House, length: timedelta) -> Plan:
    """What this house is to do from now on, for so long."""
    start = house.books.clock.now()
    days = Days(house.upcoming, start, start + length)
    fires, expecting = list(wiring.foresight(house, start).fires(days)), Expecting(wiring.PASSING)
    for told in fires:
        expecting.add(told)
    until = fires[-1].at if len(fires) == FIRES else days.until
    over = max(until - start, timedelta(seconds=1))
    halt, fleet = house.engine.judge.halts.look().halt, house.engine.fleet
    asking = frozenset(name for name, entry in house.entries.items() if entry.approval)
    several = frozenset(name for name, entry in house.entries.items() if len(entry.monkey.needs.faults) > 1)
    return Plan(fleet, start, until, fires, expecting.over(over), halt, house.zone, asking, several)


def _print(made: Plan, names: Sequence[str]) -> None:
    if made.halt:
        show.say(f"{made.halt}: nothing fires until that is over; {made.halt.ends}", "red")
    for name in names:
        _monkey(made, name)
    if not made.whole:
        show.say(f"only the first {FIRES} fires are told, until {show.local(made.until, made.zone)}", "red")
    if made.groups:
        _frequencies(made)


def _monkey(made: Plan, name: str) -> None:
    fires = made.of(name)
    span = show.span(made.until - made.start)
    if not fires:
        show.say(f"{name}: no fire in the next {span}", "bold")
        return
    leashed = ", leashed: nothing is changed" if fires[0].run.leashed else ""
    asked = ", each to be approved" if name in made.approval else ""
    show.say(f"{name}: {len(fires)} fires in the next {span}{leashed}{asked}", "bold")
    for told in fires[:SHOWN]:
        hit = ", ".join(_hit(draw.fault, named=name in made.several) for draw in told.hit) or (
            "only looks" if told.looks else "nobody"
        )
        sure = "" if told.exact or not told.hit else "  (about: the troop will have changed)"
        show.say(f"  {show.local(told.at, made.zone)}  {hit}{sure}")
        for group, reason in told.due.groups.items():
            show.say(f"    due: {group}, {reason}")
    if len(fires) > SHOWN:
        show.say(f"  and {len(fires) - SHOWN} more, until {show.local(fires[-1].at, made.zone)}; --json tells all")
    first = fires[0]
    if first.exposure.limit is not None:
        show.say(f"  {first.exposure}")
    show.say(f"  {len(first.troop.eligible)} of {len(first.troop.found)} are eligible as the troop is now")
    for row in first.troop.reasons():
        show.say(f"  spared {row['count']} by {row['guard']}: {row['reason']}")
    for row in refusals(fires):
        show.say(f"  refused {row['count']} by {row['guard']}, such as {row['target']}: {row['reason']}", "cyan")


def _hit(fault: Fault, *, named: bool) -> str:
    return f"{fault.target} ({fault.kind})" if named else str(fault.target)


def _frequencies(made: Plan) -> None:
    rows = [(name, one.planned, f"{one.expected:.2f}") for name, one in list(made.groups.items())[:SHOWN]]
    show.say(f"faults per group, {ASSUMED}:", "bold")
    show.table(("group", "planned", "expected per week"), rows)
    if len(made.groups) > SHOWN:
        show.say(f"and {len(made.groups) - SHOWN} more groups; --json tells all")


def refusals(fires: Sequence[Forecast]) -> list[dict[str, Any]]:
    """Who refused those that were drawn, how often, and one example of each; most frequent first."""
    counts: Counter[str] = Counter()
    examples: dict[str, dict[str, str]] = {}
    for told in fires:
        for draw in told.refused:
            denied = [verdict for verdict in draw.verdicts if not verdict.allowed]
            counts.update(verdict.guard for verdict in denied)
            for one in denied:
                examples.setdefault(one.guard, {"target": str(draw.fault.target), "reason": one.reason})
    return [{"guard": guard, "count": count, **examples[guard]} for guard, count in counts.most_common()]


def _json(made: Plan, names: Sequence[str]) -> dict[str, Any]:
    return {
        "fleet": made.fleet,
        "from": made.start.isoformat(),
        "until": made.until.isoformat(),
        "whole": made.whole,
        "halt": str(made.halt) if made.halt else None,
        "monkeys": [{**_about(name, made.of(name)), "approval": name in made.approval} for name in names],
        "fires": [_fire(told) for told in made.fires],
        "groups": [
            {"group": name, "planned": one.planned, "expected_per_week": round(one.expected, 4)}
            for name, one in made.groups.items()
        ],
    }


def _about(name: str, fires: Sequence[Forecast]) -> dict[str, Any]:
    troop = fires[0].troop if fires else Troop.none()
    return {
        "monkey": name,
        "fires": len(fires),
        "faults": sum(len(told.hit) for told in fires),
        "found": len(troop.found),
        "eligible": len(troop.eligible),
        "spared": troop.reasons(),
        "refused": refusals(fires),
        "exposure": fires[0].exposure.told() if fires else None,
    }


def _fire(told: Forecast) -> dict[str, Any]:
    return {
        "monkey": told.entry,
        "at": told.at.isoformat(),
        "run": told.run.id,
        "leashed": told.run.leashed,
        "exact": told.exact,
        "hit": [
            {
                "name": str(draw.fault.target),
                "id": draw.fault.target.id,
                "kind": draw.fault.kind,
                "group": draw.fault.target.group,
                "hold": draw.fault.hold.total_seconds(),
            }
            for draw in told.hit
        ],
        "eligible": len(told.troop.eligible),
        "refused": len(told.refused),
        "due": dict(told.due.groups),
    }
