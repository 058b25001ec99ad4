"""What a crash left behind: every open fault of the ledger is handed back to the keeper, or closed as unknown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from simian_army.clock import Clock
from simian_army.contract import FaultKind, Ledger
from simian_army.errors import LedgerError
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
        run = Run(event.run, event.entry, event.at, "")
        try:
            fault, deadline = fault_of(event)
        except (KeyError, TypeError, ValueError) as error:  # one record that cannot be read keeps no other back
            unread = f"the intent of event {event.seq} cannot be read ({error!r}): look at {event.target} by hand"
            self._once(phase, replace(self.scribe.note(Phase.STUCK, run, detail=unread), target=event.target))
            return
        kind = self.kinds.get(fault.kind)
        if kind is None:
            missing = f"the fault {fault.kind} cannot be used: install its plug-in, or put its platform "
            missing += f"{fault.target.platform} back into config, then start again to have this reverted"
            self._once(phase, self.scribe.note(Phase.STUCK, run, fault.target, detail=missing, kind=fault.kind))
            return
        # a wall clock set back while nobody ran must not lengthen the hold
        left = min((deadline - self.clock.now()).total_seconds(), fault.hold.total_seconds())
        held = Held(run, fault, self.sign(run, fault, deadline), deadline, self.clock.monotonic() + left)
        if phase is Phase.INTENDED:
            self.keeper.hold(held, "a crash came between the intent and its outcome")
            return
        if phase is Phase.STUCK:
            self.keeper.hold(held, "it was stuck")
            return
        self.keeper.hold(held)
        if kind.reversible and left > 0:
            self._once(phase, self.scribe.note(Phase.ADOPTED, run, fault.target, kind=kind.name, left=round(left, 1)))

    def _once(self, phase: Phase, told: AuditEvent) -> None:
        if phase is not told.phase:
            self._tell(told)

    def _tell(self, event: AuditEvent) -> None:
        """Write it down if the ledger can; taking up the next fault waits for no ledger."""
        with suppress(LedgerError):
            self.ledger.append(event)
