"""Does the latency monkey ask for just the slowness it was told to."""

from __future__ import annotations

import math
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monkeys.latency import LatencyMonkey
from simian_army import Monkey, Target


def troop(size: int) -> list[Target]:
    return [Target("toxiproxy", "proxy", f"uid-{n}", f"shop-{n}", "", "", None, {}) for n in range(size)]


def params(**given_: Any) -> dict[str, Any]:
    (fault,) = LatencyMonkey(**given_).propose(troop(1), Random("0"))
    return dict(fault.params)


def test_told_nothing_it_holds_up_one_proxys_answers_by_200_ms() -> None:
    monkey: Monkey = LatencyMonkey()
    assert (monkey.name, monkey.needs.faults, monkey.needs.facts) == ("latency", ("proxy-latency",), ())
    assert params() == {"latency": 200, "jitter": 0, "stream": "downstream", "toxicity": 1.0}
    assert monkey.want(troop(9), Random("0")) == 1
    assert monkey.want([], Random("0")) == 0


def test_what_it_is_told_stands_in_every_fault_and_no_slot_does() -> None:
    monkey = LatencyMonkey(latency=1500, jitter=300, stream="upstream", toxicity=0.5, mode="all", fault="lag")
    faults = list(monkey.propose(troop(3), Random("0")))
    told = {"latency": 1500, "jitter": 300, "stream": "upstream", "toxicity": 0.5}
    assert [(fault.kind, fault.params, fault.slot, fault.undo) for fault in faults] == [("lag", told, "", None)] * 3
    assert monkey.want(troop(3), Random("0")) == 3


def test_jitter_alone_is_slowness_enough() -> None:
    assert params(latency=0, jitter=50)["latency"] == 0


def test_a_whole_toxicity_is_a_number_like_any_other() -> None:
    assert params(toxicity=1)["toxicity"] == 1.0


@pytest.mark.parametrize(
    ("given_", "words"),
    [
        ({"latency": -1}, "latency: -1 is not a whole number of milliseconds of at least 0"),
        ({"latency": 1.5}, "latency: 1.5 is not a whole number of milliseconds"),
        ({"latency": "200"}, "latency: '200' is not a whole number of milliseconds"),
        ({"latency": True}, "latency: True is not a whole number of milliseconds"),
        ({"latency": None}, "latency: None is not a whole number of milliseconds"),
        ({"latency": 0}, "latency: 0 without jitter holds nothing up; write at least 1"),
        ({"jitter": -5}, "jitter: -5 is not a whole number of milliseconds"),
        ({"jitter": "5ms"}, "jitter: '5ms' is not a whole number of milliseconds"),
        ({"stream": "sideways"}, "stream: 'sideways' is not one of upstream, downstream"),
        ({"stream": ["upstream"]}, "stream: ['upstream'] is not one of upstream, downstream"),
        ({"toxicity": 0}, "toxicity: 0 is not a number above 0 and up to 1"),
        ({"toxicity": 1.01}, "toxicity: 1.01 is not a number above 0 and up to 1"),
        ({"toxicity": -0.5}, "toxicity: -0.5 is not a number above 0 and up to 1"),
        ({"toxicity": math.nan}, "toxicity: nan is not a number above 0 and up to 1"),
        ({"toxicity": True}, "toxicity: True is not a number above 0 and up to 1"),
        ({"toxicity": "1"}, "toxicity: '1' is not a number above 0 and up to 1"),
        ({"mode": "one-per-group"}, "mode: 'one-per-group' is not one of fixed: N"),
        ({"mode": {"fixed": 0}}, "mode.fixed: 0 is not a whole number of at least 1"),
        ({"mode": {"fixed-percent": 101}}, "mode.fixed-percent: 101 is not a whole number from 1 to 100"),
        ({"fault": ""}, "fault: '' is not the name of a fault kind"),
        ({"fault": 3}, "fault: 3 is not the name of a fault kind"),
    ],
)
def test_a_bad_parameter_is_named_with_its_value_and_what_is_allowed(given_: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the words are compared below
        LatencyMonkey(**given_)
    assert words in str(caught.value)


@given(
    st.integers(0, 10_000),
    st.integers(0, 10_000),
    st.sampled_from(["upstream", "downstream"]),
    st.floats(0, 1, exclude_min=True),
)
def test_what_is_allowed_is_proposed_as_it_was_said(latency: int, jitter: int, stream: str, toxicity: float) -> None:
    told = {"latency": latency or 1, "jitter": jitter, "stream": stream, "toxicity": toxicity}
    assert params(**told) == told


@given(st.integers(0, 12), st.text(max_size=5), st.randoms(use_true_random=False))
def test_the_same_seed_draws_the_whole_troop_the_same_whatever_its_order(size: int, seed: str, other: Random) -> None:
    targets = troop(size)
    first = [fault.target.id for fault in LatencyMonkey().propose(targets, Random(seed))]
    again = [fault.target.id for fault in LatencyMonkey().propose(other.sample(targets, size), Random(seed))]
    assert first == again
    assert sorted(first) == sorted(target.id for target in targets)
