"""Which kinds are killed where: a share of them in each test run, all of them by `make crash`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

from tests.crash.points import CASES, FEW, FEW_MOMENTARY, HELD, Case, Point

ALL = os.environ.get("SIMIAN_CRASH") == "all"
"""Whether everything is asked, as `make crash` does."""

DEADLINE, SILENCE = "deadline", "silence"
ALONE = {DEADLINE: "held", SILENCE: "mid-inject"}
"""The point at which one kind a platform is left to the undertaker in each test run, by what makes it act."""


@dataclass(frozen=True)
class Stage:
    """One ground: its platform; whether `make crash` kills there at every point, and whether each test run kills one
    kind there at every point."""

    platform: str
    full: bool
    usual: bool


def held(stage: Stage) -> list[tuple[Case, Point]]:
    """The kinds that are given back, and where they are killed."""
    return [(case, point) for case in _cases(stage) if case.fields for point in _points(stage, case, FEW)]


def momentary(stage: Stage) -> list[tuple[Case, Point]]:
    """The kinds that cannot be undone, and where they are killed."""
    few = FEW_MOMENTARY if stage.usual else FEW_MOMENTARY[1:2]
    return [(case, point) for case in _cases(stage) if not case.fields for point in _points(stage, case, few)]


def alone(stage: Stage) -> list[tuple[Case, Point, str]]:
    """The kinds that an undertaker is left alone with, at which point, and what makes it act."""
    whys = ALONE if stage.usual or _full(stage) else [DEADLINE]
    return [
        (case, point, why)
        for case in _cases(stage)
        if case.fields and (case.first_of or _full(stage))
        for why in whys
        for point in HELD
        if _full(stage) or point.name == ALONE[why]
    ]


def _cases(stage: Stage) -> Iterable[Case]:
    return [case for case in CASES if case.platform == stage.platform]


def _points(stage: Stage, case: Case, few: Iterable[str]) -> list[Point]:
    whole = _full(stage) or (stage.usual and case.first_of)
    return [point for point in case.points if whole or point.name in few]


def _full(stage: Stage) -> bool:
    return ALL and stage.full
