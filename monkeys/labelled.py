"""How often and how many, as kube-monkey's labels on a workload say: tenants write them, so none is ever trusted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from monkeys.drawing import Mode
from simian_army import Pace, Target

DIALECT = "kube-monkey"
IDENTIFIER, MTBF = "kube-monkey/identifier", "kube-monkey/mtbf"
MODE, VALUE = "kube-monkey/kill-mode", "kube-monkey/kill-value"
COUNTED = {"fixed": 99999, "fixed-percent": 100, "random-max-percent": 100}
ALL = "kill-all"
NAMESPACE = "Namespace"

_MTBF = re.compile(r"([1-9][0-9]{0,4})([dhm]?)", re.ASCII)
_NUMBER = re.compile(r"[1-9][0-9]{0,4}", re.ASCII)
_A_DAY = {"": 1, "d": 1, "h": 24, "m": 24 * 60}


class Said(NamedTuple):
    """The value of a label, and on what it stands."""

    value: str
    place: str


@dataclass(frozen=True, slots=True)
class Words:
    """What the labels of one group ask for: once in ``mean`` working days, and then so many of its members."""

    mean: float
    word: str
    number: int = 0

    @property
    def pace(self) -> Pace:
        """How often that is; what falls on days without a fire is lost."""
        return Pace(self.mean)

    @property
    def mode(self) -> Mode:
        """How many that is."""
        return "all" if self.word == ALL else {self.word: self.number}


def words_of(members: Sequence[Target]) -> Words | str:
    """What the labels ask for in the group of these, or in words why nothing is struck there."""
    said = list(dict.fromkeys(_words(target) for target in members))
    bad = next((one for one in said if isinstance(one, str)), "")
    if bad or not said:
        return bad or "it has no members"
    if len(said) > 1:
        return f"its members disagree on {MTBF}, {MODE} or {VALUE}; write them on the workload alone"
    return said[0]


def _words(target: Target) -> Words | str:
    if any(level.labels is None for level in target.levels):
        return "not all labels above it can be read, so nobody knows what they ask for"
    names = list(_labels(target, IDENTIFIER))
    if not names:
        return f"no label {IDENTIFIER} on it or its workload; write one"
    other = next((one for one in names if one.value != names[0].value), None)
    if other:
        first = names[0]
        return (
            f"{IDENTIFIER} is {first.value} on {first.place} and {other.value} on {other.place}; write one name on both"
        )
    return _read(*(next(_labels(target, key), None) for key in (MTBF, MODE, VALUE)))


def _labels(target: Target, key: str) -> Iterator[Said]:
    """What a label says, the workload's own word first; namespaces are not asked, as kube-monkey does not."""
    for level in reversed(target.levels):
        if level.kind != NAMESPACE and level.labels and key in level.labels:
            yield Said(level.labels[key], f"{level.kind} {level.name}")
    if key in target.labels:
        yield Said(target.labels[key], f"the {target.kind} itself")


@lru_cache(maxsize=4096)
def _read(mtbf: Said | None, mode: Said | None, value: Said | None) -> Words | str:
    if mtbf is None:
        return f"no label {MTBF} on it or its workload; write one, such as 2 (days), 4h or 20m"
    mean, many = _MTBF.fullmatch(mtbf.value), _many(mode, value)
    if mean is None:
        return f"{MTBF}={mtbf.value} on {mtbf.place} is no time: write days such as 2 or 3d, or 4h or 20m"
    return many if isinstance(many, str) else Words(int(mean[1]) / _A_DAY[mean[2]], *many)


def _many(mode: Said | None, value: Said | None) -> tuple[str, int] | str:
    """The word for how many, and its number."""
    if mode is None:
        return "fixed", 1  # as few as can be
    if mode.value == ALL:
        return ALL, 0
    if mode.value not in COUNTED:
        return f"{MODE}={mode.value} on {mode.place} is not one of {', '.join((*COUNTED, ALL))}"
    most = COUNTED[mode.value]
    if value is None:
        return f"no label {VALUE}, which {MODE}={mode.value} needs: write a whole number from 1 to {most}"
    if not _NUMBER.fullmatch(value.value) or int(value.value) > most:
        return f"{VALUE}={value.value} on {value.place} is no whole number from 1 to {most} ({mode.value})"
    return mode.value, int(value.value)
