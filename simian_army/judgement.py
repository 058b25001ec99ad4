"""What a fault that is over came to, in the words of the event that says so: clean, or bad and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from simian_army.model import AuditEvent, Phase, Run, Target
from simian_army.records import Scribe

CLEAN, BAD = "clean", "bad"
WHY = {Phase.STUCK: "it could not be reverted", Phase.UNKNOWN: "nobody can say whether it happened"}

GROUPS, LOST = "groups", "lost"
"""How the event calls the seconds that each group in reach took, and the groups that were not seen whole."""

Key: TypeAlias = tuple[str, str]


@dataclass(slots=True)
class Due:
    """One fault that is over and not judged: ``since`` in monotonic seconds, ``limit`` in seconds.

    ``groups`` are those in its reach that have to recover too, ``back`` after how many seconds each was seen whole.
    ``next_look`` is when its group is asked for again, ``looked`` whether that was done once.
    """

    run: Run
    target: Target
    kind: str
    since: float
    limit: float
    groups: tuple[str, ...] = ()
    back: dict[str, float] = field(default_factory=dict)
    next_look: float = 0.0
    looked: bool = False

    @property
    def key(self) -> Key:
        """Run and target id."""
        return self.run.id, self.target.id

    @property
    def line(self) -> Key:
        """What stops if it is bad: the platform and its group, or itself if it has none."""
        return self.target.platform, self.target.group or self.target.id

    @property
    def missing(self) -> list[str]:
        """The groups in its reach that were not seen whole so far."""
        return [group for group in self.groups if group not in self.back]


@dataclass(frozen=True, slots=True)
class Bench:
    """Writes outcomes down; the ledger takes one of each fault, the first."""

    scribe: Scribe

    def of_end(self, due: Due, phase: Phase, data: Mapping[str, Any]) -> AuditEvent:
        """What any end but a revert makes of it."""
        detail = str(data.get("detail") or "")
        if phase is Phase.CLOSED and not data.get("forced"):
            return self.of_closed(due, detail, data.get("recovered"))
        return self.note(due, BAD, "; ".join(filter(None, (_why(phase, data), detail))))

    def of_closed(self, due: Due, detail: str, recovered: object) -> AuditEvent:
        """What a momentary fault came to whose group was seen whole after so many seconds."""
        passed = float(recovered) if isinstance(recovered, int | float) else None
        if passed is None or passed > due.limit:
            return self.late(due, f"{detail}, seen after {passed} s")
        return self.note(due, CLEAN, detail, passed)

    def late(self, due: Due, detail: str) -> AuditEvent:
        """That nobody saw its group whole in time."""
        lost: dict[str, Any] = {LOST: due.missing} if due.missing else {}
        return self.note(due, BAD, f"not seen whole within {due.limit:g} s: {detail or 'no answer yet'}", **lost)

    def note(self, due: Due, outcome: str, detail: str, passed: float | None = None, **more: Any) -> AuditEvent:
        """The event; ``passed`` is how many seconds it took, None when that is not known; ``more`` must be JSON."""
        return self.scribe.note(
            Phase.JUDGED,
            due.run,
            due.target,
            key=f"judged/{due.run.id}/{due.target.id}",
            outcome=outcome,
            recovered=None if passed is None else round(max(0.0, passed), 1),
            limit=due.limit,
            detail=detail,
            kind=due.kind,
            group=due.target.group,
            scope=due.target.scope,
            **({GROUPS: {name: round(passed, 1) for name, passed in due.back.items()}} if due.groups else {}),
            **more,
        )


def _why(phase: Phase, data: Mapping[str, Any]) -> str:
    if phase is Phase.CLOSED:
        return f"closed by force by {data.get('author')}, not reverted: {data.get('reason')}"
    return WHY.get(phase) or f"it ended as {phase}"
