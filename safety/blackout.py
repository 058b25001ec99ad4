"""Whether: quiet hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar
from zoneinfo import ZoneInfo

from simian_army.model import Scene, Verdict
from simian_army.windows import Blackout


@dataclass(frozen=True, slots=True)
class Quiet:
    """Denies everything inside any of its windows, by the local time of ``zone``."""

    name: ClassVar[str] = "blackout"
    early: ClassVar[bool] = False
    windows: Sequence[Blackout]
    zone: ZoneInfo

    def __call__(self, scene: Scene) -> Verdict:
        """The denial is final, and names the window and its end."""
        local = scene.now.astimezone(self.zone)
        window = next((window for window in self.windows if window.covers(scene.now, self.zone)), None)
        if window is None:
            words = f"{local:%a %H:%M} {self.zone.key} is outside all {len(self.windows)} blackout windows"
            return Verdict(
                self.name, allowed=True, reason=words if self.windows else "no blackout window is configured"
            )
        ends = window.ends(scene.now, self.zone)
        until = f"until {ends.astimezone(self.zone):%a %Y-%m-%d %H:%M}" if ends else "without an end in sight"
        reason = f"{local:%a %H:%M} {self.zone.key} lies in the blackout window {window}, {until}"
        return Verdict(self.name, allowed=False, reason=reason, final=True)
