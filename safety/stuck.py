"""Whether: is a fault like this one, or one in this group, out there that could not be reverted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from safety.counting import in_group
from simian_army.model import Phase, Scene, Verdict
from simian_army.standing import Attempt

NAMED = 5
FINE = Verdict("stuck", allowed=True, reason="nothing is stuck")


@dataclass(frozen=True, slots=True)
class Stuck:
    """Denies the group and the fault kind of every fault that cannot be reverted; with ``most`` of them, everything.

    What cannot be read of such a fault (its kind) is taken to be the same.
    """

    name: ClassVar[str] = "stuck"
    early: ClassVar[bool] = False
    most: int

    def __call__(self, scene: Scene) -> Verdict:
        """Names run, target and since when each is stuck, and what closes it; final once the whole fleet stops."""
        stuck = [attempt for attempt in scene.recent if attempt.open and attempt.phase is Phase.STUCK]
        if not stuck:
            return FINE
        if len(stuck) >= self.most:
            reason = f"{len(stuck)} faults are stuck, {self.most} stop the whole fleet (max_stuck): {_named(stuck)}"
            return Verdict(self.name, allowed=False, reason=reason, final=True)
        alike = [attempt for attempt in stuck if attempt.kind in ("", scene.fault.kind)]
        near = [attempt for attempt in in_group(scene, stuck) if attempt not in alike]
        if not (alike or near):
            return Verdict(self.name, allowed=True, reason=f"not applicable: elsewhere is stuck: {_named(stuck)}")
        return Verdict(self.name, allowed=False, reason=_named([*alike, *near]))


def _named(stuck: Sequence[Attempt]) -> str:
    more = f"; and {len(stuck) - NAMED} more" if len(stuck) > NAMED else ""
    return "; ".join(_words(attempt) for attempt in stuck[:NAMED]) + more


def _words(attempt: Attempt) -> str:
    since = (attempt.since or attempt.at).isoformat(sep=" ", timespec="seconds")
    what = f"{attempt.kind or 'a fault that cannot be read'} on {attempt.name or attempt.target}"
    return (
        f"run {attempt.run}: {what} could not be reverted, stuck since {since}; "
        f"`simian revert {attempt.run} --force --reason TEXT` closes it"
    )
