"""How long a command waits for somebody's word, and the wait itself."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

from simian_army.errors import UsageError
from simian_army.windows import duration

if TYPE_CHECKING:
    from simian_army import wiring
    from simian_army.outcome import Outcome


def patience(text: str) -> timedelta:
    """How long ``--wait`` says to wait.

    Raises:
        UsageError: it is no duration.
    """
    try:
        return duration(text)
    except ValueError as error:
        raise UsageError(f"--wait: {error}") from error


def wait(house: wiring.House, found: Outcome, longest: timedelta, stop: threading.Event) -> bool:
    """Look for the word for what of this run waits, as its leader, until none waits, for so long at most; whether some
    still waits."""
    from simian_army.pending import EVERY

    run, clock = found.run.id, house.books.clock
    if not found.waiting:
        return False
    end = clock.monotonic() + longest.total_seconds()
    pending = house.pending(run)
    pending.again()
    while pending.waiting() and not stop.is_set() and clock.monotonic() < end:
        clock.wait(stop, max(0.0, min(EVERY, end - clock.monotonic())))
        pending.again()
    return bool(pending.waiting())
