"""What every monkey, selector and guard says of one target, now and at the fires to come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from random import Random
from typing import NamedTuple

from simian_army.asking import answer, ask, denials
from simian_army.contract import Entry, FaultKind, Guard
from simian_army.engine import Engine
from simian_army.errors import PlatformError, Refused
from simian_army.fitting import strikes
from simian_army.foresight import Lock
from simian_army.imagined import Imagined
from simian_army.lots import turns
from simian_army.model import Fault, Finding, Scene, Selector, Target, Verdict
from simian_army.outcome import Among, Troop
from simian_army.whom import Place, named, whom

FIRES = 3
"""Fires to come that are told of each monkey."""

GROUPS = 10
"""Groups of a place that are answered for one by one."""


@dataclass(frozen=True, slots=True)
class Later:
    """A coming fire, and which guards answer otherwise then than now; ``allowed`` is what they all say together."""

    at: datetime
    allowed: bool
    changed: Sequence[Verdict]
    denied: Sequence[Verdict]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one entry says of one target. ``target`` is None when its selectors do not find it.

    A monkey that only reports answers with its ``findings``, and no fault and no verdicts. ``later`` are its next
    fires, as they would be if nothing but time passed.
    """

    entry: str
    use: str
    fault: str
    target: Target | None
    verdicts: Sequence[Verdict]
    selectors: Sequence[Selector]
    findings: Sequence[Finding] = ()
    later: Sequence[Later] = ()

    @property
    def allowed(self) -> bool:
        """Whether it could be hit now."""
        return self.target is not None and bool(self.fault) and all(verdict.allowed for verdict in self.verdicts)


@dataclass(frozen=True, slots=True)
class Part:
    """What one entry says of a whole place: how many it finds there, in how many groups, why those who are spared at
    sight are, and the answers for the first groups."""

    entry: str
    found: int
    groups: int
    spared: Counter[tuple[str, str]]
    answers: Sequence[Answer]
    selectors: Sequence[Selector]


@dataclass(frozen=True, slots=True)
class Ahead:
    """The fires to come. ``steady`` names the guards whose answer no time changes, or of which nobody knows how."""

    upcoming: Callable[[str, datetime], Iterator[datetime]]
    steady: Collection[str] = ()


class Now(NamedTuple):
    """What one entry's guards were shown, and what they said."""

    entry: Entry
    scene: Scene
    guards: Sequence[Guard]
    said: Sequence[Verdict]


