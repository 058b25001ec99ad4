"""How much: what ``safety.budget``, and each monkey's ``budget``, in simian.yaml may say."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field

from config.parts import Duration, Part
from simian_army.rates import RAREST, Apart, Rate, WorkingDays
from simian_army.windows import duration


def _rate(value: object) -> object:
    return value if value is None or isinstance(value, Rate) else Rate.per_day(value)


def _apart(value: object) -> object:
    if value is None or isinstance(value, Apart):
        return value
    text = str(value)
    working = WorkingDays.parse(text)
    if working is not None:
        return working
    try:
        return duration(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no time apart: write for instance 30m, 4h, 1d or 2 working days") from error


Limit = Annotated[int | None, Field(ge=0)]
Percent = Annotated[int | None, Field(ge=0, le=100)]
Spell = Annotated[Duration | None, Field(ge=timedelta(0), le=timedelta(days=RAREST))]


class Own(Part):
    """How much of one monkey. What is not given, or ``null``, is no limit."""

    concurrent: Limit = None
    per_hour: Limit = None
    per_day: Annotated[Rate | None, BeforeValidator(_rate)] = None
    per_group: Limit = None
    per_namespace: Limit = None
    per_node: Limit = None
    per_zone: Limit = None
    per_region: Limit = None
    max_percent: Percent = None
    max_percent_namespace: Percent = None
    cooldown: Annotated[Apart | None, BeforeValidator(_apart)] = None
    due_after: Spell = None


class Limits(Own):
    """How much of the whole fleet; ``null`` is no limit."""

    concurrent: Limit = 3
    per_day: Annotated[Rate | None, BeforeValidator(_rate)] = Rate.per_day(20)
    per_group: Limit = 1
    max_percent: Percent = 34
    cooldown: Annotated[Apart | None, BeforeValidator(_apart)] = timedelta(hours=1)
