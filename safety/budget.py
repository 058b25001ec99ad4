"""Whether: how much has the fleet done already, and how much of this group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, NamedTuple

from safety.wording import span
from simian_army.model import Phase, Scene, Target, Verdict
from simian_army.standing import Attempt

DAY = timedelta(days=1)


class Count(NamedTuple):
    """One budget word counted: is there room for one more, in words, and would another target fare no better."""

    room: bool
    words: str
    final: bool = False


@dataclass(frozen=True, slots=True)
class Budget:
    """Allows a fault while every budget word has room for one more.

    Faults count from the moment they are intended, whatever came of them, except those denied. A fault counts
    for ``per_day`` and ``cooldown`` from its beginning up to, but not at, the end of that time.

    Args:
        concurrent: faults of the fleet open at once.
        per_day: faults of the fleet begun in the last 24 hours.
        per_group: faults open at once in one group.
        max_percent: of a group's members struck at once, this one included; rounded down.
        cooldown: since the last fault in the group began.

    What has no group, and every node, is counted with its peers (a node with all nodes).
    """

    name: ClassVar[str] = "budget"
    early: ClassVar[bool] = False
    concurrent: int
    per_day: int
    per_group: int
    max_percent: int
    cooldown: timedelta

    def __call__(self, scene: Scene) -> Verdict:
        """Names every word without room; final when one of the whole fleet's is among them."""
        counts = self._counts(scene)
        full = [count for count in counts if not count.room]
        words = "; ".join(count.words for count in full or counts)
        return Verdict(self.name, not full, words, final=any(count.final for count in full))

    def _counts(self, scene: Scene) -> tuple[Count, ...]:
        spent = [attempt for attempt in scene.recent if attempt.phase is not Phase.DENIED]
        group = in_group(scene, spent)
        return (
            self._concurrent(spent),
            self._per_day(scene, spent),
            self._per_group(scene, group),
            self._max_percent(scene, group),
            self._cooldown(scene, group),
        )

    def _concurrent(self, spent: Sequence[Attempt]) -> Count:
        seen = sum(attempt.open for attempt in spent)
        return Count(seen < self.concurrent, f"{seen} of {self.concurrent} open at once (concurrent)", final=True)

    def _per_day(self, scene: Scene, spent: Sequence[Attempt]) -> Count:
        seen = sum(scene.now - attempt.at < DAY for attempt in spent)
        return Count(seen < self.per_day, f"{seen} of {self.per_day} in the last 24 h (per_day)", final=True)

    def _per_group(self, scene: Scene, group: Sequence[Attempt]) -> Count:
        seen = sum(attempt.open for attempt in group)
        place = _place(scene.fault.target)
        return Count(seen < self.per_group, f"{seen} of {self.per_group} open at once in {place} (per_group)")

    def _max_percent(self, scene: Scene, group: Sequence[Attempt]) -> Count:
        target, size = scene.fault.target, len(scene.peers)
        if not size:
            return Count(room=False, words=f"the size of {_place(target)} is not known (max_percent)")
        struck = {attempt.target for attempt in group if attempt.open} - {target.id}
        most = size * self.max_percent // 100
        allowed = f"{self.max_percent} % of {size} in {_place(target)} allows {most} at once"
        return Count(len(struck) < most, f"{allowed}, {len(struck)} others are struck (max_percent)")

    def _cooldown(self, scene: Scene, group: Sequence[Attempt]) -> Count:
        place = _place(scene.fault.target)
        if not group:
            return Count(
                room=True, words=f"no earlier fault in {place}, {span(self.cooldown)} apart is asked (cooldown)"
            )
        since = scene.now - max(attempt.at for attempt in group)
        words = f"the last fault in {place} began {span(since)} ago, {span(self.cooldown)} apart is asked (cooldown)"
        return Count(since >= self.cooldown, words)


def in_group(scene: Scene, spent: Sequence[Attempt]) -> list[Attempt]:
    """The attempts on the target's group."""
    target = scene.fault.target
    if _has_group(target):
        return [attempt for attempt in spent if attempt.group == target.group]
    members = {peer.id for peer in scene.peers} | {target.id}
    return [attempt for attempt in spent if attempt.target in members]


def _has_group(target: Target) -> bool:
    return bool(target.group) and target.kind != "node"


def _place(target: Target) -> str:
    return target.group if _has_group(target) else f"the {target.kind}s here"
