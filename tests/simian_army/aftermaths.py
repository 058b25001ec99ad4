"""A keeper among fakes whose groups are as a test says, and what an earlier process left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from simian_army.errors import PlatformError
from simian_army.keeper import Keeper
from simian_army.model import AuditEvent, Fault, Health, Phase, Run, Target
from simian_army.records import LIMIT, Held, Scribe, fault_json
from tests.simian_army.fakes import Book, FakeClock, Scene

FIVE = 300.0
"""Seconds that a group has to be whole again."""


@dataclass
class Groups:
    """Says how each group is, and counts who asks."""

    whole: dict[str, bool | None] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    away: bool = False

    def __call__(self, target: Target) -> Health:
        self.asked.append(target.group or target.id)
        if self.away:
            raise PlatformError("no answer from the platform")
        whole = self.whole.get(target.group or target.id, True)
        return Health(whole, 1, 4, f"{'4' if whole else '1'} of 4 are ready")


@dataclass
class Remembering(Book):
    """A ledger that says what an earlier process left unjudged."""

    left: list[tuple[AuditEvent, AuditEvent | None]] = field(default_factory=list)

    def unjudged(self) -> Sequence[tuple[AuditEvent, AuditEvent | None]]:
        return self.left


@dataclass
class World(Scene):
    groups: Groups = field(default_factory=Groups)
    book: Remembering = field(default_factory=Remembering)

    def keeper(self) -> Keeper:
        made = super().keeper()
        made.aftermath.health = self.groups
        made.health = self.groups
        made._looks = replace(made._looks, health=self.groups)
        return made

    def of(self, group: str, name: str = "a", hold: float = 0) -> Held:
        held = self.pull(name, hold)
        return replace(held, fault=replace(held.fault, target=replace(held.fault.target, group=group)))

    def told(self) -> list[tuple[str, str, object]]:
        """Target, outcome and seconds of each that is judged."""
        return [(e.target, e.data["outcome"], e.data["recovered"]) for e in self.book.judged]

    def why(self) -> str:
        return str(self.book.judged[-1].data["detail"])


def watch(world: World, keeper: Keeper, seconds: float) -> None:
    for _ in range(int(seconds * 4)):
        keeper.tick()
        world.clock.advance(0.25)


def left(clock: FakeClock, phase: Phase, ago: float, limit: float | None = FIVE, **data: Any) -> Any:
    """What the ledger has of a fault that ended ``ago`` seconds before now, in another process."""
    scribe, run = Scribe(clock, "other"), Run("run-a", "e", clock.wall, "")
    target = Target("fake", "lever", "a", "a", "", "web", clock.wall, {})
    fault = Fault("lever", target, undo={"pulled": False}, hold=timedelta(seconds=60))
    more: dict[str, Any] = {} if limit is None else {LIMIT: limit}
    begun = scribe.note(Phase.INTENDED, run, target, **fault_json(fault, clock.wall), **more)
    ended = scribe.note(phase, run, target, detail="back", **data)
    return begun, replace(ended, at=clock.wall - timedelta(seconds=ago))


def restarted(phase: Phase, ago: float, *, whole: bool | None = True, limit: float = FIVE, **data: Any) -> World:
    world = World(groups=Groups({"web": whole}))
    world.book.left = [left(world.clock, phase, ago, limit, **data)]
    keeper = world.keeper()
    keeper.aftermath.catch_up()
    keeper.aftermath.catch_up()
    watch(world, keeper, 1)
    return world
