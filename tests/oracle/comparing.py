"""Guards and oracle, side by side over many scenes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from random import Random

from simian_army.errors import ConfigError
from tests.oracle.house import House, house
from tests.oracle.scenes import Scenes
from tests.oracle.settings import world
from tests.oracle.shrink import printed, smallest
from tests.oracle.told import ORACLE, denied
from tests.oracle.words import Case, World

PER_WORLD = 250
"""Scenes under one config."""
Build = Callable[[World, Path], House]


@dataclass
class Tally:
    """How many scenes there were, how many all guards allowed, and how many only one denied, by its name."""

    scenes: int = 0
    allowed: int = 0
    alone: Counter[str] = field(default_factory=Counter)

    def add(self, said: frozenset[str]) -> None:
        """Count one more."""
        self.scenes += 1
        self.allowed += not said
        if len(said) == 1:
            self.alone.update(said)

    def share(self, guard: str) -> float:
        """Of how many scenes in a hundred it was the only one that denied."""
        return 100 * self.alone[guard] / self.scenes

    def __str__(self) -> str:
        rows = [f"{guard} {self.share(guard):.2f} %" for guard in ORACLE]
        return f"{self.scenes} scenes, all allow {100 * self.allowed / self.scenes:.1f} %; alone: {', '.join(rows)}"


def compare(seed: str, scenes: int, folder: Path, build: Build = house) -> Tally:
    """Ask both of so many scenes.

    Raises:
        AssertionError: they disagree, with the smallest scene that shows it.
    """
    rng, tally = Random(seed), Tally()
    for number in range(-(-scenes // PER_WORLD)):
        place = folder / str(number)
        place.mkdir()
        here = world(rng, number)
        guards = build(here, place)
        for told in islice(Scenes(rng, here), min(PER_WORLD, scenes - tally.scenes)):
            said = guards.denied(told.case)
            if said != told.denied:
                raise AssertionError(disagreement(seed, told.case, said ^ told.denied, place, build))
            tally.add(told.denied)
    return tally


def disagreement(seed: str, case: Case, guards: frozenset[str], folder: Path, build: Build = house) -> str:
    """The smallest scene over which the first of ``guards`` and the oracle differ, in words."""
    guard = min(guards)
    made = _Built(folder, build)

    def shows(one: Case) -> bool:
        here = made.of(one.world)
        return here is not None and (guard in here.denied(one)) != (guard in denied(one))

    least = smallest(case, shows)
    here = made.of(least.world)
    assert here is not None
    verdict = here.verdicts(least)[guard]
    rule = "allows" if guard not in denied(least) else "denies"
    says = "allows" if verdict.allowed else "denies"
    return f"seed {seed!r}: {guard} {says} ({verdict.reason}), the oracle {rule}:\n{printed(least)}"


class _Built:
    """Houses by world, for as long as the world stays the same; None where a config does not load."""

    def __init__(self, folder: Path, build: Build) -> None:
        self.folder, self.build = folder, build
        self.latest: tuple[World, House | None] | None = None

    def of(self, here: World) -> House | None:
        if self.latest is None or self.latest[0] is not here:
            try:
                self.latest = (here, self.build(here, self.folder))
            except ConfigError:
                self.latest = (here, None)
        return self.latest[1]
