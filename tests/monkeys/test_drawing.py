"""Is what the monkeys share of chance the same for each of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monkeys.chaos import ChaosMonkey
from monkeys.drawing import by_group, drawn, wanted
from monkeys.latency import LatencyMonkey
from simian_army import Fault, Target


def troop(groups: Sequence[str]) -> list[Target]:
    return [Target("toxiproxy", "proxy", f"uid-{n}", str(n), "", group, None, {}) for n, group in enumerate(groups)]


def ids(targets: Iterable[Target]) -> list[str]:
    return [target.id for target in targets]


def struck(faults: Iterable[Fault]) -> list[str]:
    return ids(fault.target for fault in faults)


def test_the_draw_by_group_of_a_seed_is_the_same_for_ever() -> None:
    assert ids(by_group(troop("aabbc"), Random("shop-eu/pods"))) == ["uid-3", "uid-4", "uid-0", "uid-2", "uid-1"]


@given(st.lists(st.sampled_from(["", "a", "b"]), max_size=12), st.text(max_size=5))
def test_both_monkeys_draw_the_same_of_a_seed(groups: list[str], seed: str) -> None:
    targets = troop(groups)
    for mode in ({"fixed": 3}, {"random-max-percent": 70}, "all"):
        chaos, latency = ChaosMonkey("proxy-latency", mode), LatencyMonkey(mode=mode)
        assert struck(chaos.propose(targets, Random(seed))) == struck(latency.propose(targets, Random(seed)))
        assert chaos.want(targets, Random(seed)) == latency.want(targets, Random(seed))
    assert ids(drawn(targets, Random(seed))) == struck(LatencyMonkey().propose(targets, Random(seed)))


@given(st.lists(st.sampled_from(["", "a", "b"]), max_size=12), st.text(max_size=5))
def test_a_troop_by_group_is_the_troop(groups: list[str], seed: str) -> None:
    targets = troop(groups)
    assert sorted(ids(by_group(targets, Random(seed)))) == sorted(ids(targets))
    assert targets == troop(groups)


def test_one_per_group_is_a_mode_only_where_it_is_offered() -> None:
    assert wanted("one-per-group", grouped=True)(troop(["a", "a", ""]), Random("0")) == 2
    with pytest.raises(ValueError, match=r"mode: 'one-per-group' is not one of fixed: N, .*, all$"):
        wanted("one-per-group")
