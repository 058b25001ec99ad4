"""Who proposes random targets for one fault: the chaos monkey."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import ClassVar

from monkeys.drawing import FIRST_MODE, PER_GROUP, Mode, by_group, drawn, group_of, wanted
from simian_army import Fault, Json, Needs, Target

NO_PARAMS: Json = {}


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

    def __init__(self, fault: str = "pod-evict", mode: Mode = FIRST_MODE, params: Json = NO_PARAMS) -> None:
        if not isinstance(fault, str) or not fault:
            raise ValueError(f"fault: {fault!r} is not the name of a fault kind, such as pod-evict")
        if not isinstance(params, Mapping):
            raise ValueError(f"params: {params!r} is not a mapping of the fault's parameters")
        self._fault = fault
        self._params = params
        self._wanted = wanted(mode, grouped=True)
        self._per_group = mode == PER_GROUP

    @property
    def needs(self) -> Needs:
        """The one fault kind it may propose."""
        return Needs(faults=(self._fault,))

    def want(self, troop: Sequence[Target], rng: Random) -> int:
        """How many to strike, from 0 to the size of the troop."""
        return self._wanted(troop, rng)

    def propose(self, troop: Sequence[Target], rng: Random) -> Iterable[Fault]:
        """The whole troop in draw order; by group, every group comes once before any comes twice."""
        if not self._per_group:
            return (Fault(self._fault, target, self._params) for target in drawn(troop, rng))
        return (Fault(self._fault, target, self._params, slot=group_of(target)) for target in by_group(troop, rng))
