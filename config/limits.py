"""How much: what ``safety.budget``, and each monkey's ``budget``, in simian.yaml may say."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field

from config.parts import Part
from config.quiet import Holidays
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
        apart = duration(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no time apart: write for instance 30m, 4h, 1d or 2 working days") from error
    return _within(apart, text)


def _spell(value: object) -> object:
    if value is None or isinstance(value, timedelta):
        return value
    spell = duration(str(value))
    if not spell:
        raise ValueError("a fault would always be due: write for instance 14d, or leave it out")
    return _within(spell, str(value))


def _within(spell: timedelta, text: str) -> timedelta:
    if spell > timedelta(days=RAREST):
        raise ValueError(
            f"{text!r} is more than {RAREST} days, farther back than anybody looks: write {RAREST}d or less"
        )
    return spell


def _limit(value: object) -> object:
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
        return value
    raise ValueError(f"{value!r} is no whole number from 0 on; only per_day takes fractions")


Limit = Annotated[int | None, BeforeValidator(_limit)]
Percent = Annotated[int | None, Field(ge=0, le=100)]
Spell = Annotated[timedelta | None, BeforeValidator(_spell)]


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
    """How much of the whole fleet; ``null`` is no limit. ``holidays`` are no working days of a cooldown."""

    concurrent: Limit = 3
    per_day: Annotated[Rate | None, BeforeValidator(_rate)] = Rate.per_day(20)
    per_group: Limit = 1
    max_percent: Percent = 34
    cooldown: Annotated[Apart | None, BeforeValidator(_apart)] = timedelta(hours=1)
    holidays: Holidays | None = None
