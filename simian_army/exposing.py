"""How wide each monkey may strike now, as the ledger tells it and nothing else."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from simian_army.contract import Ledger
from simian_army.model import AuditEvent, Phase
from simian_army.stages import Came, Exposure, Stages, came, exposure


@dataclass(slots=True)
class Exposing:
    """``stages`` are those of each monkey that has some, by name; what was read once is remembered."""

    ledger: Ledger
    stages: Mapping[str, Stages] = field(default_factory=dict)
    _judged: defaultdict[str, list[AuditEvent]] = field(default_factory=lambda: defaultdict(list), init=False)
    _read_to: int = field(default=0, init=False)
    _came: dict[str, tuple[object, list[Came]]] = field(default_factory=dict, init=False)
    _guard: threading.Lock = field(default_factory=threading.Lock, init=False)

    def of(self, entry: str, eligible: int) -> Exposure:
        """How wide that monkey may strike among so many eligible targets.

        Raises:
            LedgerError: it cannot be told.
        """
        stages = self.stages.get(entry)
        if stages is None:
            return Exposure()
        # asked for first: what is judged in between is then among the judged, and counts at the next fire
        pending = frozenset(begun.run for begun, _ in self.ledger.unjudged() if begun.entry == entry)
        with self._guard:
            for event in self.ledger.query(phase=Phase.JUDGED, after=self._read_to):
                self._read_to = event.seq
                self._judged[event.entry].append(event)
            return exposure(stages, self._known(entry, pending), eligible)

    def _known(self, entry: str, pending: frozenset[str]) -> list[Came]:
        """What its runs came to, told anew only when one more did: a plan asks hundreds of times."""
        judged = self._judged[entry]
        state, told = self._came.get(entry, (None, []))
        if state != (len(judged), pending):
            told = came(judged, pending)
            self._came[entry] = (len(judged), pending), told
        return told
