"""THE FLOW, read first: find, screen, propose, ask, prepare, write, inject, observe, hold; the keeper reverts."""

from __future__ import annotations

import hashlib
from base64 import b32encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from random import Random
from threading import Event

from simian_army.clock import Clock
from simian_army.contract import Entry, FaultKind, Ledger
from simian_army.due import Due, Dues
from simian_army.errors import AlreadyThere, Conflict, Forbidden, Gone, PlatformError, Refused
from simian_army.exposing import Exposing
from simian_army.flights import Flights
from simian_army.judge import Judge
from simian_army.keeper import Keeper
from simian_army.leader import Lease
from simian_army.lots import Bounds, Chosen, Lot, choose, dice_of
from simian_army.model import AuditEvent, Evidence, Fault, Finding, Mark, Phase, Run, Target, Verdict
from simian_army.outcome import Among, Draw, Outcome, Troop
from simian_army.pacing import Pacing
from simian_army.records import LIMIT, Held, Scribe, fault_json, verdicts_json
from simian_army.turns import drawn_of, in_order
from simian_army.waiting import Waiting, written

LEASE_MARGIN = 2.0  # seconds beyond the request timeout that the lease must have left (DESIGN rule 12)
SHOWING = 15.0  # seconds an effect that is under way has to show
NOTHING_DONE = (Refused, Gone, Conflict, Forbidden)  # the platform's answers that say for sure nothing was changed


