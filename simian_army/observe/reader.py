"""What the ledger says, read every two seconds by a thread of its own, so that no scrape ever waits for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from simian_army.clock import Clock
from simian_army.contract import Ledger
from simian_army.errors import LedgerError
from simian_army.model import AuditEvent
from simian_army.standing import Attempt

EVERY = 2.0  # seconds between two reads
FRESH = 15.0  # seconds for which an answer counts: a read may take five, and then there is the next


@dataclass(slots=True)
class Reader:
    """Reads what is open, and which events others wrote, while ``leads`` says that telling them is for us.

    ``learn`` is given every open attempt, ``overhear`` each event that came since the read before, ours among them.
    """

    ledger: Ledger
    clock: Clock
    learn: Callable[[Sequence[Attempt]], None]
    overhear: Callable[[AuditEvent], None]
    leads: Callable[[], bool]
    error: str = "it was not asked yet"
    _answered: float | None = None
    _seen: int | None = None
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to read."""
        self._thread = threading.Thread(target=self._work, name="observe", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Read no more; a read under way is waited for."""
        self._stop.set()
        if self._thread:
            self._thread.join()

    def trouble(self) -> str:
        """Why the ledger does not answer; empty while it does."""
        if self.error:
            return self.error
        age = self.clock.monotonic() - (self._answered or 0.0)
        return "" if age <= FRESH else f"the last answer came {age:.0f} s ago"

    def read(self) -> None:
        """Read once."""
        try:
            self.learn(self.ledger.attempts(self.clock.now()))
            self._answered, self.error = self.clock.monotonic(), ""
            self._follow()
        except LedgerError as error:
            self.error = str(error)

    def _work(self) -> None:
        while True:
            self.read()
            if self.clock.wait(self._stop, EVERY):
                return

    def _follow(self) -> None:
        last = self.ledger.last_seq()
        before, self._seen = self._seen, last
        if before is None or last <= before or not self.leads():
            return  # an agent that stands by leaves the telling to the one that leads
        for event in self.ledger.query(after=before):
            self.overhear(event)
