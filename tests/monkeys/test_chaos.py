"""Does the chaos monkey draw as many as asked, each target as likely as any other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monkeys.chaos import ChaosMonkey
from simian_army import Monkey, Target

BORN = datetime(2026, 1, 1, tzinfo=UTC)
Mode = Mapping[str, int] | str


def pod(name: str, group: str = "shop/Deployment/web") -> Target:
    return Target("kubernetes", "pod", f"uid-{name}", name, "shop", group, BORN, {})


def troop(size: int) -> list[Target]:
    return [pod(str(n)) for n in range(size)]


def want(mode: Mode, size: int, seed: object = 0) -> int:
    return ChaosMonkey(mode=mode).want(troop(size), Random(str(seed)))


def drawn(mode: Mode, targets: Sequence[Target], seed: object = 0) -> list[str]:
    return [fault.target.id for fault in ChaosMonkey(mode=mode).propose(targets, Random(str(seed)))]


@pytest.mark.parametrize(
    ("mode", "size", "expected"),
    [
        ({"fixed": 1}, 10, 1),
        ({"fixed": 7}, 3, 3),
        ({"fixed": 1}, 0, 0),
        ({"fixed-percent": 50}, 3, 1),
        ({"fixed-percent": 33}, 3, 0),
        ({"fixed-percent": 34}, 3, 1),
        ({"fixed-percent": 100}, 7, 7),
        ("all", 7, 7),
        ("all", 0, 0),
        ("one-per-group", 7, 1),
        ("one-per-group", 0, 0),
    ],
)
def test_a_mode_wants_so_many_of_so_many(mode: Mode, size: int, expected: int) -> None:
    assert want(mode, size) == expected


def test_random_max_percent_wants_everything_from_nothing_to_the_most() -> None:
    assert {want({"random-max-percent": 4}, 100, seed) for seed in range(200)} == {0, 1, 2, 3, 4}


def test_random_max_percent_draws_each_percent_equally_often() -> None:
    seen = Counter(want({"random-max-percent": 9}, 100, seed) for seed in range(5000))
    assert chi_square(seen, 10, 5000) < 27.9  # 9 degrees of freedom, p = 0.001; the seeds are fixed


@pytest.mark.parametrize(
    ("given_", "words"),
    [
        ({"mode": "some"}, "mode: 'some' is not one of fixed: N, fixed-percent: P"),
        ({"mode": "fixed"}, "mode: 'fixed' is not one of"),
        ({"mode": {}}, "mode: {} is not one of"),
        ({"mode": None}, "mode: None is not one of"),
        ({"mode": {"fixed": 1, "fixed-percent": 1}}, "is not one of"),
        ({"mode": {"fixd": 1}}, "mode: 'fixd' is not one of"),
        ({"mode": {"all": 1}}, "mode: 'all' is not one of"),
        ({"mode": {"fixed": 0}}, "mode.fixed: 0 is not a whole number of at least 1"),
        ({"mode": {"fixed": "2"}}, "mode.fixed: '2' is not a whole number of at least 1"),
        ({"mode": {"fixed": True}}, "mode.fixed: True is not a whole number of at least 1"),
        ({"mode": {"fixed": 1.5}}, "mode.fixed: 1.5 is not a whole number of at least 1"),
        ({"mode": {"fixed-percent": 101}}, "mode.fixed-percent: 101 is not a whole number from 1 to 100"),
        ({"mode": {"random-max-percent": -1}}, "mode.random-max-percent: -1 is not a whole number from 1 to 100"),
        ({"fault": ""}, "fault: '' is not the name of a fault kind"),
        ({"fault": 3}, "fault: 3 is not the name of a fault kind"),
        ({"params": [1]}, "params: [1] is not a mapping"),
    ],
)
def test_a_bad_parameter_is_named_with_its_value_and_what_is_allowed(given_: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the words are compared below
        ChaosMonkey(**given_)
    assert words in str(caught.value)


def test_a_fault_carries_the_kind_and_params_asked_for_and_no_slot() -> None:
    monkey: Monkey = ChaosMonkey("pod-delete", params={"grace": 0})
    assert monkey.needs.faults == ("pod-delete",)
    (fault,) = ChaosMonkey("pod-delete", params={"grace": 0}).propose(troop(1), Random("0"))
    assert (fault.kind, fault.params, fault.slot, fault.undo) == ("pod-delete", {"grace": 0}, "", None)


def test_the_whole_troop_is_proposed_so_that_a_denied_one_is_replaced() -> None:
    assert sorted(drawn({"fixed": 1}, troop(20))) == sorted(target.id for target in troop(20))


def test_the_dice_are_thrown_when_proposed_not_when_looked_at() -> None:
    rng = Random("0")
    proposals = ChaosMonkey().propose(troop(9), rng)
    rng.seed("other")
    assert [fault.target.id for fault in proposals] == drawn({"fixed": 1}, troop(9), 0)


def test_the_draw_of_a_seed_is_the_same_for_ever() -> None:
    assert drawn({"fixed": 1}, troop(5), "shop-eu/pods") == ["uid-3", "uid-0", "uid-1", "uid-2", "uid-4"]


MODES = st.sampled_from([{"fixed": 2}, {"fixed-percent": 40}, {"random-max-percent": 60}, "all", "one-per-group"])
TROOPS = st.lists(
    st.builds(pod, st.integers(0, 99).map(str), st.sampled_from(["", "a", "b", "c"])),
    unique_by=lambda t: t.id,
    max_size=20,
)


@given(MODES, TROOPS, st.text(max_size=5), st.randoms(use_true_random=False))
def test_the_same_seed_draws_the_same_whatever_the_order_of_the_troop(
    mode: Mode, targets: list[Target], seed: str, other: Random
) -> None:
    shuffled = other.sample(targets, len(targets))
    assert drawn(mode, shuffled, seed) == drawn(mode, targets, seed)
    monkey = ChaosMonkey(mode=mode)
    assert monkey.want(shuffled, Random(seed)) == monkey.want(targets, Random(seed))


@given(MODES, TROOPS, st.text(max_size=5))
def test_targets_are_distinct_and_never_fewer_than_wanted(mode: Mode, targets: list[Target], seed: str) -> None:
    ids = drawn(mode, targets, seed)
    assert sorted(ids) == sorted(target.id for target in targets)
    assert 0 <= ChaosMonkey(mode=mode).want(targets, Random(seed)) <= len(targets)


@given(TROOPS, st.text(max_size=5))
def test_one_per_group_tries_every_group_before_any_twice(targets: list[Target], seed: str) -> None:
    groups = Counter(target.group or target.id for target in targets)
    faults = list(ChaosMonkey(mode="one-per-group").propose(targets, Random(seed)))
    slots = [fault.slot for fault in faults]
    for turn in range(1, max(groups.values(), default=0) + 1):
        in_turn = [group for group, size in groups.items() if size >= turn]
        assert sorted(slots[: len(in_turn)]) == sorted(in_turn)
        del slots[: len(in_turn)]
    assert all(fault.slot == (fault.target.group or fault.target.id) for fault in faults)
    assert ChaosMonkey(mode="one-per-group").want(targets, Random(seed)) == len(groups)


def chi_square(seen: Counter[Any], cells: int, throws: int) -> float:
    expected = throws / cells
    return (sum((n - expected) ** 2 for n in seen.values()) + (cells - len(seen)) * expected**2) / expected


def test_every_target_comes_first_and_last_equally_often() -> None:
    draws = [drawn({"fixed": 1}, troop(10), seed) for seed in range(5000)]
    for place in (0, -1):
        assert chi_square(Counter(draw[place] for draw in draws), 10, 5000) < 27.9


def test_a_big_group_comes_first_no_more_often_than_a_small_one() -> None:
    targets = [pod(f"big-{n}", "big") for n in range(9)] + [pod("small", "small")]
    first = Counter(drawn("one-per-group", targets, seed)[0] == "uid-small" for seed in range(2000))
    assert chi_square(first, 2, 2000) < 10.8  # 1 degree of freedom, p = 0.001
