"""What every section of simian.yaml is made of: strict models, and the words for times."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationInfo

from simian_army.windows import Daily, Dates, duration, weekday


def _duration(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no duration: write for instance 90s, 30m, 2h or 1d")
    return duration(value)


def _daily(value: object) -> object:
    if not isinstance(value, str | Daily):
        raise ValueError(f'{value!r} is no window: write it in quotes, for instance "22:00-06:00"')
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


class LocatedError(ValueError):
    """What is wrong, each as (path below the section that was looked at, message, suggestion)."""

    def __init__(self, found: list[tuple[str, str, str]]) -> None:
        super().__init__("; ".join(message for _, message, _ in found))
        self.found = found


def ask(info: ValidationInfo, kind: str, name: str, arguments: Mapping[str, Any], on: str = "") -> None:
    """Have the plug-ins say what is wrong with one use of one of them.

    Raises:
        LocatedError: with all of it.
    """
    vet = (info.context or {}).get("vet")
    found = vet(kind, name, arguments, on) if vet else []
    if found:
        raise LocatedError([(f"with.{key}" if key else "", message, hint) for key, message, hint in found])
