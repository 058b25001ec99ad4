"""The machine's clock, turned by somebody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from simian_army.clock import SystemClock


@dataclass
class Turned(SystemClock):
    """Its wall clock is off by ``by``, which may change at any moment; its monotonic time never jumps."""

    by: timedelta = timedelta(0)

    def now(self) -> datetime:
        return super().now() + self.by
