"""When somebody looks again: every so often, in a thread of its own that keeps no fire back."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import Protocol

from simian_army.clock import Clock

EVERY = 60.0  # seconds between two looks of recovery
LEAVE = 2.0  # of recovery the end waits no longer: it changes nothing that the next process would not


class Again(Protocol):
    """Who looks: recovery for what a crash left, or whoever waits for somebody's word."""

    def again(self) -> object:
        """Look once."""
        ...


@dataclass(slots=True)
class Rounds:
    """Goes round while this agent leads. ``leave`` are the seconds that the end waits for a look under way."""

    looker: Again
    clock: Clock
    every: float = EVERY
    leave: float = LEAVE
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; the first look comes after ``every`` seconds."""
        self._thread = threading.Thread(target=self._go, name="rounds", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()
        if self._thread:
            self._thread.join(self.leave)

    def _go(self) -> None:
        while not self.clock.wait(self._stop, self.every):
            try:
                self.looker.again()
            except Exception:  # the revert border: whatever breaks, the next round is gone
                logging.getLogger(__name__).exception("a look broke: once more in %g s", self.every)
