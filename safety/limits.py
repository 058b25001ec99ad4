"""How much is too much: the words of one budget, as numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from simian_army.rates import Apart, Rate, Week

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Limits:
    """None is no limit.

    Args:
        concurrent: faults open at once.
        per_hour: faults begun in the last hour.
        per_day: faults begun in the last 24 hours, or one in as many days.
        per_group: faults open at once in one group.
        per_namespace: faults open at once in one namespace.
        per_node: faults open at once on one node.
        per_zone: faults open at once in one zone.
        per_region: faults open at once in one region.
        max_percent: of a group's members struck at once, this one included; rounded down.
        max_percent_namespace: of a namespace's members struck at once; its members are the targets of that kind which
            the monkey finds there.
        cooldown: since the last fault in the group began.
    """

    concurrent: int | None = None
    per_hour: int | None = None
    per_day: Rate | None = None
    per_group: int | None = None
    per_namespace: int | None = None
    per_node: int | None = None
    per_zone: int | None = None
    per_region: int | None = None
    max_percent: int | None = None
    max_percent_namespace: int | None = None
    cooldown: Apart | None = None

    def since(self, now: datetime, week: Week) -> Iterator[datetime]:
        """From when on each word that looks back counts what was begun."""
        if self.per_hour is not None:
            yield now - HOUR
        if self.per_day is not None:
            yield now - self.per_day.over
        if self.cooldown is not None:
            yield week.back(now, self.cooldown)