@dataclass(frozen=True, slots=True)
class Engine:
    """Takes one firing through the flow. ``timeout`` is the longest an act may take, in seconds."""

    fleet: str
    seed: str
    judge: Judge
    ledger: Ledger
    keeper: Keeper
    lease: Lease
    clock: Clock
    scribe: Scribe
    sign: Callable[[Run, Fault, datetime], Mark]
    flights: Flights
    dues: Dues
    exposing: Exposing
    timeout: float = 5.0
    pacing: Pacing = field(default_factory=Pacing)

    def fire(self, entry: Entry, at: datetime, *, request: int | None = None, only: str = "") -> Outcome:
        """Let one monkey act once. ``only`` narrows the candidates to one target id; it never adds one.

        Raises:
            LedgerError: what happens could not be written down; nothing more is injected.
        """
        run = self.run(entry, at, request)
        try:
            everyone = in_order(entry.find())
        except PlatformError as error:
            self.ledger.append(self.scribe.note(Phase.FAILED, run, error=str(error)))
            return Outcome(run, Troop.none(), error=str(error))
        found = [target for target in everyone if only in ("", target.id)]
        run = replace(run, digest=digest(found))
        troop = replace(self.judge.screen(entry, found), around=everyone)  # a group is no smaller for a narrow fire
        chosen = self.choose(entry, run, troop, self.clock.now())
        if not self._begin(run, chosen):
            return Outcome(run, chosen.troop, chosen.want, error=f"{entry.name} has fired for {at.isoformat()} before")
        if entry.monkey.needs.faults:
            self._remember(troop, entry)
        outcome = Outcome(run, chosen.troop, chosen.want, reports=not entry.monkey.needs.faults)
        outcome = self._draw(outcome, entry, chosen.lots)
        if outcome.denied or not (outcome.taken or outcome.waiting or outcome.reports):
            self.ledger.append(self.scribe.note(Phase.DENIED, run, **outcome.summary()))
        return outcome

    def run(self, entry: Entry, at: datetime, request: int | None = None) -> Run:
        """The run this entry makes at that time: always the same one."""
        name = f"{self.fleet}/{entry.name}/{at.isoformat()}/{self.seed}"
        short = b32encode(hashlib.sha256(name.encode()).digest()).decode().lower()[:10]
        return Run(short, entry.name, at, self.seed, request=request, leashed=self.judge.is_leashed(entry))

    def choose(self, entry: Entry, run: Run, troop: Troop, now: datetime) -> Chosen:
        """From whom a run draws then; for a monkey that only looks, nothing is due."""
        due = self.dues.among(entry.name, troop.eligible, now) if entry.monkey.needs.faults else Due()
        bounds = Bounds(due, self.exposing.of(entry.name, len(troop.eligible)))
        return choose(entry, run, troop, bounds, self.pacing)

    def _remember(self, troop: Troop, entry: Entry) -> None:
        """Write down who opted in, and who is seen to do so no more; of a group, a narrow fire sees too little."""
        self.dues.opted.remember(troop.eligible, self.scribe, entry.name)
        if len(troop.found) == len(troop.around):
            self.dues.opted.forget(troop.unwilling, self.scribe, entry.name)

    def dice(self, run: Run) -> Random:
        """All the chance of a run: the same run always throws the same."""
        return dice_of(run)

    def _begin(self, run: Run, chosen: Chosen) -> bool:
        """Write the firing down; False when it was fired before, by us or by a process before us."""
        troop = chosen.troop
        fired = self.scribe.note(
            Phase.FIRED,
            run,
            key=f"{self.fleet}/{run.entry}/{run.at.isoformat()}",
            at=run.at.isoformat(),
            seed=run.seed,
            digest=run.digest,
            candidates=len(troop.found),
            eligible=len(troop.eligible),
            want=chosen.want,
            due=chosen.due.named(),
            exposure=chosen.exposure.told(),
            spared=troop.reasons(),
            request=run.request,
        )
        try:
            self.ledger.append(fired)
        except AlreadyThere:
            return False
        return True

    def _draw(self, outcome: Outcome, entry: Entry, lots: Iterable[Lot]) -> Outcome:
        """Take the first ``want`` faults that everyone allows; write every finding down."""
        among, findings = Among.of(outcome.troop), list[Finding]()
        each = ((lot.want, _faults(lot.proposals, findings)) for lot in lots)
        draws = drawn_of(each, outcome.want, lambda fault: self._strike(outcome.run, entry, fault, among))
        self.ledger.append(*(self._found(outcome.run, finding) for finding in findings))
        return replace(outcome, draws=draws, findings=findings)

    def _strike(self, run: Run, entry: Entry, fault: Fault, among: Among) -> Draw:
        """Ask everyone, prepare, and then either say what would be done or do it."""
        draw = self.judge.consider(entry, fault, among.peers(fault.target), among.crowd(fault.target))
        if not draw.taken:
            return draw
        if run.leashed:
            seen = verdicts_json(draw.verdicts)
            told = self.scribe.note(
                Phase.SKIPPED, run, draw.fault.target, reason="leashed", kind=draw.fault.kind, verdicts=seen
            )
            self.ledger.append(told)
            return draw
        return self._wait(run, draw, entry.approval) if entry.approval else self.commit(run, draw)

    def _wait(self, run: Run, draw: Draw, patience: timedelta) -> Draw:
        """Have somebody asked; simian_army/pending.py goes on, in whichever process leads by then."""
        one = Waiting(run, draw.fault, self.clock.now() + patience)
        seen = verdicts_json(draw.verdicts)
        self.ledger.append(self.scribe.note(Phase.PENDING, run, draw.fault.target, **written(one), verdicts=seen))
        return replace(draw, waits=one.until)

    def commit(self, run: Run, draw: Draw) -> Draw:
        """Do what everyone allowed, unless a limit says no in the very transaction that writes the intent."""
        fault = draw.fault
        try:
            self.keeper.ready(fault.kind)  # before the intent: what waits here shortens no hold
        except Refused as no:
            refused = Verdict(fault.kind, allowed=False, reason=str(no))
            return replace(draw, verdicts=[*draw.verdicts, refused], taken=False)
        with self.flights.under_way(run.id, draw.fault.target.id):
            held, denied = self._intend(run, draw)
            return self._inject(held, draw) if held else replace(draw, verdicts=denied, taken=False)

    def _intend(self, run: Run, draw: Draw) -> tuple[Held | None, Sequence[Verdict]]:
        """Make the intent durable, unless a limit asked again in the same transaction now says no."""
        fault = draw.fault
        deadline = self.clock.now() + fault.hold
        until = self.clock.monotonic() + fault.hold.total_seconds()
        record = {**fault_json(fault, deadline), LIMIT: self.keeper.limit.total_seconds()}
        record |= {"approved": draw.approved} if draw.approved else {}
        intended = self.scribe.note(Phase.INTENDED, run, fault.target, **record, verdicts=verdicts_json(draw.verdicts))
        try:
            mark = self.sign(run, fault, deadline)
        except Refused as no:  # before the intent: a mark that does not fit must leave nothing open
            return None, [Verdict(fault.kind, allowed=False, reason=str(no))]
        written, denied = self.ledger.reserve(intended, partial(self.judge.again, draw), self.judge.since(intended.at))
        if written is None:
            return None, denied
        return Held(run, fault, mark, deadline, until), ()

    def _inject(self, held: Held, draw: Draw) -> Draw:
        """Do it once. From here on the fault is ended by the keeper, whatever becomes of this flow."""
        kind = self.judge.kinds[held.fault.kind]
        try:
            self.keeper.entrust(held)
        except Refused as no:
            return self._withdraw(held, draw, str(no))
        if kind.reversible and self.clock.monotonic() >= held.until:
            return self._withdraw(held, draw, "its time was over before it began")
        if self.lease.left() < self.timeout + LEASE_MARGIN:
            return self._withdraw(held, draw, "the lease is lost or about to end, so nothing new is begun")
        try:
            with self.keeper.doubting(held):
                kind.inject(held.fault, held.mark)
        except NOTHING_DONE as no:
            return self._withdraw(held, draw, str(no))
        except PlatformError:
            return draw  # it may have happened: the keeper finds out and ends it
        # stopped between the question and the act, we may be leader no more: another may have closed this very run
        late = kind.reversible and self.lease.left() <= 0
        self.keeper.hold(held, "the lease was lost while it was injected" if late else "")
        self.ledger.append(self.scribe.note(Phase.INJECTED, held.run, held.fault.target, kind=kind.name))
        self._observe(held, kind)
        return draw

    def _observe(self, held: Held, kind: FaultKind) -> None:
        ends, seen = self.clock.monotonic() + SHOWING, self._look(held, kind)
        while seen.under_way and not seen.holds and self.clock.monotonic() < ends:
            self.clock.wait(Event(), SHOWING / 30)
            seen = self._look(held, kind)
        phase = Phase.OBSERVED if seen.holds else Phase.NO_EFFECT
        self.ledger.append(self.scribe.note(phase, held.run, held.fault.target, kind=kind.name, detail=seen.detail))

    def _look(self, held: Held, kind: FaultKind) -> Evidence:
        try:
            return kind.observe(held.fault)
        except PlatformError as error:
            return Evidence(holds=False, detail=f"could not be looked at: {error}")

    def _withdraw(self, held: Held, draw: Draw, reason: str) -> Draw:
        self.keeper.release(held)
        no = Verdict(held.fault.kind, allowed=False, reason=reason)
        denied = self.scribe.note(
            Phase.DENIED, held.run, held.fault.target, kind=held.fault.kind, reason=reason, verdicts=verdicts_json([no])
        )
        self.ledger.append(denied)
        return replace(draw, verdicts=[*draw.verdicts, no], taken=False)

    def _found(self, run: Run, finding: Finding) -> AuditEvent:
        return self.scribe.note(
            Phase.FOUND, run, finding.target, rule=finding.rule, severity=finding.severity, detail=finding.detail
        )


def _faults(proposals: Iterable[Fault | Finding], findings: list[Finding]) -> Iterator[Fault]:
    """The faults among what is proposed, one by one; the findings before each are kept in ``findings``."""
    for proposal in proposals:
        if isinstance(proposal, Finding):
            findings.append(proposal)
        else:
            yield proposal


def digest(found: Iterable[Target]) -> str:
    """SHA-256 over the sorted ids: two runs with the same one had the same candidates."""
    return hashlib.sha256("\n".join(sorted(target.id for target in found)).encode()).hexdigest()
