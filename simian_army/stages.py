"""How wide a monkey strikes: by steps, a step wider after clean runs, one back after a bad one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from simian_army.model import AuditEvent

CLEAN = "clean"


@dataclass(frozen=True, slots=True)
class Step:
    """At most so many targets at a fire: a number, or a percentage of those eligible, rounded down but at least 1."""

    count: int = 0
    percent: int = 0

    @classmethod
    def parse(cls, value: object) -> Step:
        """``1`` or ``5%``.

        Raises:
            ValueError: it is neither.
        """
        text = str(value).strip()
        number = text.removesuffix("%").strip()
        if isinstance(value, bool) or not number.isascii() or not number.isdigit() or int(number) < 1:
            raise ValueError(f"{value!r} is no step: write a number of targets such as 1, or a percentage such as 5%")
        if not text.endswith("%"):
            return cls(count=int(number))
        if int(number) > 100:
            raise ValueError(f"{value!r} is more than all: write 100% at most")
        return cls(percent=int(number))

    def limit(self, eligible: int) -> int:
        """How many targets that is."""
        return self.count or max(1, eligible * self.percent // 100)

    def __str__(self) -> str:
        return f"{self.percent} %" if self.percent else str(self.count)


class Came(NamedTuple):
    """What one run came to."""

    run: str
    clean: bool


@dataclass(frozen=True, slots=True)
class At:
    """Which step a monkey is at, from 0; ``row`` counts the clean runs since, ``why`` says how it got there."""

    step: int
    row: int
    why: str


@dataclass(frozen=True, slots=True)
class Stages:
    """The steps, narrowest first, and how many clean runs in a row widen by one."""

    steps: tuple[Step, ...]
    widen_after: int = 5

    def at(self, came: Iterable[Came]) -> At:
        """The step after these runs: one wider after ``widen_after`` clean ones in a row since the last change, one
        back after each bad one, never past either end."""
        step, row, why = 0, 0, "nothing changed it yet"
        for run, clean in came:
            row = row + 1 if clean else 0
            if not clean:
                step, why = max(0, step - 1), f"one back after run {run} came out badly"
            elif row == self.widen_after and step < len(self.steps) - 1:
                step, row, why = step + 1, 0, f"widened after {self.widen_after} clean runs, the last was {run}"
        return At(step, row, why)


@dataclass(frozen=True, slots=True)
class Exposure:
    """How wide one fire may strike: at most ``limit`` targets, None for no limit; ``stage`` counts from 1."""

    limit: int | None = None
    stage: int = 0
    of: int = 0
    why: str = ""

    def cap(self, want: int) -> int:
        """How many targets are struck of those that are wanted."""
        return want if self.limit is None else min(want, self.limit)

    def told(self) -> dict[str, object] | None:
        """As an event tells it."""
        return (
            None if self.limit is None else {"stage": self.stage, "of": self.of, "limit": self.limit, "why": self.why}
        )

    def __str__(self) -> str:
        return f"stage {self.stage} of {self.of}, at most {self.limit} at once: {self.why}"


def exposure(stages: Stages, came: Iterable[Came], eligible: int) -> Exposure:
    """How wide a fire among so many eligible targets may strike after these runs."""
    now, of = stages.at(came), len(stages.steps)
    step = stages.steps[now.step]
    last = now.step == of - 1
    wider = "the last" if last else f"{now.row} of {stages.widen_after} clean runs in a row until the next"
    return Exposure(step.limit(eligible), now.step + 1, of, f"{step} is allowed, {now.why}; {wider}")


def came(judged: Sequence[AuditEvent], pending: Collection[str]) -> list[Came]:
    """What each run came to, in the order in which that was known: bad with its first bad fault, clean with its last
    one, once none of its faults is ``pending`` (run ids) any more."""
    bad: dict[str, int] = {}
    clean: dict[str, int] = {}
    for place, event in enumerate(judged):
        if event.data.get("outcome") == CLEAN:
            clean[event.run] = place
        else:
            bad.setdefault(event.run, place)
    told = [(place, Came(run, clean=False)) for run, place in bad.items()]
    told += [(place, Came(run, clean=True)) for run, place in clean.items() if run not in bad and run not in pending]
    return [one for _, one in sorted(told)]
