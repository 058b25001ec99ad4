"""From whom a fire draws, and how many: the whole troop at once, or each group whose turn it is by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import NamedTuple

from simian_army.contract import Entry
from simian_army.due import Due
from simian_army.extras import ByGroup
from simian_army.model import Fault, Finding, Run, Scene, Target, Verdict
from simian_army.outcome import Troop
from simian_army.pace import Pace
from simian_army.pacing import GUARD, Pacing, lot_of
from simian_army.stages import Exposure


class Lot(NamedTuple):
    """At most ``want`` of what is proposed are struck."""

    want: int
    proposals: Iterable[Fault | Finding]


@dataclass(frozen=True, slots=True)
class Chosen:
    """What one fire draws from: at most ``want`` of all ``lots`` together. ``troop`` is whom it draws from, ``rates``
    how many of each group are struck at such a fire on average, None where that is shared evenly."""

    troop: Troop
    lots: Sequence[Lot]
    want: int
    due: Due = field(default_factory=Due)
    exposure: Exposure = field(default_factory=Exposure)
    rates: Mapping[str, float] | None = None


class Bounds(NamedTuple):
    """Where a fault is due, and how wide a fire may strike."""

    due: Due
    exposure: Exposure


def choose(entry: Entry, run: Run, troop: Troop, bounds: Bounds, pacing: Pacing) -> Chosen:
    """What this run draws from, among a troop that is screened."""
    # asked of one for all: of each of 10,000 groups, at each fire of a plan, it takes longer than all the rest
    if not troop.eligible or pace_of(entry, ()) is None:
        return _all_at_once(entry, run, troop, bounds)
    groups = _groups(troop.eligible)
    paces = {group: pace_of(entry, members) for group, members in groups.items()}
    return _Paced(entry, run, troop, bounds, pacing).chosen(groups, paces)


def pace_of(entry: Entry, members: Sequence[Target]) -> Pace | str | None:
    """How often something in a group is struck, or in words why never; None where the whole troop is drawn from."""
    if entry.pace is not None:
        return entry.pace
    return entry.monkey.pace(members) if isinstance(entry.monkey, ByGroup) else None


@dataclass(frozen=True, slots=True)
class Turns:
    """What a pace says of one group, in the form of a guard; ``members`` are the eligible ones."""

    entry: Entry
    run: Run
    pacing: Pacing
    members: Sequence[Target]
    name: str = GUARD
    early: bool = False

    def __call__(self, scene: Scene) -> Verdict:
        """Whether it is the group's turn at the time of the scene; outside a fire of the schedule it always is."""
        pace = pace_of(self.entry, self.members)
        if not isinstance(pace, Pace):
            return Verdict(GUARD, allowed=False, reason=pace or "no pace is set")
        turn = self.pacing.turn(replace(self.run, at=scene.now))
        why = self.pacing.spared(turn, lot_of(scene.fault.target), pace)
        least = f", and not before the {pace.least}. such day after the last" if pace.least else ""
        return Verdict(GUARD, not why, why or f"its turn comes {pace}, by chance{least}; by hand at any time")


def turns(entry: Entry, run: Run, pacing: Pacing, members: Sequence[Target]) -> tuple[Turns, ...]:
    """The same, for entries with a pace."""
    return () if pace_of(entry, members) is None else (Turns(entry, run, pacing, members),)


def _all_at_once(entry: Entry, run: Run, troop: Troop, bounds: Bounds) -> Chosen:
    monkey, dice = entry.monkey, dice_of(run)
    asked = monkey.want(troop.eligible, dice)
    proposals = bounds.due.first(monkey.propose(troop.eligible, dice), asked)
    want = bounds.exposure.cap(bounds.due.want(asked))
    return Chosen(troop, [Lot(want, proposals)], want, *bounds)


@dataclass(frozen=True, slots=True)
class _Paced:
    entry: Entry
    run: Run
    troop: Troop
    bounds: Bounds
    pacing: Pacing

    def chosen(self, groups: Mapping[str, Sequence[Target]], paces: Mapping[str, Pace | str | None]) -> Chosen:
        """Each group by itself, in random order."""
        turn, dice = self.pacing.turn(self.run), dice_of(self.run, "how many")
        spared, up, rates = Counter(self.troop.spared), list[str](), dict[str, float]()
        for group, pace in paces.items():
            if not isinstance(pace, Pace):
                spared[GUARD, pace or "no pace is set"] += len(groups[group])
                continue
            rates[group] = self.pacing.rate(turn, pace) * self.entry.monkey.want(groups[group], dice)
            why = "" if group in self.bounds.due.groups else self.pacing.spared(turn, group, pace)
            if why:
                spared[GUARD, why] += len(groups[group])
                continue
            up.append(group)
        lots = [self._lot(group, groups[group]) for group in sorted(up, key=self._key)]
        drawn = frozenset(up)
        eligible = [target for target in self.troop.eligible if lot_of(target) in drawn]
        # by hand it is everybody's turn: as many are struck as of one group
        most = sum(lot.want for lot in lots) if turn else max((lot.want for lot in lots), default=0)
        troop = replace(self.troop, eligible=eligible, spared=spared)
        return Chosen(troop, lots, self.bounds.exposure.cap(most), *self.bounds, rates)

    def _lot(self, group: str, members: Sequence[Target]) -> Lot:
        dice = dice_of(self.run, group)
        asked = self.entry.monkey.want(members, dice)
        due = Due({group: self.bounds.due.groups[group]} if group in self.bounds.due.groups else {})
        return Lot(due.want(asked), self.entry.monkey.propose(members, dice))

    def _key(self, group: str) -> float:
        return dice_of(self.run, f"order of {group}").random()


def dice_of(run: Run, what: str = "") -> Random:
    """All the chance of a run: the same run always throws the same."""
    more = f"/{what}" if what else ""
    return Random(f"{run.seed}/{run.entry}/{run.at.isoformat()}{more}")  # noqa: S311 - replayable, not secret


def _groups(targets: Sequence[Target]) -> dict[str, list[Target]]:
    groups: dict[str, list[Target]] = {}
    for target in targets:
        groups.setdefault(lot_of(target), []).append(target)
    return groups
