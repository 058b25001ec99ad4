"""When recovery looks again: every minute, in a thread of its own that keeps no fire back."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field

from simian_army.clock import Clock
from simian_army.recovery import Recovery

EVERY = 60.0  # seconds between two looks
LEAVE = 2.0  # seconds that the end waits for a look under way; it changes nothing that the next process would not


@dataclass(slots=True)
class Rounds:
    """Goes round while this agent leads."""

    recovery: Recovery
    clock: Clock
    every: float = EVERY
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
            self._thread.join(LEAVE)

    def _go(self) -> None:
        while not self.clock.wait(self._stop, self.every):
            try:
                self.recovery.again()
            except Exception:  # the revert border: whatever breaks, the next round is gone
                logging.getLogger(__name__).exception("a look for what a crash left broke: once more in a minute")
