"""How wide and where: what ``stages`` and ``segment`` of a monkey may say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field, model_validator

from config.parts import Names, Part
from simian_army.stages import Step

Given = tuple[str, str, str]
ELSEWHERE = {"namespaces": ("kubernetes",), "zones": ("kubernetes", "aws"), "version": ("kubernetes", "aws")}
"""The platforms on which each word has a meaning; percent has one everywhere."""


class Stages(Part):
    """The steps, narrowest first: at most so many targets at a fire; and how many clean runs widen by one."""

    steps: tuple[Annotated[Step, BeforeValidator(Step.parse)], ...]
    widen_after: int = Field(default=5, ge=1)

    @model_validator(mode="after")
    def _wider(self) -> Stages:
        if not self.steps:
            raise ValueError("steps are empty: write at least one, for instance [1, 5%, 34%]")
        for field in ("count", "percent"):
            given = [getattr(step, field) for step in self.steps if getattr(step, field)]
            if given != sorted(given):
                raise ValueError("a step is narrower than the one before it: write the narrowest first")
        return self


class Segment(Part):
    """Which part of all targets: exactly one of namespaces, zones, version and percent."""

    WORDS: ClassVar[tuple[str, ...]] = ("namespaces", "zones", "version", "percent")
    namespaces: Names = ()
    zones: Names = ()
    version: str = Field(default="", pattern=r"^([^=\s]+=\S+)?$")
    percent: int = Field(default=0, ge=0, le=100)
    salt: str = ""

    @model_validator(mode="after")
    def _one(self) -> Segment:
        given = [word for word in self.WORDS if getattr(self, word)]
        if len(given) != 1:
            raise ValueError(f"give exactly one of {', '.join(self.WORDS)}, not {' and '.join(given) or 'none'}")
        if self.salt and not self.percent:
            raise ValueError("salt changes which ones percent takes: give it with percent only")
        return self

    def misplaced(self, on: str) -> Iterator[Given]:
        """What has no meaning on that platform."""
        for word, platforms in ELSEWHERE.items():
            if getattr(self, word) and on not in platforms:
                known = " and ".join(platforms)
                yield f"segment.{word}", f"{on} has no {word}", f"they are for {known}; percent is for all"
