"""Whether: has somebody stopped the fleet, or a team what strikes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from safety.shared import is_harmed
from simian_army.model import Halt, Scene, Verdict

GOES_ON = Verdict("halt", allowed=True, reason="no halt is in force")


@dataclass(frozen=True, slots=True)
class Halted:
    """Denies everything while a halt is in force, and what a team halted for itself: target or anyone else harmed."""

    name: ClassVar[str] = "halt"
    early: ClassVar[bool] = False

    def __call__(self, scene: Scene) -> Verdict:
        """The denial says who halted, when, why, and what ends it; that of the whole fleet is final."""
        halt = scene.halt or _of_a_team(scene)
        if halt is None:
            return GOES_ON
        return Verdict(self.name, allowed=False, reason=_words(halt), final=not halt.scope)


def _of_a_team(scene: Scene) -> Halt | None:
    if not scene.teams:
        return None
    struck = {scene.fault.target.scope, *(other.scope for other in scene.reach or () if is_harmed(other))}
    return next((halt for halt in scene.teams if halt.scope in struck), None)


def _words(halt: Halt) -> str:
    if halt.doubt:
        return f"{halt.reason}; nothing new begins until it can be read"
    place = f" in {halt.scope}" if halt.scope else ""
    when = halt.at.isoformat(sep=" ", timespec="seconds")
    return f"halted{place} by {halt.author} at {when}: {halt.reason}; {halt.ends}"
