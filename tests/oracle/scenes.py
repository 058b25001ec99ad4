"""Random scenes: one in four or so that everybody allows, and for each guard some that it alone denies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from tests.oracle.drafts import STRIKES, Draft, quiet, some_time
from tests.oracle.told import denied
from tests.oracle.wild import WILD
from tests.oracle.words import Case, World

TRIES = 4
"""How often what is meant to be quiet is drawn anew."""
WEIGHTS = {
    "blackout": 3.0,
    "protected": 2.5,
    "controlled": 1.4,
    "shared": 2.4,
    "quorum": 2.0,
    "budget": 0.5,
    "halt": 0.6,
    "segment": 1.5,
    "zone": 2.0,
    "behind": 2.0,
    "identity": 1.5,
    "stuck": 1.6,
    "min-age": 1.3,
}
"""How much more often than others a guard must be tried to be the only one that denies in one scene of a hundred."""
TIMES = 12
"""Among how many a quiet time is looked for."""
ANYBODY = tuple(STRIKES)
KEEPS: dict[str, Callable[[Mapping[str, Any]], bool]] = {
    "zone": lambda said: "zones" in said,
    "segment": lambda said: bool(said) and "zones" not in said,
}
SUITS = {
    "protected": ("pods", "drops"),
    "controlled": ("pods", "drops"),
    "irreversible": ("pods", "ends"),
    "myself": ("pods", "nodes", "taints", "hosts", "ends"),
    "behind": ("pods", "drops", "nodes", "restarts"),
    "shared": ("nodes", "taints", "groups"),
    "quorum": ("pods", "drops", "hosts", "nodes", "restarts"),
}
"""Whose scenes a guard has most to say about; the others' are anybody's."""


@dataclass(frozen=True)
class Told:
    """A case, and who denies it by the oracle."""

    case: Case
    denied: frozenset[str]


@dataclass
class Scenes:
    """The scenes of one world."""

    rng: Random
    world: World

    def __post_init__(self) -> None:
        self._calm = {entry: self._quiet_times(entry) for entry in STRIKES}
        self._kept = {
            guard: [entry for entry in STRIKES if keeps(self.world.monkey(entry).get("segment", {}))]
            for guard, keeps in KEEPS.items()
        }
        self._worth = [guard for guard in WILD if self._whose(guard)]
        self._weights = [WEIGHTS.get(guard, 1.0) for guard in self._worth]

    def __iter__(self) -> Iterator[Told]:
        while True:
            chance = self.rng.random()
            if chance < 0.12:
                yield self._told((), ANYBODY)
            elif chance < 0.92:
                (guard,) = self.rng.choices(self._worth, self._weights)
                yield self._told((guard,), self._whose(guard))
            else:
                yield self._told(self.rng.sample(sorted(WILD), self.rng.randint(2, 5)), ANYBODY)

    def _whose(self, guard: str) -> Sequence[str]:
        return self._kept[guard] if guard in self._kept else SUITS.get(guard, ANYBODY)

    def _told(self, wild: Sequence[str], entries: Sequence[str]) -> Told:
        """One in which only those of ``wild`` have a reason to say no, if some tries find one."""
        for _ in range(TRIES):
            draft = self._draft(self.rng.choice(entries))
            for guard in wild:
                WILD[guard](self.rng, draft)
            case = draft.case()
            told = Told(case, denied(case))
            if told.denied <= set(wild):
                break
        return told

    def _draft(self, entry: str) -> Draft:
        return quiet(self.rng, self.world, entry, self.rng.choice(self._calm[entry]))

    def _quiet_times(self, entry: str) -> Sequence[datetime]:
        """Times without a blackout for that monkey; where there are hardly any, whatever came."""
        times = [some_time(self.rng) for _ in range(TIMES)]
        calm = [now for now in times if "blackout" not in denied(quiet(self.rng, self.world, entry, now).case())]
        return calm or times
