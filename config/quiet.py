"""When it is quiet: what ``safety.blackouts`` in simian.yaml may say."""

from __future__ import annotations

from pydantic import model_validator

from config.parts import Days, Part, Range, Window
from simian_army.windows import Blackout


class Quiet(Part):
    """One blackout window: all that is given must hold."""

    weekdays: Days = frozenset()
    daily: Window | None = None
    dates: Range | None = None

    @model_validator(mode="after")
    def _something(self) -> Quiet:
        if not (self.weekdays or self.daily or self.dates):
            raise ValueError("an empty blackout would cover nothing: give weekdays, daily or dates")
        return self

    def window(self) -> Blackout:
        """The window it means."""
        return Blackout(self.weekdays, self.daily, self.dates)
