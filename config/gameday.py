"""What a game day's file may say: its steps, each a monkey that acts once or a fault on one target."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, ValidationError, model_validator

from config.locating import line_of, mistakes_in
from config.parts import Duration, LocatedError, Part
from config.schema import LONGEST_HOLD
from config.text import parse, read
from simian_army.errors import ConfigError, Mistake
from simian_army.gameday.steps import Plan, Step

MAKE = "docs/gameday.md shows one, examples/gameday.yaml is one"
MOST = 100
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
ONLY_FAULTS = ("use", "params")


class StepSaid(Part):
    """One step: exactly one of ``monkey`` and ``fault``."""

    name: Text | None = None
    monkey: Text | None = None
    fault: Text | None = None
    target: Text | None = None
    use: Text | None = None
    params: Mapping[str, Any] = Field(default_factory=dict)
    hold: Duration | None = Field(default=None, gt=timedelta(0), le=LONGEST_HOLD)
    pause: Duration = Field(default=timedelta(0), ge=timedelta(0), le=LONGEST_HOLD)
    overlap: bool = False
    expect: Literal["hit", "refused", "any"] = "hit"

    @model_validator(mode="after")
    def _one(self) -> StepSaid:
        if bool(self.monkey) == bool(self.fault):
            given = "both" if self.monkey else "neither"
            raise ValueError(f"give exactly one of monkey and fault, not {given}")
        wrong = []
        if self.fault and not self.target:
            wrong.append(("fault", "a fault needs its target", "write for instance target: pod shop/web-1"))
        if self.monkey:
            given_too = [word for word in ONLY_FAULTS if word in self.model_fields_set]
            wrong += [(word, f"{word} is for a fault; a monkey has its own", "leave it out") for word in given_too]
        if wrong:
            raise LocatedError(wrong)
        return self


class GameDay(Part):
    """The whole file."""

    name: Text
    steps: tuple[StepSaid, ...] = Field(min_length=1, max_length=MOST)


@dataclass(frozen=True, slots=True)
class Known:
    """What steps may name: how long each monkey of the config holds, and which parameters each fault takes."""

    monkeys: Mapping[str, timedelta]
    faults: Mapping[str, frozenset[str]]


def load_gameday(path: Path, known: Known) -> Plan:
    """Read a game day's file.

    Raises:
        ConfigError: with every mistake in it.
    """
    text = read(path, MAKE)
    values, lines = parse(path, text, MAKE)
    if not isinstance(values, dict):
        raise ConfigError([Mistake(str(path), 1, "", "the file must hold keys and values", MAKE)])
    try:
        said = GameDay.model_validate(values)
    except ValidationError as error:
        found = [one for wrong in error.errors() for one in mistakes_in(wrong, path, lines, GameDay)]
        raise ConfigError(sorted(found, key=lambda one: one.line)) from error
    wrong = [
        Mistake(str(path), line_of(lines, where), where, message, hint)
        for number, step in enumerate(said.steps)
        for where, message, hint in _unknown(f"steps[{number}]", step, known)
    ]
    if wrong:
        raise ConfigError(wrong)
    return Plan(said.name, str(path), hashlib.sha256(text.encode()).hexdigest(), tuple(map(_step, said.steps)))


def nobody(path: Path, whys: Mapping[int, str]) -> ConfigError:
    """The mistake that steps name targets that are not there, by the number of the step from 0, each at its line."""
    _, lines = parse(path, read(path, MAKE), MAKE)
    where = {number: f"steps[{number}].target" for number in whys}
    return ConfigError([Mistake(str(path), line_of(lines, where[n]), where[n], why, "") for n, why in whys.items()])


def _unknown(where: str, said: StepSaid, known: Known) -> Iterator[tuple[str, str, str]]:
    if said.monkey and said.monkey not in known.monkeys:
        yield f"{where}.monkey", f"the config has no monkey {said.monkey}", _near(said.monkey, known.monkeys)
    elif said.monkey and said.hold and said.hold > known.monkeys[said.monkey]:
        own = known.monkeys[said.monkey]
        yield f"{where}.hold", f"monkey {said.monkey} holds for {own}: a step may only shorten that", "or name a fault"
    if said.fault and said.fault not in known.faults:
        yield (
            f"{where}.fault",
            f"there is no fault {said.fault} on a platform of the config",
            _near(said.fault, known.faults),
        )
    elif said.fault:
        takes = known.faults[said.fault]
        for key in sorted(said.params.keys() - takes):
            yield f"{where}.params.{key}", f"{said.fault} takes no {key}", _near(key, takes)


def _near(name: str, there: Mapping[str, Any] | frozenset[str]) -> str:
    near = get_close_matches(name, sorted(there), n=1)
    return f"did you mean {near[0]}?" if near else f"there are: {', '.join(sorted(there)) or 'none'}"


def _step(said: StepSaid) -> Step:
    return Step(
        name=said.name or "",
        monkey=said.monkey or "",
        fault=said.fault or "",
        target=said.target or "",
        use=said.use or "chaos",
        params=said.params,
        hold=said.hold,
        pause=said.pause,
        overlap=said.overlap,
        expect=said.expect,
    )
