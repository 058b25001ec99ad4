"""What the ledger would say at a time to come, were every fault until then to come out clean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from simian_army.contract import Ledger
from simian_army.model import AuditEvent, Fault, Halt, Phase, Run
from simian_army.standing import Attempt, places_of

BEGUN = timedelta(seconds=1)
"""How much later than its fire a fault is taken to begin: the ledger's time of it is always a little later."""

WHOLE = timedelta(minutes=1)
"""How long a group is taken to need until it is whole again."""


@dataclass(slots=True)
class Open:
    """A fault that is open until ``ends``, and what its run came to known ``WHOLE`` later; ``hides`` tells that its
    target is not found meanwhile."""

    attempt: Attempt
    ends: datetime
    judged: datetime
    hides: bool = False
    known: bool = False


@dataclass(slots=True)
class Imagined:
    """A ledger as of a moment that only moves forward; it is read as the real one is, and never written to it.

    ``since`` is from when on the real past is known. What is open now ends at its deadline, or within a minute.
    """

    real: Ledger
    now: datetime
    since: datetime
    _past: list[Attempt] = field(default_factory=list, init=False)
    _open: list[Open] = field(default_factory=list, init=False)
    _notes: list[AuditEvent] = field(default_factory=list, init=False)
    _seq: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._seq = self.real.last_seq()
        deadlines = {(event.run, event.target): _deadline(event, self.now) for event, _ in self.real.open_faults()}
        for attempt in self.real.attempts(self.since):
            ends = deadlines.get((attempt.run, attempt.target))
            if not attempt.open or attempt.phase is Phase.STUCK or ends is None:
                self._past.append(attempt)
            else:
                self._open.append(Open(attempt, ends, ends + WHOLE))

    @property
    def struck(self) -> dict[str, frozenset[str]]:
        """The ids of targets with an open fault, by group."""
        opened = [one.attempt for one in self._open if not _over(one)]
        return {one.group: frozenset(two.target for two in opened if two.group == one.group) for one in opened}

    @property
    def hidden(self) -> frozenset[str]:
        """The ids of targets that nobody would find now: what we hold took them out of service."""
        return frozenset(one.attempt.target for one in self._open if one.hides and not _over(one))

    def holder(self, target: str) -> str:
        """The run that holds a target now; empty if none does."""
        return next((one.attempt.run for one in self._open if one.attempt.target == target and not _over(one)), "")

    def advance(self, now: datetime) -> None:
        """Let time pass: what was held is reverted, groups are whole again, and judged clean."""
        self.now = now
        for one in self._open:
            if not _over(one) and now > one.ends:
                one.attempt = replace(one.attempt, phase=Phase.REVERTED, open=False)
                self._past.append(one.attempt)
            if now > one.judged:
                self._judge(one)
        self._open = [one for one in self._open if not one.known]

    def begin(self, run: Run, fault: Fault, *, hides: bool) -> None:
        """A fault is foreseen."""
        at, target = run.at + BEGUN, fault.target
        ends = at + (fault.hold or WHOLE)
        attempt = Attempt(
            run=run.id,
            entry=run.entry,
            kind=fault.kind,
            target=target.id,
            group=target.group,
            scope=target.scope,
            at=at,
            phase=Phase.OBSERVED,
            open=True,
            name=str(target),
            places=places_of(target.facts),
        )
        self._open.append(Open(attempt, ends, ends + WHOLE if fault.hold else ends, hides))

    def append(self, *events: AuditEvent) -> tuple[AuditEvent, ...]:
        """Keep what would be written down."""
        for event in events:
            self._seq += 1
            self._notes.append(replace(event, seq=self._seq))
        return events

    def attempts(self, since: datetime) -> Sequence[Attempt]:
        """As the ledger's."""
        opened = [one.attempt for one in self._open if not _over(one)]
        past = [one for one in self._past if one.at >= since or one.open or one.line]
        return sorted([*past, *opened], key=lambda one: one.at)

    def unjudged(self) -> Sequence[tuple[AuditEvent, AuditEvent | None]]:
        """As the ledger's, without the events that ended them."""
        begun = [_event(one.attempt, Phase.INTENDED) for one in self._open]
        return [*((event, None) for event in begun), *self._stuck()]

    def halted(self) -> Halt | None:
        """As the ledger's, now."""
        return self.real.halted()

    def last_seq(self) -> int:
        """As the ledger's."""
        return self._seq

    def query(self, *, phase: str = "", after: int = 0) -> Iterable[AuditEvent]:
        """As the ledger's."""
        notes = [event for event in self._notes if event.seq > after and phase in ("", event.phase)]
        return [*self.real.query(phase=phase, after=after), *notes]

    def _stuck(self) -> list[tuple[AuditEvent, AuditEvent | None]]:
        here = {(one.attempt.run, one.attempt.target) for one in self._open}
        return [(e, end) for e, end in self.real.unjudged() if (e.run, e.target) not in here and end is None]

    def _judge(self, one: Open) -> None:
        one.known = True
        self.append(_event(one.attempt, Phase.JUDGED, outcome="clean"))


def _over(one: Open) -> bool:
    return not one.attempt.open


def _event(attempt: Attempt, phase: Phase, **data: str) -> AuditEvent:
    return AuditEvent(attempt.at, attempt.run, phase, "plan", attempt.entry, attempt.target, leashed=False, data=data)


def _deadline(event: AuditEvent, now: datetime) -> datetime:
    """When what is open now is over: a held fault at its deadline, a momentary one within a minute."""
    try:
        held = float(event.data["hold"]) > 0
        ends = datetime.fromisoformat(event.data["deadline"])
    except (KeyError, TypeError, ValueError):
        return now + WHOLE
    return max(ends, now) if held else now + WHOLE
