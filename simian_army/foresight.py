"""What is to come: every fire of some days, each as the faults that are foreseen before it leave things."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice, repeat, takewhile
from typing import ClassVar, cast

from simian_army.contract import Entry, FaultKind, Guard, Ledger
from simian_army.due import Dues, OptIns
from simian_army.engine import Engine
from simian_army.explain import Forecast, Then, foretell
from simian_army.exposing import Exposing
from simian_army.glance import Glance, Rehearsed
from simian_army.imagined import Imagined
from simian_army.model import AuditEvent, Fault, Run, Scene, Verdict
from simian_army.outcome import Draw
from simian_army.records import Scribe
from simian_army.screening import Screening
from simian_army.standing import REACH, TARGET, stops
from simian_army.stopping import Halting, Standing

FIRES = 20_000
"""Fires that one plan tells of; a plan of more days ends there."""


@dataclass(frozen=True, slots=True)
class Ways:
    """How guards are asked about times to come, by their names.

    ``timeless`` are the early ones whose answer no time changes; ``metadata`` the others that need no target read
    whole; ``present`` those that see what is so now, which is taken to stay so.
    """

    timeless: Collection[str] = ()
    metadata: Collection[str] = ()
    present: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Days:
    """The fires of all entries after ``start`` and before ``until``."""

    upcoming: Callable[[str, datetime], Iterator[datetime]]
    start: datetime
    until: datetime

    def of(self, name: str) -> Iterator[datetime]:
        """Those of one entry."""
        return takewhile(lambda at: at < self.until, self.upcoming(name, self.start))

    def all(self, names: Iterable[str]) -> Iterator[tuple[datetime, str]]:
        """Those of these entries in the order of time; of two at one time, that of the entry named first is first."""
        order = {name: number for number, name in enumerate(names)}
        each = [zip(self.of(name), repeat(number), repeat(name)) for name, number in order.items()]
        return ((at, name) for at, _, name in heapq.merge(*each))


@dataclass(frozen=True, slots=True)
class Lock:
    """Stands for the ledger's lock: a target that is held is not struck."""

    name: ClassVar[str] = "lock"
    early: ClassVar[bool] = False
    imagined: Imagined

    def __call__(self, scene: Scene) -> Verdict:
        """Names the run that holds it."""
        run = self.imagined.holder(scene.fault.target.id)
        return Verdict(self.name, not run, f"run {run} still holds it" if run else "nothing holds it")


@dataclass(frozen=True, slots=True)
class Ahead:
    """A guard that looks at the target whole: not asked for those that are not read; if ``once``, once for each."""

    guard: Guard
    glances: Mapping[str, Glance]
    once: bool = False
    early: ClassVar[bool] = False

    @property
    def name(self) -> str:
        return self.guard.name

    def __call__(self, scene: Scene) -> Verdict:
        target = scene.fault.target
        glance = self.glances[target.platform]
        if not glance.knows(target):
            return Verdict(self.name, allowed=True, reason="not asked: the target was not read, for so many are drawn")
        if not self.once:
            return self.guard(scene)
        return glance.once((self.name, scene.entry, target.id), lambda: self.guard(scene))

    def looks_back_to(self, now: datetime) -> datetime:
        looks = getattr(self.guard, "looks_back_to", None)  # asked for each draw: quicker than by the protocol
        return looks(now) if looks else now


@dataclass(slots=True)
class Stays:
    """Halts as they are now: each is asked for once."""

    halts: Halting
    _said: dict[tuple[str, Collection[str]], Standing] = field(default_factory=dict)

    def look(self, platform: str = "", scopes: Collection[str] = ()) -> Standing:
        key = platform, frozenset(scopes)
        if key not in self._said:
            self._said[key] = self.halts.look(platform, scopes)
        return self._said[key]

    def known(self, platform: str = "", scopes: Collection[str] = (), patience: float = 0.0) -> Standing:
        del patience
        return self.look(platform, scopes)

    def watch(self) -> None:
        """Nothing new is read."""

    def news(self) -> Sequence[AuditEvent]:
        return ()


