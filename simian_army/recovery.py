"""What a crash left behind: every open fault of the ledger is handed back to the keeper, or closed as unknown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from simian_army.clock import Clock
from simian_army.contract import FaultKind, Ledger
from simian_army.keeper import Keeper
from simian_army.model import AuditEvent, Fault, Mark, Phase, Run
from simian_army.records import Held, Scribe, fault_of


@dataclass(frozen=True, slots=True)
class Recovery:
    """Runs before anything new is begun; needs no lease to revert and asks no guard."""

    kinds: Mapping[str, FaultKind]
    ledger: Ledger
    keeper: Keeper
    clock: Clock
    scribe: Scribe
    sign: Callable[[Run, Fault, datetime], Mark]

    def recover(self) -> int:
        """Take up every open fault that the keeper does not hold yet; returns how many. A second call finds none."""
        known = {held.key for held in self.keeper.open()}
        left = [(event, phase) for event, phase in self.ledger.open_faults() if (event.run, event.target) not in known]
        for event, phase in left:
            self._take_up(event, phase)
        return len(left)

    def _take_up(self, event: AuditEvent, phase: Phase) -> None:
        fault, deadline = fault_of(event)
        run = Run(event.run, event.entry, event.at, "")
        kind = self.kinds.get(fault.kind)
        if kind is None:
            missing = f"no plug-in offers the fault {fault.kind}: install it, then start again to have this reverted"
            self._once(phase, self.scribe.note(Phase.STUCK, run, fault.target, detail=missing, kind=fault.kind))
            return
        left = (deadline - self.clock.now()).total_seconds()
        held = Held(run, fault, self.sign(run, fault, deadline), deadline, self.clock.monotonic() + left)
        if phase is Phase.INTENDED:
            self.keeper.hold(held, "a crash came between the intent and its outcome")
            return
        if kind.reversible and left > 0:
            self._once(phase, self.scribe.note(Phase.ADOPTED, run, fault.target, kind=kind.name, left=round(left, 1)))
        self.keeper.hold(held)

    def _once(self, phase: Phase, told: AuditEvent) -> None:
        if phase is not told.phase:
            self.ledger.append(told)
