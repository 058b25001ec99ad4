"""Why, and what next: who would be hit by a coming fire, and every guard's answer for one target."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from difflib import get_close_matches
from random import Random
from typing import NamedTuple, Protocol

from simian_army.asking import ask
from simian_army.contract import Entry
from simian_army.due import Due
from simian_army.engine import Engine
from simian_army.errors import UsageError
from simian_army.model import Fault, Finding, Run, Selector, Target, Verdict
from simian_army.outcome import Among, Draw, Troop
from simian_army.stages import Exposure
from simian_army.turns import drawn, in_order


@dataclass(frozen=True, slots=True)
class Forecast:
    """One coming fire: whom it would hit as the troop is now, who else was drawn and refused, where it is due, and how
    wide it may strike. ``exact`` tells that nothing foreseen before it changes the troop it draws from, ``looks`` that
    the monkey only looks."""

    run: Run
    troop: Troop
    hit: Sequence[Draw]
    refused: Sequence[Draw]
    due: Due = field(default_factory=Due)
    exposure: Exposure = field(default_factory=Exposure)
    exact: bool = True
    looks: bool = False

    @property
    def entry(self) -> str:
        """The monkey that fires."""
        return self.run.entry

    @property
    def at(self) -> datetime:
        """When."""
        return self.run.at


class Around(Protocol):
    """Among whom each of a troop stands."""

    def peers(self, target: Target) -> Sequence[Target]:
        """The found members of its group."""
        ...

    def crowd(self, target: Target) -> int:
        """How many of its kind were found in its scope."""
        ...


class Seen(NamedTuple):
    """A troop as it is screened at some time, and among whom each of it stands."""

    troop: Troop
    among: Around


@dataclass(frozen=True, slots=True)
class Then:
    """A clock that stands at one moment to come."""

    at: datetime

    def now(self) -> datetime:
        """That moment."""
        return self.at

    def monotonic(self) -> float:
        """Nothing passes."""
        return 0.0

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Nothing is waited for."""
        del seconds
        return event.is_set()


@dataclass(frozen=True, slots=True)
class Answer:
    """What one entry says of one target. ``target`` is None when its selectors do not find it.

    A monkey that only reports answers with its ``findings``, and no fault and no verdicts.
    """

    entry: str
    use: str
    fault: str
    target: Target | None
    verdicts: Sequence[Verdict]
    selectors: Sequence[Selector]
    findings: Sequence[Finding] = ()

    @property
    def allowed(self) -> bool:
        """Whether it could be hit now."""
        return self.target is not None and bool(self.fault) and all(verdict.allowed for verdict in self.verdicts)


def forecast(engine: Engine, entry: Entry, at: datetime, found: Sequence[Target]) -> Forecast:
    """Take the fire at ``at`` through the flow up to the act; reads, and writes nothing.

    Raises:
        PlatformError, LedgerError: as the flow.
    """
    judge = replace(engine.judge, clock=Then(at))  # a window that is open now may be closed by then
    troop = judge.screen(entry, in_order(found))
    return foretell(replace(engine, judge=judge), entry, at, Seen(troop, Among.of(troop)))


def foretell(
    engine: Engine, entry: Entry, at: datetime, seen: Seen, taken: Callable[[Run, Draw], None] | None = None
) -> Forecast:
    """The same for a troop that is screened, by a judge whose clock stands at ``at``; ``taken`` hears of each hit
    before the next is drawn.

    Raises:
        PlatformError, LedgerError: as the flow.
    """
    run, troop, among = engine.run(entry, at), seen.troop, seen.among
    dice = engine.dice(run)
    asked, due = entry.monkey.want(troop.eligible, dice), engine.due(entry, troop, at)
    exposure = engine.exposing.of(entry.name, len(troop.eligible))
    proposals = due.first(entry.monkey.propose(troop.eligible, dice), asked) if entry.monkey.needs.faults else ()
    want = exposure.cap(due.want(asked))

    def strike(fault: Fault) -> Draw:
        draw = engine.judge.consider(entry, fault, among.peers(fault.target), among.crowd(fault.target))
        if draw.taken and taken:
            taken(run, draw)
        return draw

    draws = drawn((one for one in proposals if not isinstance(one, Finding)), want, strike)
    hit, refused = [draw for draw in draws if draw.taken], [draw for draw in draws if not draw.taken]
    return Forecast(run, troop, hit, refused, due, exposure, looks=not entry.monkey.needs.faults)


