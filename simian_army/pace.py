"""How often something in one group is struck, as a noun."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """Once in ``mean`` days on average (below 1: several times a day), and not before the ``least``-th day after the
    last time.

    ``working`` counts working days only, and lets nothing happen on others. ``steady`` keeps the mean however rarely
    the monkey fires; otherwise what falls on days on which it does not fire is lost.
    """

    mean: float
    least: int = 0
    working: bool = True
    steady: bool = False

    def __str__(self) -> str:
        """``1 in 5 working days``."""
        days = "working day" if self.working else "day"
        if self.mean < 1:
            return f"{1 / self.mean:.4g} a {days}"
        return f"1 in {self.mean:.4g} {days}{'s' if self.mean > 1 else ''}"
