"""Whether: how much was done already, by the fleet and by this monkey."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from safety.counting import Count, Counting
from safety.limits import Limits
from simian_army.model import Phase, Scene, Verdict
from simian_army.rates import Week


@dataclass(frozen=True, slots=True)
class Budget:
    """Allows a fault while every budget word has room for one more.

    Faults count from the moment they are intended, whatever came of them, except those denied. A fault counts
    for ``per_hour``, ``per_day`` and ``cooldown`` from its beginning up to, but not at, the end of that time.

    Args:
        fleet: counted over the faults of every monkey.
        monkeys: by the name of a monkey, counted over its own faults; asked besides.
        week: the days that a cooldown of working days counts.

    What has no group, and every node, is counted with its peers and with all else in its place that has none (a node
    with all nodes).
    """

    name: ClassVar[str] = "budget"
    early: ClassVar[bool] = False
    fleet: Limits
    week: Week
    monkeys: Mapping[str, Limits] = field(default_factory=dict)

    def __call__(self, scene: Scene) -> Verdict:
        """Names every word without room; final when one is among them that no other target would escape."""
        counts = tuple(self._counts(scene))
        full = [count for count in counts if not count.room]
        words = "; ".join(count.words for count in full or counts) or "not applicable: no limit is set"
        return Verdict(self.name, not full, words, final=any(count.final for count in full))

    def looks_back_to(self, now: datetime) -> datetime:
        """As far as the longest of its words reaches."""
        limits = (self.fleet, *self.monkeys.values())
        return min((moment for one in limits for moment in one.since(now, self.week)), default=now)

    def _counts(self, scene: Scene) -> Iterator[Count]:
        spent = [attempt for attempt in scene.recent if attempt.phase is not Phase.DENIED]
        yield from Counting(self.fleet, scene, spent, self.week).counts()
        own = self.monkeys.get(scene.entry)
        if own is not None:
            mine = [attempt for attempt in spent if attempt.entry == scene.entry]
            yield from Counting(own, scene, mine, self.week, f"{scene.entry}: ").counts()