def why(engine: Engine, entries: Mapping[str, Entry], name: str) -> list[Answer]:
    """Every entry's answer for the target people call ``name``: ``web-1``, ``shop/web-1``, ``pod shop/web-1`` or an id.

    A group is answered for by its first member: the pods of a workload are one template's, so they fare alike.

    Raises:
        UsageError: no entry's platform knows it, or several do; with the nearest names.
    """
    troops = {entry.name: entry.find() for entry in entries.values()}
    everywhere = {(entry.platform.name, s.kind): entry.platform for entry in entries.values() for s in entry.selectors}
    wide = [t for (_, kind), platform in everywhere.items() for t in platform.find(Selector(kind))]
    target = _pick(name, [*wide, *(t for found in troops.values() for t in found)])
    return [_answer(engine, entry, target, troops[entry.name]) for entry in entries.values()]


def named(name: str, found: Sequence[Target]) -> Target:
    """The one target people call ``name``.

    Raises:
        UsageError: there is none, or there are several.
    """
    return _pick(name, found)


def _answer(engine: Engine, entry: Entry, target: Target, found: Sequence[Target]) -> Answer:
    faults = entry.monkey.needs.faults
    mine = _like(target, found)
    if mine is None:
        return Answer(entry.name, entry.use, "", None, (), entry.selectors)
    if not faults:
        said = [p for p in entry.monkey.propose([mine], Random(0)) if isinstance(p, Finding)]  # noqa: S311 - no secret
        return Answer(entry.name, entry.use, "", mine, (), entry.selectors, said)
    whole = entry.platform.read(mine) or mine
    among = Among.of(Troop(found, (), Troop.none().spared))
    kind = engine.judge.kinds[faults[0]]
    fault = Fault(kind.name, whole, hold=entry.hold)
    scene = engine.judge.scene(entry, fault, among.peers(mine), among.crowd(mine))
    return Answer(entry.name, entry.use, kind.name, whole, ask(engine.judge.guards, scene), entry.selectors)


def _like(target: Target, found: Sequence[Target]) -> Target | None:
    """The target itself if it was found, else the first found of its group: a workload's pods, a pod's workload."""
    mates = [one for one in found if one.group and (one.platform, one.group) == (target.platform, target.group)]
    return next((one for one in found if one.id == target.id), min(mates, key=lambda one: one.name, default=None))


def _pick(name: str, found: Sequence[Target]) -> Target:
    by_id = {target.id: target for target in found}
    matches = [t for t in by_id.values() if name in (t.id, str(t), t.name, f"{t.scope}/{t.name}", t.facts.get("Name"))]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise UsageError(
            f"{name} is the name of several: {', '.join(str(t) for t in matches[:10])}; write one of these"
        )
    members = sorted((t for t in by_id.values() if t.group and name in _group_names(t)), key=lambda t: t.name)
    if members:
        return members[0]
    words = {w for t in by_id.values() for w in (t.name, f"{t.scope}/{t.name}", *(_group_names(t) if t.group else ()))}
    near = get_close_matches(name, sorted(words), n=3)
    hint = (
        f"did you mean {' or '.join(near)}?" if near else f"none of the {len(by_id)} targets that are there is like it"
    )
    raise UsageError(f"there is no target {name}; {hint}")


def _group_names(target: Target) -> tuple[str, ...]:
    """What people call the target's group, such as the workload ``shop/Deployment/web``."""
    scope, group = target.scope, target.group
    kind, _, name = group.removeprefix(f"{scope}/").partition("/")
    return group, f"{scope}/{name}", name, f"{kind} {scope}/{name}", f"{kind.lower()} {scope}/{name}"
