"""Whether: has somebody stopped the fleet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from simian_army.model import Scene, Verdict

GOES_ON = Verdict("halt", allowed=True, reason="no halt is in force")


@dataclass(frozen=True, slots=True)
class Halted:
    """Denies everything while a halt is in force."""

    name: ClassVar[str] = "halt"
    early: ClassVar[bool] = False

    def __call__(self, scene: Scene) -> Verdict:
        """The denial is final and says who halted the fleet, when, why, and what ends it."""
        halt = scene.halt
        if halt is None:
            return GOES_ON
        when = halt.at.isoformat(sep=" ", timespec="seconds")
        reason = f"halted by {halt.author} at {when}: {halt.reason}; `simian resume` ends it"
        return Verdict(self.name, allowed=False, reason=reason, final=True)
