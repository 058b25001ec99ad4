"""Who proposes random targets for one fault: the chaos monkey."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain, zip_longest
from random import Random
from typing import ClassVar, TypeVar

from simian_army import Fault, Json, Needs, Target

MODES = "fixed: N, fixed-percent: P, random-max-percent: P, all, one-per-group"
FIRST_MODE: Json = {"fixed": 1}
NO_PARAMS: Json = {}
Item = TypeVar("Item")
Want = Callable[[Sequence[Target], Random], int]


class ChaosMonkey:
    """Strikes some of the troop, each target as likely as any other.

    Args:
        fault: the fault kind it proposes.
        mode: how many: ``fixed: N`` targets, ``fixed-percent: P`` of the troop, ``random-max-percent: P`` (a percent
            drawn anew each time, 0 to P), ``all``, or ``one-per-group``. Percents round down.
        params: handed to the fault as they are.

    Raises:
        ValueError: a parameter cannot be used; the text names it, its value and what is allowed.
    """

    name: ClassVar[str] = "chaos"

    def __init__(
        self, fault: str = "pod-evict", mode: Mapping[str, int] | str = FIRST_MODE, params: Json = NO_PARAMS
    ) -> None:
        if not isinstance(fault, str) or not fault:
            raise ValueError(f"fault: {fault!r} is not the name of a fault kind, such as pod-evict")
        if not isinstance(params, Mapping):
            raise ValueError(f"params: {params!r} is not a mapping of the fault's parameters")
        self._fault = fault
        self._params = params
        self._want = _mode(mode)
        self._per_group = mode == "one-per-group"

    @property
    def needs(self) -> Needs:
        """The one fault kind it may propose."""
        return Needs(faults=(self._fault,))

    def want(self, troop: Sequence[Target], rng: Random) -> int:
        """How many to strike, from 0 to the size of the troop."""
        return max(0, min(self._want(troop, rng), len(troop)))

    def propose(self, troop: Sequence[Target], rng: Random) -> Iterable[Fault]:
        """The whole troop in draw order; by group, every group comes once before any comes twice."""
        drawn = _shuffled(sorted(troop, key=_id), rng)
        if not self._per_group:
            return (Fault(self._fault, target, self._params) for target in drawn)
        rounds = _rounds(drawn, rng)
        return (Fault(self._fault, target, self._params, slot=_group(target)) for target in rounds)


def _mode(mode: Mapping[str, int] | str) -> Want:
    """How many of a troop the mode asks for."""
    if mode == "all":
        return lambda troop, _: len(troop)
    if mode == "one-per-group":
        return lambda troop, _: len({_group(target) for target in troop})
    if not isinstance(mode, Mapping) or len(mode) != 1:
        raise ValueError(f"mode: {mode!r} is not one of {MODES}")
    ((word, number),) = mode.items()
    if word == "fixed":
        count = _whole(word, number)
        return lambda _, __: count
    if word == "fixed-percent":
        percent = _whole(word, number, 100)
        return lambda troop, _: len(troop) * percent // 100
    if word == "random-max-percent":
        most = _whole(word, number, 100)
        return lambda troop, rng: len(troop) * int(rng.random() * (most + 1)) // 100
    raise ValueError(f"mode: {word!r} is not one of {MODES}")


def _whole(word: str, number: object, most: int | None = None) -> int:
    """The number, if it is whole and from 1 to ``most``."""
    allowed = "a whole number of at least 1" if most is None else f"a whole number from 1 to {most}"
    if not isinstance(number, int) or isinstance(number, bool) or number < 1 or (most is not None and number > most):
        raise ValueError(f"mode.{word}: {number!r} is not {allowed}")
    return number


def _shuffled(items: Sequence[Item], rng: Random) -> list[Item]:
    """In random order."""
    # not rng.shuffle: only of random() does Python promise the same numbers for a seed in every version
    return sorted(items, key=lambda _: rng.random())


def _rounds(drawn: Sequence[Target], rng: Random) -> Iterable[Target]:
    """One of each group, then a second of each, and so on; the order of groups is drawn, whatever their sizes."""
    groups: dict[str, list[Target]] = {}
    for target in drawn:
        groups.setdefault(_group(target), []).append(target)
    order = _shuffled(list(groups), rng)
    rounds = zip_longest(*(groups[name] for name in order))
    return (target for target in chain.from_iterable(rounds) if target is not None)


def _group(target: Target) -> str:
    """What has no group is one of its own."""
    return target.group or target.id


def _id(target: Target) -> str:
    return target.id
