"""What came of one firing, as values for the ledger and the screen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from simian_army.asking import denials
from simian_army.model import Fault, Finding, Run, Scene, Target, Verdict
from simian_army.records import verdicts_json
from simian_army.waiting import Waiting

NAMED = 20  # reasons a summary names one by one; the rest are counted together


@dataclass(frozen=True, slots=True)
class Draw:
    """One drawn fault and what was said of it; ``taken`` means hit, or that it would have been were we not leashed, or
    that it ``waits`` for somebody's word until then. ``approved`` says whose word it had."""

    fault: Fault
    verdicts: Sequence[Verdict]
    taken: bool
    scene: Scene | None = None
    waits: datetime | None = None
    approved: str = ""

    @property
    def final(self) -> bool:
        """Whether no other target would fare better."""
        return any(verdict.final for verdict in denials(self.verdicts))


@dataclass(frozen=True, slots=True)
class Troop:
    """What was found: everyone, those the early guards let through, and why the others were spared.

    ``around`` is whom the monkey found before a fire was narrowed to one of them; empty when it was not. ``unwilling``
    are the groups of whose found members none consents.
    """

    found: Sequence[Target]
    eligible: Sequence[Target]
    spared: Counter[tuple[str, str]]
    around: Sequence[Target] = ()
    unwilling: frozenset[str] = frozenset()

    @staticmethod
    def none() -> Troop:
        """Nobody was found."""
        return Troop((), (), Counter())

    def peers(self) -> Mapping[str, Sequence[Target]]:
        """The found members of each group; what has no group is a peer of its like."""
        groups: dict[str, list[Target]] = {}
        for target in self.around or self.found:
            groups.setdefault(target.group, []).append(target)
        return groups

    def crowds(self) -> Mapping[tuple[str, str], int]:
        """How many were found of each kind and scope."""
        return Counter((target.kind, target.scope) for target in self.around or self.found)

    def reasons(self) -> list[dict[str, Any]]:
        """Why candidates were spared: guard, reason and count, most frequent first."""
        rows = self.spared.most_common()
        named = [{"guard": guard, "reason": reason, "count": count} for (guard, reason), count in rows[:NAMED]]
        rest = sum(count for _, count in rows[NAMED:])
        return [*named, {"guard": "", "reason": "other reasons", "count": rest}] if rest else named


@dataclass(frozen=True, slots=True)
class Among:
    """Among whom each of a troop stands."""

    groups: Mapping[str, Sequence[Target]]
    crowds: Mapping[tuple[str, str], int]

    @classmethod
    def of(cls, troop: Troop) -> Among:
        """Counted once for a whole troop."""
        return cls(troop.peers(), troop.crowds())

    def peers(self, target: Target) -> Sequence[Target]:
        """The found members of its group."""
        return self.groups.get(target.group, ())

    def crowd(self, target: Target) -> int:
        """How many of its kind were found in its scope."""
        return self.crowds.get((target.kind, target.scope), 0)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One firing, told whole. ``error`` says why there is no more to tell; ``reports`` that the monkey only looks."""

    run: Run
    troop: Troop
    want: int = 0
    draws: Sequence[Draw] = ()
    findings: Sequence[Finding] = ()
    error: str = ""
    reports: bool = False

    @property
    def taken(self) -> Sequence[Draw]:
        """The draws that were hit."""
        return [draw for draw in self.draws if draw.taken and not draw.waits]

    @property
    def waiting(self) -> Sequence[Waiting]:
        """What was drawn and waits for somebody's word."""
        return [Waiting(self.run, draw.fault, draw.waits) for draw in self.draws if draw.waits]

    @property
    def denied(self) -> Sequence[Draw]:
        """The draws that were refused."""
        return [draw for draw in self.draws if not draw.taken]

    def summary(self) -> dict[str, Any]:
        """The counts per reason, per guard of those drawn and refused, and their full verdicts."""
        return {
            "candidates": len(self.troop.found),
            "eligible": len(self.troop.eligible),
            "want": self.want,
            "taken": len(self.taken),
            "waiting": [one.told() for one in self.waiting],
            "spared": self.troop.reasons(),
            "refused": dict(Counter(no.guard for draw in self.denied for no in denials(draw.verdicts)).most_common()),
            "drawn": [
                {"name": str(d.fault.target), "id": d.fault.target.id, "verdicts": verdicts_json(d.verdicts)}
                for d in self.denied
            ],
            "reports": self.reports,
            "findings": [
                {"name": str(f.target), "id": f.target.id, "rule": f.rule, "severity": f.severity, "detail": f.detail}
                for f in self.findings
            ],
        }
