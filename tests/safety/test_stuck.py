"""Does a fault that could not be reverted stop its group, its kind, and with enough of them the fleet."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from safety.stuck import Stuck
from simian_army.contract import Guard
from simian_army.model import Phase, Target, Verdict
from simian_army.standing import Attempt
from tests.safety.scenes import HOUR, NOW, WEB, attempt, node, pod, scene

GUARD: Guard = Stuck(3)
CART = "shop/Deployment/cart"


def stuck(group: str = WEB, kind: str = "node-cordon", target: str = "uid-x", *, still: bool = True) -> Attempt:
    made = attempt(target, group, HOUR, Phase.STUCK, still=still)
    return replace(made, run=f"run-{target}", kind=kind, name=f"node {target}", since=NOW - timedelta(minutes=5))


def ask(*recent: Attempt, target: Target | None = None, kind: str = "pod-evict", most: int = 3) -> Verdict:
    target = target or pod("web-1")
    return Stuck(most)(scene(target, kind, recent=recent, peers=(target,)))


def test_nothing_stuck_no_word() -> None:
    assert ask(attempt(still=True)).reason == "nothing is stuck"


def test_its_group_is_denied_and_the_reason_names_run_target_time_and_the_way_out() -> None:
    verdict = ask(stuck())
    assert not verdict.allowed
    assert not verdict.final
    assert verdict.reason == (
        "run run-uid-x: node-cordon on node uid-x could not be reverted, stuck since 2026-03-04 11:55:00+00:00; "
        "`simian revert run-uid-x --force --reason TEXT` closes it"
    )


def test_its_kind_is_denied_in_every_group() -> None:
    assert not ask(stuck(CART, "pod-evict")).allowed
    assert ask(stuck(CART)).allowed
    assert "elsewhere is stuck" in ask(stuck(CART)).reason


def test_a_node_is_of_one_group_with_all_nodes_here() -> None:
    here, there = node("n1"), node("n2")
    verdict = Stuck(3)(scene(here, "node-taint", recent=[stuck("", "node-cordon", there.id)], peers=(here, there)))
    assert not verdict.allowed


def test_what_of_it_cannot_be_read_is_taken_to_be_alike() -> None:
    assert not ask(stuck("", "")).allowed


def test_with_max_stuck_of_them_everything_is_denied_and_that_is_final() -> None:
    elsewhere = [stuck(f"far/Deployment/{n}", f"kind-{n}", f"t{n}") for n in range(3)]
    assert ask(*elsewhere[:2]).allowed
    verdict = ask(*elsewhere)
    assert not verdict.allowed and verdict.final
    assert verdict.reason.startswith("3 faults are stuck, 3 stop the whole fleet (max_stuck): run run-t0: ")


def test_what_was_stuck_and_is_over_stops_nothing() -> None:
    assert ask(stuck(still=False)).allowed


@given(
    st.lists(
        st.builds(
            lambda n, group, kind, phase, still: replace(stuck(group, kind, f"t{n}", still=still), phase=phase),
            st.integers(0, 9),
            st.sampled_from([WEB, CART]),
            st.sampled_from(["pod-evict", "node-cordon"]),
            st.sampled_from([Phase.STUCK, Phase.INJECTED, Phase.REVERTED]),
            st.booleans(),
        ),
        max_size=8,
    ),
    st.integers(1, 5),
)
def test_it_counts_as_documented(recent: list[Attempt], most: int) -> None:
    held = [one for one in recent if one.open and one.phase is Phase.STUCK]
    near = [one for one in held if one.kind == "pod-evict" or one.group == WEB]
    verdict = ask(*recent, most=most)
    assert verdict.final is (len(held) >= most)
    assert verdict.allowed is (len(held) < most and not near)
    if not verdict.allowed:
        assert "--force" in verdict.reason
