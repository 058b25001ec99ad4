"""Which fault for which target: some kinds, each as likely as it weighs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from random import Random

from simian_army import Fault, Json, Target

NO_PARAMS: Json = {}
_KEYS = ("fault", "weight", "params")
_ALLOWED = "a list of {fault: NAME, weight: N, params: {...}}"


@dataclass(frozen=True, slots=True)
class Weighted:
    """One fault kind, how often it is drawn compared with the others, and what it is given."""

    fault: str
    weight: int = 1
    params: Json = field(default_factory=dict)


def weighted(said: object) -> tuple[Weighted, ...]:
    """The faults that ``faults`` of a monkey names.

    Raises:
        ValueError: it is no such list; the text names the key, its value and what is allowed.
    """
    if not isinstance(said, Sequence) or isinstance(said, str) or not said:
        raise ValueError(f"faults: {said!r} is not {_ALLOWED}")
    return tuple(_one(f"faults[{number}]", one) for number, one in enumerate(said))


def proposed(faults: Sequence[Weighted], target: Target, seed: float) -> Fault:
    """The faults in the order in which they are meant for the target: the first, and the others instead of it.

    Of those that apply to the target, whichever these are, each comes first as often as it weighs among them. The
    order depends on seed and target alone.
    """
    dice = Random(f"{seed!r}/{target.id}")  # noqa: S311 - replayable, not secret
    # the largest of these keys is that of a fault with the probability of its share, among all as among any of them
    keyed = [(dice.random() ** (1 / one.weight), one) for one in faults]
    order = [one for _, one in sorted(keyed, key=lambda pair: pair[0], reverse=True)]
    first, *others = (Fault(one.fault, target, one.params) for one in order)
    return Fault(first.kind, target, first.params, instead=tuple(others)) if others else first


def _one(key: str, said: object) -> Weighted:
    if not isinstance(said, Mapping):
        raise ValueError(f"{key}: {said!r} is not {{fault: NAME, weight: N, params: {{...}}}}")
    unknown = next((word for word in said if word not in _KEYS), None)
    if unknown is not None:
        near = get_close_matches(str(unknown), _KEYS, n=1)
        more = f", did you mean {near[0]}?" if near else ""
        raise ValueError(f"{key}: {unknown!r} is not one of {', '.join(_KEYS)}{more}")
    weight = said.get("weight", 1)
    if not isinstance(weight, int) or isinstance(weight, bool) or not 1 <= weight <= 1_000_000:
        raise ValueError(f"{key}.weight: {weight!r} is not a whole number from 1 to 1000000")
    return Weighted(named(f"{key}.fault", said.get("fault")), weight, given(f"{key}.params", said.get("params", {})))


def named(key: str, said: object) -> str:
    """The name of a fault kind.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(said, str) or not said:
        raise ValueError(f"{key}: {said!r} is not the name of a fault kind, such as pod-evict")
    return said


def given(key: str, said: object) -> Json:
    """What a fault is given.

    Raises:
        ValueError: it is no mapping.
    """
    if not isinstance(said, Mapping):
        raise ValueError(f"{key}: {said!r} is not a mapping of the fault's parameters")
    return said
