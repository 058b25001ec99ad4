"""Is each fault of several drawn as often as it weighs among those that apply, and the same for a seed always."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monkeys.chaos import ChaosMonkey
from simian_army import Fault, Target

NAMES = ("pod-evict", "pod-delete", "pod-failure", "exec")
WEIGHTS = st.lists(st.integers(1, 20), min_size=2, max_size=4)


def monkey(weights: Sequence[int], **given_: Any) -> ChaosMonkey:
    return ChaosMonkey(
        faults=[{"fault": name, "weight": weight} for name, weight in zip(NAMES, weights, strict=False)], **given_
    )


def troop(size: int) -> list[Target]:
    return [
        Target("kubernetes", "pod", f"uid-{n}", str(n), "shop", f"shop/Deployment/{n % 3}", None, {})
        for n in range(size)
    ]


def first(fault: Fault, applies: frozenset[str]) -> str:
    """The kind that is meant where only these apply."""
    return next(one.kind for one in (fault, *fault.instead) if one.kind in applies)


@settings(max_examples=25, deadline=None)
@given(WEIGHTS, st.data())
def test_each_is_drawn_as_often_as_it_weighs_among_those_that_apply(weights: list[int], data: st.DataObject) -> None:
    there = NAMES[: len(weights)]
    applies = frozenset(data.draw(st.lists(st.sampled_from(there), min_size=1, unique=True)))
    count = 4000
    seen = Counter(first(fault, applies) for fault in monkey(weights).propose(troop(count), Random("a seed")))
    whole = sum(weight for name, weight in zip(there, weights, strict=True) if name in applies)
    for name, weight in zip(there, weights, strict=True):
        share = weight / whole if name in applies else 0.0
        spread = (share * (1 - share) * count) ** 0.5
        assert abs(seen[name] - share * count) <= 5 * spread


@given(WEIGHTS, st.integers(), st.permutations(list(range(12))), st.integers(1, 12))
def test_a_seed_draws_the_same_for_a_target_in_whatever_order_a_troop_came(
    weights: list[int], seed: int, order: list[int], size: int
) -> None:
    targets = troop(12)
    whole = {fault.target.id: fault for fault in monkey(weights).propose(targets, Random(seed))}
    shuffled = {fault.target.id: fault for fault in monkey(weights).propose([targets[n] for n in order], Random(seed))}
    some = {fault.target.id: fault for fault in monkey(weights).propose(targets[:size], Random(seed))}
    assert shuffled == whole
    assert some == {name: whole[name] for name in some}


def test_all_are_proposed_for_every_target_each_once_with_its_own_params() -> None:
    made = ChaosMonkey(faults=[{"fault": "pod-evict"}, {"fault": "exec", "params": {"argv": ["sync"]}}])
    assert made.needs.faults == ("pod-evict", "exec")
    for fault in made.propose(troop(20), Random("0")):
        assert {(one.kind, str(one.params)) for one in (fault, *fault.instead)} == {
            ("pod-evict", "{}"),
            ("exec", "{'argv': ['sync']}"),
        }
        assert all(one.target == fault.target and not one.instead for one in fault.instead)


def test_a_list_of_one_is_the_short_form() -> None:
    short = list(ChaosMonkey("pod-delete", params={"grace": 0}).propose(troop(9), Random("0")))
    assert (
        list(ChaosMonkey(faults=[{"fault": "pod-delete", "params": {"grace": 0}}]).propose(troop(9), Random("0")))
        == short
    )


def test_one_per_group_draws_among_faults_too() -> None:
    faults = list(monkey([1, 1], mode="one-per-group").propose(troop(9), Random("0")))
    assert [fault.slot for fault in faults[:3]] != [] and {fault.slot for fault in faults[:3]} == {
        f"shop/Deployment/{n}" for n in range(3)
    }
    assert all(len(fault.instead) == 1 for fault in faults)


@pytest.mark.parametrize(
    ("given_", "words"),
    [
        ({"faults": []}, "faults: [] is not a list of {fault: NAME, weight: N"),
        ({"faults": "pod-evict"}, "faults: 'pod-evict' is not a list of"),
        ({"faults": ["pod-evict"]}, "faults[0]: 'pod-evict' is not {fault: NAME"),
        ({"faults": [{"fault": "exec"}, {}]}, "faults[1].fault: None is not the name of a fault kind"),
        (
            {"faults": [{"fault": "exec", "wieght": 2}]},
            "faults[0]: 'wieght' is not one of fault, weight, params, did you mean weight?",
        ),
        ({"faults": [{"fault": "exec", "weight": 0}]}, "faults[0].weight: 0 is not a whole number from 1 to 1000000"),
        ({"faults": [{"fault": "exec", "weight": True}]}, "faults[0].weight: True is not a whole number"),
        ({"faults": [{"fault": "exec", "weight": 1.5}]}, "faults[0].weight: 1.5 is not a whole number"),
        ({"faults": [{"fault": "exec", "params": 3}]}, "faults[0].params: 3 is not a mapping"),
        ({"faults": [{"fault": "exec"}], "fault": "exec"}, "faults: beside it stands fault; write that into it"),
        ({"faults": [{"fault": "exec"}], "params": {"a": 1}}, "faults: beside it stands params; write that into it"),
    ],
)
def test_a_bad_list_is_named_with_its_value_and_what_is_allowed(given_: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the words are compared below
        ChaosMonkey(**given_)
    assert words in str(caught.value)
