"""Does a bad outcome stop its group, and nothing else, until somebody says why."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety.line import GOES_ON, Line
from simian_army.model import Phase, Target, Verdict
from simian_army.standing import Attempt, Stopped
from tests.safety.scenes import HOUR, NOW, WEB, attempt, instance, node, pod, scene

CART = "shop/Deployment/cart"
STOPPED = Stopped(NOW - timedelta(days=40), "not seen whole within 300 s: 1 of 4 pods are ready")


def bad(group: str = WEB, target: str = "uid-x", *, ago: timedelta = HOUR) -> Attempt:
    made = attempt(target, group, ago, Phase.CLOSED)
    return replace(made, run=f"run-{target}", name=f"pod {target}", line=STOPPED)


def ask(*recent: Attempt, target: Target | None = None, reach: tuple[Target, ...] = ()) -> Verdict:
    return Line()(scene(target or pod("web-1"), recent=recent, reach=reach))


def test_where_no_line_is_stopped_there_is_no_word() -> None:
    assert ask(attempt()) is GOES_ON


def test_its_group_is_denied_and_the_reason_names_run_outcome_since_when_and_the_command() -> None:
    verdict = ask(bad())
    assert not verdict.allowed
    assert not verdict.final, "another group fares better"
    assert verdict.reason == (
        "the line of shop/Deployment/web is stopped since 2026-01-23 12:00:00+00:00: run run-uid-x "
        "(pod-evict on pod uid-x) came out badly: not seen whole within 300 s: 1 of 4 pods are ready; "
        "`simian analyse run-uid-x` lets it go on"
    )


def test_other_groups_go_on() -> None:
    verdict = ask(bad(CART))
    assert verdict.allowed
    assert verdict.reason == "not applicable: elsewhere 1 lines are stopped"


def test_it_is_stopped_however_long_ago() -> None:
    assert not ask(bad(ago=timedelta(days=400))).allowed


def test_what_has_no_group_is_a_line_of_its_own() -> None:
    here, there = node("n1"), node("n2")
    assert not ask(bad("", here.id), target=here).allowed
    assert ask(bad("", there.id), target=here).allowed
    lone = instance()
    assert not ask(bad("", lone.id), target=lone).allowed


def test_a_fault_that_harms_a_stopped_group_is_denied_too() -> None:
    carried = pod("cart-1", group=CART)
    assert not ask(bad(CART), target=node("n1"), reach=(carried,)).allowed
    assert ask(bad(CART), target=node("n1"), reach=(replace(carried, facts={"phase": "Succeeded"}),)).allowed


def test_every_run_that_stopped_it_is_named_up_to_five() -> None:
    reason = ask(*(bad(target=f"t{number}") for number in range(7))).reason
    assert reason.count("`simian analyse ") == 5
    assert reason.endswith("; and 2 more")


groups = st.sampled_from([WEB, CART, "far/Deployment/x"])


@given(st.lists(st.tuples(groups, st.booleans()), max_size=6), groups, st.lists(groups, max_size=3))
def test_it_denies_exactly_what_a_stopped_group_would_feel(
    past: list[tuple[str, bool]], mine: str, reached: list[str]
) -> None:
    recent = [replace(bad(group, f"t{n}"), line=STOPPED if line else None) for n, (group, line) in enumerate(past)]
    reach = tuple(pod(f"other-{n}", group=group) for n, group in enumerate(reached))
    stopped = {group for group, line in past if line}
    assert ask(*recent, target=pod(group=mine), reach=reach).allowed is not bool(stopped & {mine, *reached})


def test_a_group_in_the_reach_of_a_bad_one_that_was_not_seen_whole_is_stopped_too() -> None:
    struck = node("n1")
    drained = replace(bad("", struck.id), line=replace(STOPPED, groups=(WEB,)))
    verdict = ask(drained)
    assert not verdict.allowed
    assert verdict.reason.startswith(f"the line of pod {struck.id}, {WEB} is stopped since ")
    assert not ask(drained, target=struck).allowed
    assert ask(drained, target=pod("cart-1", group=CART)).allowed
    assert not ask(drained, target=node("n2"), reach=(pod("web-1"),)).allowed


@pytest.mark.parametrize(("many", "more"), [(4, ""), (5, ""), (6, " and 1 more"), (9, " and 4 more")])
def test_the_other_groups_whose_line_a_run_stopped_are_named_up_to_five(many: int, more: str) -> None:
    others = tuple(f"shop/Deployment/o{number}" for number in range(many))
    reason = ask(replace(bad(), line=replace(STOPPED, groups=others))).reason
    assert reason.startswith(f"the line of {', '.join([WEB, *others[:5]])}{more} is stopped since ")
