"""Is an alarm of CloudWatch raised?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from simian_army.model import Target
from simian_army.sights import Alarm, AlarmPort, Question, Sight

NAMED = 3
"""Alarms that are named; more are counted."""


@dataclass(frozen=True, slots=True)
class Alarms:
    """None of the alarms of these names (``shop-*``: that begin so) may be raised in any of the scopes that match.

    Each name must be found somewhere. ``insufficient`` tells that an alarm without data is fine.
    """

    port: AlarmPort
    patterns: tuple[str, ...]
    scopes: tuple[str, ...]
    insufficient: bool
    timeout: float

    @property
    def shared(self) -> bool:
        return True

    @property
    def where(self) -> str:
        """How they are called."""
        return f"cloudwatch {', '.join(self.patterns)}"

    def about(self, target: Target) -> Question | Sight:
        del target  # alarms are named by config
        key = ("cloudwatch", *self.patterns, "", *self.scopes, str(self.insufficient))
        return Question(key, self.where, self.timeout, self._ask)

    def _ask(self) -> Sight:
        found = self.port.alarms(self.patterns, self.scopes)
        raised = [alarm for alarm in found if alarm.state == "ALARM"]
        if raised:
            return Sight(fine=False, words=f"{self.where}: {_named(raised)}")
        missing = [pattern for pattern in self.patterns if not any(_fits(pattern, alarm.name) for alarm in found)]
        if missing:
            words = f"{self.where}: there is no alarm {missing[0]}: is the name right, and platforms.aws.regions?"
            return Sight(fine=False, words=words, doubt=True)
        fine = {"OK", "INSUFFICIENT_DATA"} if self.insufficient else {"OK"}
        unknown = [alarm for alarm in found if alarm.state not in fine]
        if unknown:
            fix = "if that is well, write insufficient_data: true"
            return Sight(fine=False, words=f"{self.where}: {_named(unknown)}; {fix}", doubt=True)
        return Sight(fine=True, words=f"{self.where}: none of {len(found)} alarms is raised")


def _fits(pattern: str, name: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def _named(alarms: Sequence[Alarm]) -> str:
    said = [f"{alarm.name} in {alarm.scope} is {alarm.state} ({alarm.reason})" for alarm in alarms[:NAMED]]
    more = [f"{len(alarms) - NAMED} more"] if len(alarms) > NAMED else []
    return ", ".join([*said, *more])
