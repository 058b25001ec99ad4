"""Faults that no open attempt of the ledger answers for: what became of them, and their end."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from simian_army.alarms import Alarm, Alarms
from simian_army.clock import Clock
from simian_army.contract import FaultKind, Ledger
from simian_army.errors import LedgerError
from simian_army.keeper import Keeper
from simian_army.model import ENDS, AuditEvent, Fault, Mark, Phase, Run
from simian_army.records import Held, Scribe, fault_of
from simian_army.story import Story, story


@dataclass(frozen=True, slots=True)
class Orphan:
    """A fault with its own undo, as a mark or a record (``by``) tells it; ``why`` it is nobody's."""

    run: Run
    fault: Fault
    mark: Mark
    by: str
    why: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """Run and target id."""
        return self.run.id, self.fault.target.id


@dataclass(frozen=True, slots=True)
class Past:
    """What the ledger knows of a fault. ``moving`` tells that it heard of it since the look began: leave it."""

    story: Story
    moving: bool = False
    intended: AuditEvent | None = None
    ended: str = ""


@dataclass(frozen=True, slots=True)
class Orphans:
    """Asks the ledger of them, and hands them to the keeper, which ends them at once."""

    kinds: Mapping[str, FaultKind]
    ledger: Ledger
    keeper: Keeper
    clock: Clock
    scribe: Scribe
    alarms: Alarms

    def past(self, key: tuple[str, str], seq: int) -> Past:
        """What the ledger knows of the fault, when ``seq`` was its newest row as the look began.

        Raises:
            LedgerError: it cannot be asked.
        """
        run, target = key
        events = [event for event in self.ledger.query(run=run) if event.target == target]
        begun = next((event for event in events if event.phase is Phase.INTENDED), None)
        ended = [str(event.phase) for event in events if event.phase in ENDS]
        return Past(story(events), any(event.seq > seq for event in events), begun, "".join(ended[-1:]))

    def adopt(self, orphan: Orphan, past: Past) -> bool:
        """Have it reverted; False when its kind cannot be used, which somebody is told."""
        kind = self.kinds.get(orphan.fault.kind)
        if kind is None or not kind.reversible:
            self.alarms.tell(_unusable(orphan))
            return False
        orphan = _known_better(orphan, past)
        why = f"{orphan.why}; it is ended now"
        note = self.scribe.note(
            Phase.ADOPTED,
            orphan.run,
            orphan.fault.target,
            key=f"adopted/{orphan.by}/{orphan.run.id}/{orphan.fault.target.id}",
            kind=kind.name,
            by=orphan.by,
            why=why,
        )
        with suppress(LedgerError):  # told before, or the ledger is away: no revert waits for it
            self.ledger.append(note)
        deadline = orphan.mark.deadline
        self.keeper.hold(Held(orphan.run, orphan.fault, orphan.mark, deadline, self.clock.monotonic()), orphan.why)
        return True


def run_of(mark: Mark) -> Run:
    """All that a mark tells of its run."""
    return Run(mark.run, "", mark.deadline, "")


def _known_better(orphan: Orphan, past: Past) -> Orphan:
    """With a ledger, the ledger's undo wins (DESIGN rule 3)."""
    if past.intended is None:
        return orphan
    with suppress(KeyError, TypeError, ValueError):
        fault, _ = fault_of(past.intended)
        run = replace(orphan.run, entry=past.intended.entry)
        return replace(orphan, run=run, fault=fault) if fault.kind == orphan.fault.kind else orphan
    return orphan


def _unusable(orphan: Orphan) -> Alarm:
    kind, target = orphan.fault.kind, orphan.fault.target
    detail = (
        f"a {orphan.by} says that run {orphan.run.id} holds it by {kind}, which cannot be used here: install its "
        f"plug-in, or put the platform {target.platform} back into config, and it is reverted within a minute"
    )
    return Alarm("unknown-kind", orphan.mark.mac, detail, target, orphan.run)
