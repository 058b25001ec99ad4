"""How the real ground waits: until something is so, with words when it never becomes so."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeVar

from simian_army.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
CLOCK = SystemClock()
BUSY = 5.0
"""Seconds more than what is promised takes, on a machine that has more to do than it can."""


class NeverError(Exception):
    """What was waited for did not come; the text says what and how long."""


def until(what: str, ask: Callable[[], T], seconds: float = 60.0, every: float = 0.1) -> T:
    """The first true answer of ``ask``, asked every so many seconds.

    Raises:
        NeverError: no true answer within ``seconds``.
    """
    end = CLOCK.monotonic() + seconds
    while True:
        answer = ask()
        if answer:
            return answer
        if CLOCK.monotonic() > end:
            raise NeverError(f"waited {seconds:.0f} s for {what}; the last answer was {answer!r}")
        pause(every)


def pause(seconds: float) -> None:
    """Do nothing for so long."""
    CLOCK.wait(threading.Event(), seconds)
