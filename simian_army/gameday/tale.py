"""What became of one step, as the ledger tells of its run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from simian_army.gameday.steps import ANY, HIT
from simian_army.model import ENDS, AuditEvent, Phase

EARLY = timedelta(seconds=1)
"""By how much a fault may end before its time and still count as held to its end."""


@dataclass(slots=True)
class Struck:
    """One fault of the run. ``end`` is the phase that ended it, or STUCK, and ``seen`` what was seen then;
    ``outcome`` is what it was judged to be, ``detail`` the last word on it."""

    target: str
    name: str
    kind: str
    begun: datetime
    deadline: datetime | None
    hold: float
    end: Phase | None = None
    ended: datetime | None = None
    outcome: str = ""
    detail: str = ""
    seen: str = ""
    why: str = ""

    @property
    def over(self) -> bool:
        """Whether nothing more is to be heard of it."""
        return bool(self.outcome) or self.end is Phase.STUCK

    @property
    def early(self) -> bool:
        """Whether it was held, and ended before its time."""
        held = self.hold > 0 and self.end is Phase.REVERTED
        return bool(held and self.ended and self.deadline and self.ended < self.deadline - EARLY)


@dataclass(slots=True)
class Tale:
    """One run: ``said`` tells that the firing itself is over, ``reason`` why it did not come to pass.

    ``waits`` are the targets, by id, that wait for somebody's word, and how it is given.
    """

    run: str = ""
    said: bool = False
    leashed: bool = False
    struck: dict[str, Struck] = field(default_factory=dict)
    would: list[str] = field(default_factory=list)
    denied: dict[str, Any] = field(default_factory=dict)
    reason: str = ""
    reports: bool = False
    waits: dict[str, str] = field(default_factory=dict)
    closed: list[tuple[str, str]] = field(default_factory=list)

    @property
    def hits(self) -> list[Struck]:
        """The faults that were done."""
        return [one for one in self.struck.values() if one.end is not Phase.DENIED]

    @property
    def over(self) -> bool:
        """Whether all of it has come to its end."""
        return self.said and not self.waits and all(one.over for one in self.hits)

    @property
    def cut_short(self) -> bool:
        """Whether a fault ended before its time, or nobody can say whether the firing was whole."""
        return not self.said or any(one.early for one in self.hits)


def told(events: Iterable[AuditEvent], *, said: bool = False) -> Tale:
    """The tale of one run; ``said`` if whoever fired it says that it is over."""
    tale = Tale(said=said)
    for event in events:
        _hear(tale, event)
    return tale


def wrong(tale: Tale, expect: str) -> tuple[str, str]:
    """In one word and in many, why the step did not go as expected; empty words if it did."""
    for one in tale.hits:
        if trouble := _trouble(one):
            return trouble
    if tale.reason:
        return "failed", tale.reason
    hit = bool(tale.hits or tale.would or tale.reports)
    if expect == ANY or (expect == HIT) is hit:
        return "", ""
    if hit:
        names = ", ".join([*(one.name for one in tale.hits), *tale.would])
        return "hit", f"it was to be refused, and struck {names or 'somebody'}"
    return "refused", _refusal(tale)


def _trouble(one: Struck) -> tuple[str, str] | None:
    if one.end is Phase.STUCK:
        return "stuck", f"{one.name} could not be reverted: {one.detail}"
    if one.end is Phase.UNKNOWN:
        return "unknown", f"nobody can say what became of {one.name}: {one.seen}"
    if one.early:
        return "cut short", f"{one.name} was given back before its time: {one.why}"
    if one.outcome != "clean":
        return "bad", f"{one.name}: {one.detail or 'nobody knows yet what it came to'}"
    return None


def _refusal(tale: Tale) -> str:
    reasons = [f"{name} by {guard}: {why}" for name, guard, why in refusals(tale.denied)]
    spared = [f"{row['count']} spared by {row['guard']}: {row['reason']}" for row in tale.denied.get("spared", ())]
    said = {name for name, _, _ in refusals(tale.denied)}
    closed = [f"{name}: {why}" for name, why in tale.closed if name not in said]
    return "; ".join([*closed, *reasons, *spared]) or "nobody was found"


def refusals(denied: dict[str, Any]) -> Sequence[tuple[str, str, str]]:
    """Each target that was drawn and refused, the guard, and its reason."""
    return [
        (str(row["name"]), str(one["guard"]), str(one["reason"]))
        for row in denied.get("drawn", ())
        for one in row["verdicts"]
        if not one["allowed"]
    ]


def _hear(tale: Tale, event: AuditEvent) -> None:
    tale.run, tale.leashed = event.run or tale.run, event.leashed
    if event.target:
        _strike(tale, event)
    elif event.phase in (Phase.DENIED, Phase.CLOSED):
        tale.said, tale.denied = True, dict(event.data)
        tale.reports = bool(event.data.get("reports"))
    elif event.phase in (Phase.SKIPPED, Phase.FAILED):
        tale.said, tale.reason = True, str(event.data.get("reason") or event.data.get("error") or "")


def _strike(tale: Tale, event: AuditEvent) -> None:
    data = event.data
    tale.waits.pop(event.target, None)
    if event.phase is Phase.PENDING:
        tale.waits[event.target] = str(data.get("approve", ""))
    if event.phase is Phase.SKIPPED:
        tale.would.append(_name(event))
    if event.phase is Phase.DENIED and event.target not in tale.struck:
        tale.closed.append((_name(event), str(data.get("reason", ""))))
    if event.phase is Phase.INTENDED:
        deadline, hold = datetime.fromisoformat(data["deadline"]), float(data["hold"])
        tale.struck[event.target] = Struck(event.target, _name(event), str(data["kind"]), event.at, deadline, hold)
    one = tale.struck.get(event.target)
    if one is None:
        return
    if event.phase in ENDS or event.phase is Phase.STUCK:
        one.end, one.ended, one.why = event.phase, event.at, str(data.get("why") or data.get("reason") or "")
        one.detail = one.seen = str(data.get("detail") or one.why)
    if event.phase is Phase.JUDGED and not one.outcome:
        one.outcome, one.detail = str(data.get("outcome", "")), str(data.get("detail", ""))


def _name(event: AuditEvent) -> str:
    about = event.data.get("target")
    return str(about.get("name", "")) if isinstance(about, dict) else event.target
