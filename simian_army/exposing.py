"""How wide each monkey may strike now, as the ledger tells it and nothing else."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from simian_army.contract import Ledger
from simian_army.model import AuditEvent, Phase
from simian_army.stages import Exposure, Stages, came, exposure


@dataclass(slots=True)
class Exposing:
    """``stages`` are those of each monkey that has some, by name; what was read once is remembered."""

    ledger: Ledger
    stages: Mapping[str, Stages] = field(default_factory=dict)
    _judged: defaultdict[str, list[AuditEvent]] = field(default_factory=lambda: defaultdict(list), init=False)
    _read_to: int = field(default=0, init=False)
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
        pending = {begun.run for begun, _ in self.ledger.unjudged() if begun.entry == entry}
        with self._guard:
            for event in self.ledger.query(phase=Phase.JUDGED, after=self._read_to):
                self._read_to = event.seq
                self._judged[event.entry].append(event)
            judged = tuple(self._judged[entry])
        return exposure(stages, came(judged, pending), eligible)
