"""How often a group is to be struck: in the planned days, and on average whatever the seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from simian_army.explain import Forecast
from simian_army.model import Target
from simian_army.outcome import Troop

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Frequency:
    """Of one group: how many faults are ``planned``, and how many a week are ``expected`` on average."""

    planned: int
    expected: float


@dataclass(slots=True)
class Expecting:
    """Adds forecasts up.

    Each fault of a fire is shared evenly among all that are eligible for it, or among their groups where the monkey
    takes one of each: so often is a group struck on average over all seeds. Groups that were never hit, and refused by
    others than the guards ``passing``, whose no is over with time, have no share. Where groups are drawn one by one, it
    is shared as often as each of them is drawn.
    """

    passing: frozenset[str] = frozenset()
    _shares: dict[tuple[int, bool], float] = field(default_factory=dict)
    _troops: dict[int, Troop] = field(default_factory=dict)
    _planned: Counter[str] = field(default_factory=Counter)
    _refused: set[str] = field(default_factory=set)
    _paced: list[tuple[float, Mapping[str, float]]] = field(default_factory=list)

    def add(self, told: Forecast) -> None:
        """One more fire."""
        self._planned.update(called(draw.fault.target) for draw in told.hit)
        for draw in told.refused:
            if any(not verdict.allowed and verdict.guard not in self.passing for verdict in draw.verdicts):
                self._refused.add(called(draw.fault.target))
        if not told.hit:
            return
        if told.rates is not None:
            self._paced.append((len(told.hit), told.rates))
            return
        grouped = any(draw.fault.slot for draw in told.hit)
        key = id(told.troop), grouped
        self._troops[id(told.troop)] = told.troop  # kept: an id is one troop's only as long as that lives
        self._shares[key] = self._shares.get(key, 0.0) + len(told.hit)

    def over(self, days: timedelta) -> Mapping[str, Frequency]:
        """Every group that is struck or could be, most expected first."""
        expected, never = Counter[str](), self._refused - self._planned.keys()
        shared: list[tuple[float, Mapping[str, float]]] = list(self._paced)
        for (number, grouped), faults in self._shares.items():
            sizes = Counter(called(target) for target in self._troops[number].eligible)
            shared.append((faults, {group: 1 if grouped else size for group, size in sizes.items()}))
        for faults, weights in shared:
            open_to = {group: weight for group, weight in weights.items() if group not in never}
            whole = sum(open_to.values()) or 1.0
            expected.update({group: faults * weight / whole for group, weight in open_to.items()})
        order = sorted(expected, key=lambda group: (-expected[group], -self._planned[group], group))
        return {group: Frequency(self._planned[group], expected[group] * (WEEK / days)) for group in order}


def called(target: Target) -> str:
    """What the target's group is told as; what has none is one of its own, by its name."""
    return target.group or str(target)
