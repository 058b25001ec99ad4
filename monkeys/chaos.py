"""Who proposes random targets for faults: the chaos monkey."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from random import Random
from typing import ClassVar

from monkeys.drawing import FIRST_MODE, PER_GROUP, Mode, by_group, drawn, group_of, wanted
from monkeys.labelled import DIALECT, words_of
from monkeys.weighing import NO_PARAMS, Weighted, given, named, proposed, weighted
from simian_army import Fault, Json, Needs, Pace, Target

FIRST = "pod-evict"


class ChaosMonkey:
    """Strikes some of the troop, each target as likely as any other.

    Args:
        fault: the fault kind it proposes; pod-evict where neither this nor ``faults`` is given.
        faults: several, each ``{fault: NAME, weight: N, params: {...}}``; weight 1 and no params where these are not
            given. For each target one of those that apply to it is drawn, as often as it weighs among them.
        mode: how many: ``fixed: N`` targets, ``fixed-percent: P`` of the troop, ``random-max-percent: P`` (a percent
            drawn anew each time, 0 to P), ``all``, or ``one-per-group``. Percents round down.
        labels: ``kube-monkey``: how often, and instead of ``mode`` how many, its labels on each workload say.
        params: handed to the one ``fault`` as they are.

    Raises:
        ValueError: a parameter cannot be used; the text names it, its value and what is allowed.
    """

    name: ClassVar[str] = "chaos"

    def __init__(
        self,
        fault: str | None = None,
        mode: Mode = FIRST_MODE,
        params: Json = NO_PARAMS,
        faults: Sequence[Json] | None = None,
        labels: str = "",
    ) -> None:
        one = Weighted(named("fault", FIRST if fault is None else fault), params=given("params", params))
        if faults is not None and (fault is not None or params):
            raise ValueError(f"faults: beside it stands {'params' if fault is None else 'fault'}; write that into it")
        self._faults = (one,) if faults is None else weighted(faults)
        self._wanted = wanted(mode, grouped=True)
        self._per_group = mode == PER_GROUP
        if labels not in ("", DIALECT):
            raise ValueError(f"labels: {labels!r} is not {DIALECT}, the only ones that are read")
        if labels and mode != FIRST_MODE:
            raise ValueError(f"labels: beside it stands mode, which the labels of {DIALECT} tell; write one of them")
        self._labels = labels

    @property
    def needs(self) -> Needs:
        """The fault kinds it may propose."""
        return Needs(faults=tuple(dict.fromkeys(one.fault for one in self._faults)))

    def want(self, troop: Sequence[Target], rng: Random) -> int:
        """How many to strike, from 0 to the size of the troop."""
        if not self._labels:
            return self._wanted(troop, rng)
        words = words_of(troop)
        return 0 if isinstance(words, str) else wanted(words.mode)(troop, rng)

    def pace(self, members: Sequence[Target]) -> Pace | str | None:
        """How often something in the group of these is struck by their labels, or why never; None without labels."""
        if not self._labels:
            return None
        words = words_of(members)
        return f"{self._labels}: {words}" if isinstance(words, str) else words.pace

    def propose(self, troop: Sequence[Target], rng: Random) -> Iterable[Fault]:
        """The whole troop in draw order; by group, every group comes once before any comes twice."""
        faults, seed = self._faults, rng.random() if len(self._faults) > 1 else 0.0
        if not self._per_group:
            return (proposed(faults, target, seed) for target in drawn(troop, rng))
        return (replace(proposed(faults, target, seed), slot=group_of(target)) for target in by_group(troop, rng))
