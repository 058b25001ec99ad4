"""Whether: quiet hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

from simian_army.model import Scene, Verdict
from simian_army.windows import Blackout as Window

FAR = timedelta(days=400)  # as far as a window itself looks for its end


@dataclass(frozen=True, slots=True)
class Blackout:
    """Allows faults only outside every one of ``windows``, by the local time of ``zone``."""

    name: ClassVar[str] = "blackout"
    early: ClassVar[bool] = False
    windows: tuple[Window, ...]
    zone: ZoneInfo

    def __call__(self, scene: Scene) -> Verdict:
        """A denial is final and says which windows cover the moment and when all of them are over."""
        local = f"{scene.now.astimezone(self.zone):%a %Y-%m-%d %H:%M} {self.zone}"
        covering = self._covering(scene.now)
        if covering:
            reason = f"{local} is in the blackout {_listed(covering)}, until {self._until(scene.now)}"
            return Verdict(self.name, allowed=False, reason=reason, final=True)
        if not self.windows:
            return Verdict(self.name, allowed=True, reason="not applicable: there are no blackouts")
        return Verdict(self.name, allowed=True, reason=f"{local} is outside the blackouts: {_listed(self.windows)}")

    def _covering(self, moment: datetime) -> tuple[Window, ...]:
        return tuple(window for window in self.windows if window.covers(moment, self.zone))

    def _until(self, now: datetime) -> str:
        """When the first moment comes that no window covers: the end of one may lie in another."""
        moment = now
        while covering := self._covering(moment):
            ends = [window.ends(moment, self.zone) for window in covering]
            later = [end for end in ends if end is not None]
            if len(later) < len(ends) or max(later) - now > FAR:
                return f"more than {FAR.days} days from now"
            moment = max(later)
        return f"{moment.astimezone(self.zone):%a %Y-%m-%d %H:%M}"


def _listed(windows: tuple[Window, ...]) -> str:
    return " and ".join(f"[{window}]" for window in windows)