@dataclass(slots=True)
class Foresight:
    """Takes fires through the flow in the order of time. Reads, and writes nothing.

    The troop stays as it is, and every fault is clean; what is foreseen counts for all that comes after it.
    """

    engine: Engine
    imagined: Imagined
    entries: Mapping[str, Entry]
    troops: Mapping[str, Screening]
    glances: Mapping[str, Glance]
    blurred: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, engine: Engine, entries: Mapping[str, Entry], ways: Ways, now: datetime) -> Foresight:
        """As things are at ``now``.

        Raises:
            PlatformError: a list could not be had; LedgerError: nor the past.
        """
        imagined = Imagined(engine.ledger, now, engine.judge.since(now))
        struck = imagined.struck
        glances = {entry.platform.name: Glance(entry.platform, struck) for entry in entries.values()}
        troops = {name: Screening(entry, entry.find(), ways.timeless) for name, entry in entries.items()}
        looking = {name: replace(entry, platform=glances[entry.platform.name]) for name, entry in entries.items()}
        blurred = set(entries) if struck else set[str]()
        return cls(_imagining(engine, imagined, glances, ways), imagined, looking, troops, glances, blurred)

    def fires(self, days: Days) -> Iterator[Forecast]:
        """Every fire of these days, at most ``FIRES``; of two at one time, that of the entry which stands first.

        Raises:
            PlatformError: a platform could not be asked; LedgerError: nor the ledger.
        """
        for at, name in islice(days.all(self.entries), FIRES):
            yield self.fire(name, at)

    def fire(self, name: str, at: datetime) -> Forecast:
        """One fire, which must not lie before the last; its faults are begun in imagination."""
        self.imagined.advance(at)
        entry, judge = self.entries[name], replace(self.engine.judge, clock=Then(at))
        engine, exact = replace(self.engine, judge=judge), name not in self.blurred
        seen = self.troops[name].at(judge, self.imagined.hidden)
        told = foretell(engine, entry, at, seen, self._begin)
        if entry.monkey.needs.faults and (engine.dues.fleet or engine.dues.monkeys):
            engine.dues.opted.remember(seen.troop.eligible, Scribe(Then(at), "plan"), name)
        draws = [*told.hit, *told.refused]
        read = all(self.glances[draw.fault.target.platform].knows(draw.fault.target) for draw in draws)
        return replace(told, exact=exact and read)

    def _begin(self, run: Run, draw: Draw) -> None:
        if run.leashed:
            return  # nothing comes of it, so it counts for nothing
        kind, fault = self.engine.judge.kinds[draw.fault.kind], draw.fault
        self.imagined.begin(run, fault, hides=getattr(kind, "hides", False))
        gone = _gone(kind, fault)  # others take their place, whose ids nobody knows yet
        self.blurred |= {name for name, troop in self.troops.items() if not gone.isdisjoint(troop.ids)}


def _gone(kind: FaultKind, fault: Fault) -> frozenset[str]:
    """The ids of those whom a fault takes away for good."""
    whom = stops(kind, fault)
    if whom == REACH:
        return frozenset(other.id for other in fault.others)
    return frozenset({fault.target.id} if whom == TARGET and not kind.reversible else ())


def _imagining(engine: Engine, imagined: Imagined, glances: Mapping[str, Glance], ways: Ways) -> Engine:
    judge, ledger = engine.judge, cast(Ledger, imagined)
    guards: list[Guard] = [
        guard if guard.early or guard.name in ways.metadata else Ahead(guard, glances, guard.name in ways.present)
        for guard in judge.guards
    ]
    held = frozenset(target for targets in imagined.struck.values() for target in targets)
    kinds = {
        name: cast(FaultKind, Rehearsed(kind, glances[kind.platform], held))
        for name, kind in judge.kinds.items()
        if kind.platform in glances
    }
    judge = replace(judge, kinds=kinds, guards=[*guards, Lock(imagined)], ledger=ledger, halts=Stays(judge.halts))
    dues = Dues(ledger, OptIns(ledger), engine.dues.fleet, engine.dues.monkeys)
    return replace(engine, judge=judge, ledger=ledger, dues=dues, exposing=Exposing(ledger, engine.exposing.stages))
