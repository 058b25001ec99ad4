"""What can only be asked at the moment itself: lease, heartbeat, halt, plan and ledger; nothing of it waits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime


def _nothing() -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Pulse:
    """``lease`` and ``heartbeat`` give seconds: what is left of the one, the age of the other (None without a plan at
    work, as when standing by). ``lease_trouble`` and ``ledger_trouble`` say why nobody knows; empty when it is known.
    """

    lease: Callable[[], float]
    heartbeat: Callable[[], float | None]
    halted: Callable[[], bool]
    fires: Callable[[], Mapping[str, datetime]]
    lease_trouble: Callable[[], str] = _nothing
    ledger_trouble: Callable[[], str] = _nothing
