"""Whether: did a fault in this group come out badly, and nobody said yet why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from safety.shared import is_harmed
from simian_army.model import Scene, Target, Verdict
from simian_army.standing import Attempt, Stopped

NAMED = 5
GOES_ON = Verdict("line", allowed=True, reason="no line is stopped")


@dataclass(frozen=True, slots=True)
class Line:
    """Denies every fault in a group, or that harms one, whose line is stopped, until the run that did so is analysed.

    What has no group is a line of its own.
    """

    name: ClassVar[str] = "line"
    early: ClassVar[bool] = False

    def __call__(self, scene: Scene) -> Verdict:
        """Names each run that stopped it, what that came to and when, and the command that lets it go on."""
        stopped = [(attempt, attempt.line) for attempt in scene.recent if attempt.line]
        if not stopped:
            return GOES_ON
        harmed = [scene.fault.target, *(other for other in scene.reach or () if is_harmed(other))]
        lines = {_line(target) for target in harmed}
        mine = [(attempt, line) for attempt, line in stopped if lines & {attempt.group or attempt.target, *line.groups}]
        if not mine:
            reason = f"not applicable: elsewhere {len(stopped)} lines are stopped"
            return Verdict(self.name, allowed=True, reason=reason)
        return Verdict(self.name, allowed=False, reason=_named(mine))


def _line(target: Target) -> str:
    return target.group or target.id


def _named(stopped: Sequence[tuple[Attempt, Stopped]]) -> str:
    more = f"; and {len(stopped) - NAMED} more" if len(stopped) > NAMED else ""
    return "; ".join(words(attempt, line) for attempt, line in stopped[:NAMED]) + more


def words(attempt: Attempt, line: Stopped) -> str:
    """Why the line stands still, and what lets it go on."""
    since = line.since.isoformat(sep=" ", timespec="seconds")
    what = f"{attempt.kind or 'a fault'} on {attempt.name or attempt.target}"
    more = f" and {len(line.groups) - NAMED} more" if len(line.groups) > NAMED else ""
    lines = ", ".join([attempt.group or attempt.name or attempt.target, *line.groups[:NAMED]]) + more
    return (
        f"the line of {lines} is stopped since {since}: run {attempt.run} "
        f"({what}) came out badly: {line.outcome}; `simian analyse {attempt.run}` lets it go on"
    )
