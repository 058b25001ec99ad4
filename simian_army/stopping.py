"""Who has stopped us: what the flow asks of those who know of halts, as a protocol."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from simian_army.model import AuditEvent, Halt


@dataclass(frozen=True, slots=True)
class Standing:
    """Who is stopped now: by ``halt`` everyone, by each of ``teams`` only what strikes its scope."""

    halt: Halt | None = None
    teams: tuple[Halt, ...] = ()

    def over(self, scope: str) -> Halt | None:
        """The halt that a fault on a target of that scope is under."""
        return self.halt or next((halt for halt in self.teams if halt.scope == scope), None)


class Halting(Protocol):
    """Whether somebody has stopped the fleet, whichever way it was said: halted if any source says so."""

    def look(self, platform: str = "", scopes: Collection[str] = ()) -> Standing:
        """Ask every source now, and those of these scopes of that platform; waits some seconds at most.

        A source that cannot be read counts as a halt at once.
        """
        ...

    def known(self, platform: str = "", scopes: Collection[str] = (), patience: float = 0.0) -> Standing:
        """The same without asking anyone: what was last read, at times that ``watch`` keeps to.

        A source counts as a halt once it could not be read for more than ``patience`` seconds.
        """
        ...

    def watch(self) -> None:
        """Begin to read what is due; waits for nobody. The scopes lately asked for are among it."""
        ...

    def news(self) -> Sequence[AuditEvent]:
        """Every halt that began or ended outside the ledger since this was last asked, as an event to be told.

        Raises:
            LedgerError: what was told before cannot be read; ask again later.
        """
        ...
