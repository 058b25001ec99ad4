"""What every section of simian.yaml is made of: strict models, and the words for times."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict

from simian_army.windows import Daily, Dates, duration, weekday


def _duration(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no duration: write for instance 90s, 30m, 2h or 1d")
    return duration(value)


def _daily(value: object) -> object:
    return Daily.parse(value) if isinstance(value, str) else value


def _dates(value: object) -> object:
    return Dates.parse(str(value))


def _days(value: object) -> object:
    if not isinstance(value, list):
        raise ValueError("write a list of weekdays, for instance [sat, sun]")
    return frozenset(weekday(str(day)) for day in value)


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Window = Annotated[Daily, BeforeValidator(_daily)]
Days = Annotated[frozenset[int], BeforeValidator(_days)]
Range = Annotated[Dates, BeforeValidator(_dates)]
Names = tuple[str, ...]


class Part(BaseModel):
    """A section: frozen, and every key it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)
