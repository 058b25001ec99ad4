"""How many of a troop, and in which order: what every monkey that strikes at random asks of chance."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, repeat, starmap, zip_longest
from operator import attrgetter
from random import Random
from typing import TypeAlias, TypeVar

from simian_army import Json, Target

Mode: TypeAlias = Mapping[str, int] | str
"""How many, as config says it: ``{"fixed": 2}`` or ``"all"``."""

Want: TypeAlias = Callable[[Sequence[Target], Random], int]
Item = TypeVar("Item")

FIRST = 16  # about how many of a troop are put in order at first

FIRST_MODE: Json = {"fixed": 1}
PER_GROUP = "one-per-group"
_MODES = "fixed: N, fixed-percent: P, random-max-percent: P, all"


def wanted(mode: Mode, *, grouped: bool = False) -> Want:
    """How many of a troop the mode asks for, from 0 to the size of the troop; percents round down.

    Args:
        mode: ``fixed: N`` targets, ``fixed-percent: P`` of the troop, ``random-max-percent: P`` (a percent drawn anew
            each time, 0 to P) or ``all``.
        grouped: ``one-per-group`` may be asked for too.

    Raises:
        ValueError: it is none; the text names the value and what is allowed.
    """
    count = _count(mode, grouped=grouped)
    return lambda troop, rng: max(0, min(count(troop, rng), len(troop)))


def drawn(troop: Iterable[Target], rng: Random) -> Iterator[Target]:
    """The whole troop in random order; whatever order it came in, a seed draws the same."""
    return _shuffled(sorted(troop, key=attrgetter("id")), rng)


def by_group(troop: Iterable[Target], rng: Random) -> list[Target]:
    """The whole troop in random order, but every group comes once before any comes twice; the order of the groups is
    drawn, whatever their sizes."""
    groups: dict[str, list[Target]] = {}
    for target in drawn(troop, rng):
        groups.setdefault(group_of(target), []).append(target)
    order = list(_shuffled(list(groups), rng))
    rounds = zip_longest(*(groups[name] for name in order))
    return [target for target in chain.from_iterable(rounds) if target is not None]


def group_of(target: Target) -> str:
    """The target's group; what has none is one of its own."""
    return target.group or target.id


def _count(mode: Mode, *, grouped: bool) -> Want:
    allowed = f"{_MODES}, {PER_GROUP}" if grouped else _MODES
    if mode == "all":
        return lambda troop, _: len(troop)
    if mode == PER_GROUP and grouped:
        return lambda troop, _: len({group_of(target) for target in troop})
    if not isinstance(mode, Mapping) or len(mode) != 1:
        raise ValueError(f"mode: {mode!r} is not one of {allowed}")
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
    raise ValueError(f"mode: {word!r} is not one of {allowed}")


def _whole(word: str, number: object, most: int | None = None) -> int:
    """The number, if it is whole and from 1 to ``most``."""
    allowed = "a whole number of at least 1" if most is None else f"a whole number from 1 to {most}"
    if not isinstance(number, int) or isinstance(number, bool) or number < 1 or (most is not None and number > most):
        raise ValueError(f"mode.{word}: {number!r} is not {allowed}")
    return number


def _shuffled(items: Sequence[Item], rng: Random) -> Iterator[Item]:
    # not rng.shuffle: only of random() does Python promise the same numbers for a seed in every version
    return _by_key(items, list(starmap(rng.random, repeat((), len(items)))))


def _by_key(items: Sequence[Item], keys: Sequence[float]) -> Iterator[Item]:
    """The items by their keys, sorted as far as somebody asks: of ten thousand, most runs take one."""
    if not items:
        return
    first = keys.index(min(keys))
    yield items[first]
    low, high = 0.0, FIRST / len(items)
    while low < 1.0:
        part = [(key, number) for number, key in enumerate(keys) if low <= key < high and number != first]
        yield from (items[number] for _, number in sorted(part))
        low, high = high, high * 16
