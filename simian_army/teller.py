"""What was done and is not written down yet: told to the ledger in order, as soon as it listens."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from simian_army.contract import Ledger
from simian_army.errors import LedgerError
from simian_army.model import AuditEvent


@dataclass(slots=True)
class Teller:
    """Keeps events for a ledger that may be away; what it says stands in the ledger when it returns, if it is not."""

    ledger: Ledger
    _untold: list[AuditEvent] = field(default_factory=list)
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _away: bool = False

    @property
    def behind(self) -> bool:
        """Whether something is still to be told."""
        return bool(self._untold)

    def say(self, event: AuditEvent) -> None:
        """Keep the event, and tell it at once unless the ledger is known to be away."""
        with self._guard:
            self._untold.append(event)
        if self._away:
            return
        with self._turn:
            # whoever waited here for a ledger that then failed does not wait for it a second time
            if not self._away:
                self._tell()

    def retry(self) -> None:
        """Tell what is kept, if the ledger listens again."""
        with self._turn:
            self._tell()

    def _tell(self) -> None:
        with self._guard:
            kept = tuple(self._untold)
        if not kept:
            return
        try:
            self.ledger.append(*kept)
        except LedgerError:
            self._away = True
            return
        self._away = False
        with self._guard:
            del self._untold[: len(kept)]