@dataclass(slots=True)
class Asked:
    """Everything there is to ask about, listed once."""

    engine: Engine
    entries: Mapping[str, Entry]
    ahead: Ahead | None = None
    troops: Mapping[str, Sequence[Target]] = field(init=False)
    everyone: Sequence[Target] = field(init=False)

    def __post_init__(self) -> None:
        entries = self.entries.values()
        self.troops = {entry.name: entry.find() for entry in entries}
        kinds = {(entry.platform.name, one.kind): entry.platform for entry in entries for one in entry.selectors}
        wide = [target for (_, kind), platform in kinds.items() for target in platform.find(Selector(kind))]
        self.everyone = [*wide, *(target for found in self.troops.values() for target in found)]

    def whom(self, name: str) -> Target | Place:
        """Whom people call so.

        Raises:
            UsageError: no entry's platform knows it, or several things bear the name.
        """
        return whom(name, self.everyone)

    def about(self, target: Target) -> list[Answer]:
        """Every entry's answer, one for each fault it may propose.

        A group is answered for by its first member: the pods of a workload are one template's, so they fare alike.
        """
        return [one for entry in self.entries.values() for one in self._answers(entry, target)]

    def within(self, place: Place) -> list[Part]:
        """Every entry's answer for the groups of a place."""
        return [self._part(entry, place) for entry in self.entries.values()]

    def _part(self, entry: Entry, place: Place) -> Part:
        found = [target for target in self.troops[entry.name] if target.scope == place.scope]
        groups: dict[str, Target] = {}
        for target in sorted(found, key=lambda one: (one.group or str(one), one.name)):
            groups.setdefault(target.group or str(target), target)
        first = [one for target in list(groups.values())[:GROUPS] for one in self._answers(entry, target)]
        spared = self.engine.judge.screen(entry, found).spared
        return Part(entry.name, len(found), len(groups), spared, first, entry.selectors)

    def _answers(self, entry: Entry, target: Target) -> list[Answer]:
        found, faults = self.troops[entry.name], entry.monkey.needs.faults
        mine = _like(target, found)
        if mine is None:
            return [Answer(entry.name, entry.use, "", None, (), entry.selectors)]
        proposed = list(entry.monkey.propose([mine], Random(0)))  # noqa: S311 - no secret
        if not faults:
            said = [one for one in proposed if isinstance(one, Finding)]
            return [Answer(entry.name, entry.use, "", mine, (), entry.selectors, said)]
        meant = [each for one in proposed if isinstance(one, Fault) for each in (one, *one.instead)]
        meant += [Fault(kind, mine) for kind in faults if kind not in {one.kind for one in meant}]
        apt = [one for one in meant if len(faults) == 1 or strikes(self.engine.judge.kinds[one.kind], mine)]
        return [self._answer(entry, one) for one in sorted(apt, key=lambda one: faults.index(one.kind))]

    def _answer(self, entry: Entry, fault: Fault) -> Answer:
        judge, mine = self.engine.judge, fault.target
        kind = judge.kinds[fault.kind]
        fault = replace(fault, target=entry.platform.read(mine) or mine, hold=entry.hold)
        among = Among.of(Troop(self.troops[entry.name], (), Counter()))
        scene = judge.scene(entry, fault, among.peers(mine), among.crowd(mine))
        imagined = Imagined(judge.ledger, scene.now, judge.since(scene.now))
        run, members = self.engine.run(entry, scene.now), [one for one in among.peers(mine) if one.id != mine.id]
        guards = [*judge.guards, Lock(imagined), *turns(entry, run, self.engine.pacing, [mine, *members])]
        said = ask(guards, scene)
        unfit = [] if imagined.holder(mine.id) else _unfit(kind, fault)
        later = list(self._later(Now(entry, scene, guards, said), imagined, unfit)) if self.ahead else []
        return Answer(entry.name, entry.use, kind.name, fault.target, (*said, *unfit), entry.selectors, later=later)

    def _later(self, now: Now, imagined: Imagined, unfit: Sequence[Verdict]) -> Iterator[Later]:
        """The next fires: what is open now is over by then as it is due, and else only the time is another."""
        assert self.ahead is not None  # noqa: S101 - asked only then
        for at in islice(self.ahead.upcoming(now.entry.name, now.scene.now), FIRES):
            imagined.advance(at)
            then = replace(now.scene, now=at, recent=imagined.attempts(self.engine.judge.since(at)))
            pairs = [(old, self._again(guard, old, then)) for guard, old in zip(now.guards, now.said, strict=True)]
            denied = [*denials([new for _, new in pairs]), *unfit]
            yield Later(at, not denied, [new for old, new in pairs if new.allowed != old.allowed], denied)

    def _again(self, guard: Guard, old: Verdict, scene: Scene) -> Verdict:
        steady = self.ahead.steady if self.ahead else ()
        return old if guard.name in steady else answer(guard, scene)


def _unfit(kind: FaultKind, fault: Fault) -> list[Verdict]:
    """Why the fault makes no sense here, if so; reads, and changes nothing."""
    try:
        kind.prepare(fault)
    except (Refused, PlatformError) as no:
        return [Verdict(kind.name, allowed=False, reason=str(no))]
    return []


def why(engine: Engine, entries: Mapping[str, Entry], name: str) -> list[Answer]:
    """Every entry's answer for the target people call ``name``, as of now.

    Raises:
        UsageError: it is no target's name, or that of several; with the nearest names.
    """
    asked = Asked(engine, entries)
    return asked.about(named(name, asked.everyone))


def _like(target: Target, found: Sequence[Target]) -> Target | None:
    """The target itself if it was found, else the first found of its group: a workload's pods, a pod's workload."""
    mates = [one for one in found if one.group and (one.platform, one.group) == (target.platform, target.group)]
    return next((one for one in found if one.id == target.id), min(mates, key=lambda one: one.name, default=None))
