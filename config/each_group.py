"""How often each group: what ``each_group`` of a monkey in simian.yaml may say."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, model_validator

from config.parts import Part
from simian_army.rates import Days


def _days(value: object) -> object:
    return value if isinstance(value, Days) else Days.parse(value)


class EachGroup(Part):
    """The mean time between two faults in one group, and the least; both in days, or both in working days."""

    mean: Annotated[Days, BeforeValidator(_days)]
    min: Annotated[Days, BeforeValidator(_days)] | None = None

    @model_validator(mode="after")
    def _alike(self) -> EachGroup:
        if self.min is not None and self.min.working != self.mean.working:
            raise ValueError(f"mean is {self.mean}, min is {self.min}: write both in days or both in working days")
        if self.least.count > self.mean.count:
            raise ValueError(f"mean is {self.mean}, which is less than min, {self.least}")
        return self

    @property
    def least(self) -> Days:
        """What ``min`` is where it is not given: the next day."""
        return self.min or Days(1, self.mean.working)

    def misplaced(self, monkey: Any) -> list[tuple[str, str, str]]:
        """What does not go together with it: key, why, and what to write instead."""
        wrong = []
        if monkey.schedule.mtbf is not None:
            hint = "write schedule.every or cron: how often a group's turn may come"
            wrong.append(("schedule.mtbf", "each_group.mean tells the time between faults already", hint))
        if monkey.budget.cooldown is not None:
            wrong.append(("budget.cooldown", "each_group.min is this monkey's cooldown already", "write one of them"))
        return wrong
