"""Which halts began and ended outside the ledger, told to it once each, whoever was told before us."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from typing import TypeAlias

from simian_army.contract import Ledger
from simian_army.halts.state import State
from simian_army.model import AuditEvent, Halt, Phase
from simian_army.records import Scribe

Key: TypeAlias = tuple[str, str]
"""Source and scope."""
Words: TypeAlias = tuple[str, str, str]
"""Author, reason, and since when."""


@dataclass(slots=True)
class News:
    """Turns what sources say into HALTED and RESUMED events that name source, author and reason.

    Their data has a ``name``, which the ledger's own halts have not: what is told here halts nothing by itself. Their
    key is of source and time, so that of several processes that see a halt only one tells it.
    """

    ledger: Ledger
    scribe: Scribe
    _told: dict[Key, Words] = field(default_factory=dict)
    _fresh: bool = True

    def remember(self) -> None:
        """Read what was told before, by us or by another process.

        Raises:
            LedgerError: it cannot be read.
        """
        if not self._fresh:
            return
        events = [*self.ledger.query(phase=Phase.HALTED), *self.ledger.query(phase=Phase.RESUMED)]
        for event in sorted(events, key=lambda event: event.seq):
            key = (str(event.data.get("source", "")), str(event.data.get("scope", "")))
            if not event.data.get("name"):
                continue
            if event.phase is Phase.HALTED:
                said = [str(event.data.get(name, "")) for name in ("author", "reason", "halted")]
                self._told[key] = (said[0], said[1], said[2])
            else:
                self._told.pop(key, None)
        self._fresh = False

    def scopes(self, source: str) -> list[str]:
        """The scopes of that source that were told to be halted, and not yet to have resumed."""
        return [scope for name, scope in self._told if name == source]

    def of(self, states: Iterable[State]) -> Sequence[AuditEvent]:
        """What there is to tell now."""
        events: list[AuditEvent] = []
        for state in states:
            if state.source.name == "ledger" or state.error:
                continue  # the first tells itself; what cannot be read has neither begun nor ended
            events += [self._begun(state, halt) for halt in state.found.values() if self._is_new(halt)]
            ended = [scope for scope in self.scopes(state.source.name) if scope in state.read.keys() - set(state.found)]
            events += [self._ended(state, scope) for scope in ended]
        return events

    def _is_new(self, halt: Halt) -> bool:
        told = self._told.get((halt.source, halt.scope))
        return told is None or told[:2] != (halt.author, halt.reason)

    def _begun(self, state: State, halt: Halt) -> AuditEvent:
        since = halt.at.astimezone(UTC).isoformat()
        self._told[halt.source, halt.scope] = (halt.author, halt.reason, since)
        return self.scribe.note(
            Phase.HALTED,
            key=f"halted {halt.source} {halt.scope} {since} {halt.reason}"[:400],
            reason=halt.reason,
            author=halt.author,
            source=halt.source,
            scope=halt.scope,
            name=state.source.where,
            halted=since,
        )

    def _ended(self, state: State, scope: str) -> AuditEvent:
        author, said, since = self._told.pop((state.source.name, scope))
        place = f" for {scope}" if scope else ""
        return self.scribe.note(
            Phase.RESUMED,
            key=f"resumed {state.source.name} {scope} {since} {said}"[:400],
            reason=f"{state.source.where} halts no longer{place}; it said: {said}",
            author=author,
            source=state.source.name,
            scope=scope,
            name=state.source.where,
        )
