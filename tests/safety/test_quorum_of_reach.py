"""Whether the groups in reach of a fault can do without their members."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from safety.quorum import Quorum
from safety.spared import Spared
from simian_army.amounts import Amount
from simian_army.model import Fault, Health, Phase, Scene, Target
from simian_army.standing import SWEPT, Attempt, Floor

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NODE = Target("kubernetes", "node", "n", "n1", "", "", NOW, {})
WEB, CART = "shop/Deployment/web", "shop/Deployment/cart"
KINDS = {"node-drain": "reach", "pod-evict": "target", "node-cordon": "nobody"}


def pod(name: str, group: str = WEB, **facts: Any) -> Target:
    return Target(
        "kubernetes", "pod", name, name, "shop", group, NOW, {}, (), {"phase": "Running", **facts}, bool(group)
    )


def health(*up: str, wanted: int = 0, **more: Any) -> Health:
    total = wanted or len(up)
    return Health(len(up) >= total, len(up), total, f"{len(up)} of {total} are ready", up=frozenset(up), **more)


FOUR = health("w1", "w2", "w3", "w4")


def scene(*reach: Target, stand: dict[str, Health] | None = None, recent: tuple[Attempt, ...] = ()) -> Scene:
    fault = Fault("node-drain", NODE)
    return Scene(
        NOW, "f", "chaos", "e", fault, recent=recent, reach=reach, stand={WEB: FOUR} if stand is None else stand
    )


def attempt(kind: str, target: str, group: str, phase: Phase = Phase.OBSERVED) -> Attempt:
    return Attempt("r", "e", kind, target, group, "shop", NOW, phase, open=True, name=f"pod shop/{target}")


def said(one: Scene, **rules: Any) -> tuple[bool, str]:
    verdict = Quorum(KINDS, **rules)(one)
    return verdict.allowed, verdict.reason


def test_every_group_must_do_without_all_that_go() -> None:
    assert said(scene(pod("w1"), pod("w2"), pod("w3"))) == (True, "all 1 groups in reach can do without")
    allowed, why = said(scene(pod("w1"), pod("w2"), pod("w3"), pod("w4")))
    assert not allowed and "0 would stay, 1 must (keep 1)" in why
    assert not said(scene(pod("w1"), pod("w2")), keep=Amount(3))[0]


def test_one_group_that_cannot_denies_all_and_is_named() -> None:
    lone = health("c1")
    allowed, why = said(scene(pod("w1"), pod("c1", CART), stand={WEB: FOUR, CART: lone}))
    assert not allowed and "1 of 1 are ready: it has no peer (spare_lone)" in why


@pytest.mark.parametrize(
    "spared",
    [
        pod("d", "shop/DaemonSet/agent"),
        pod("m", mirror=True),
        pod("s", phase="Succeeded"),
        pod("t", terminating=True),
        pod("b", ""),
    ],
    ids=lambda one: one.name,
)
def test_who_does_not_go_is_not_counted(spared: Target) -> None:
    assert said(scene(pod("w1"), spared)) == (True, "all 1 groups in reach can do without")


def test_a_daemonset_whose_pod_is_swept_away_must_do_without_it() -> None:
    agent = "shop/DaemonSet/agent"
    swept = pod("d1", agent, **{SWEPT: True})
    assert said(scene(swept, stand={agent: health("d1", "d2")}))[0]
    allowed, why = said(scene(swept, stand={agent: health("d1", "d2", wanted=3)}))
    assert not allowed and "2 of 3 are ready before the fault" in why
    assert said(scene(swept, stand={})) == (False, f"how {agent} stands was not told")


def test_a_budget_must_have_room_for_all_that_go() -> None:
    def room(count: int | None) -> dict[str, Health]:
        return {WEB: replace(FOUR, floors=(Floor("PDB", count, f"PDB: {count} allowed"),))}

    assert said(scene(pod("w1"), pod("w2"), stand=room(2)))[0]
    allowed, why = said(scene(pod("w1"), pod("w2"), stand=room(1)))
    assert not allowed and "PDB: 1 allowed; 2 would go at once" in why
    assert not said(scene(pod("w1"), stand=room(None)))[0]


def test_what_we_struck_before_and_is_not_missed_yet_counts_as_gone() -> None:
    struck = attempt("pod-evict", "w4", WEB)
    assert said(scene(pod("w1"), pod("w2"), recent=(struck,)))[0]
    allowed, why = said(scene(pod("w1"), pod("w2"), pod("w3"), recent=(struck,)))
    assert not allowed and "of these 1 are struck by us and not missed yet, 0 would stay" in why


def test_who_was_struck_before_and_goes_now_needs_room_but_once() -> None:
    struck = attempt("pod-evict", "w1", WEB)
    two = {WEB: replace(FOUR, floors=(Floor("PDB", 2, "PDB: 2 allowed"),))}
    assert said(scene(pod("w1"), pod("w2"), stand=two, recent=(struck,)))[0]
    allowed, why = said(scene(pod("w2"), pod("w3"), stand=two, recent=(struck,)))
    assert not allowed and "PDB: 2 allowed; 2 would go at once; of ours 1 are not missed yet" in why
    both = (struck, attempt("pod-evict", "w4", WEB))
    assert "; 2 would go at once; of ours 1 are not" in said(scene(pod("w1"), pod("w2"), stand=two, recent=both))[1]


@pytest.mark.parametrize(("struck", "allowed"), [("w1", False), ("w3", False), ("elsewhere", True)])
def test_of_those_who_may_go_the_worst_do(struck: str, *, allowed: bool) -> None:
    """Of w1 and w2 one goes, of four three must stay. Had we struck w1, w2 would be the one that is missed as well."""
    ours = (attempt("pod-evict", struck, WEB),)
    one = replace(scene(pod("w1"), pod("w2"), recent=ours), at_most=1)
    assert said(one, keep=Amount(3))[0] is allowed


def test_the_target_of_a_fault_that_stops_whom_it_reaches_is_no_member() -> None:
    partition = attempt("node-drain", "w4", WEB)
    assert said(scene(pod("w1"), pod("w2"), pod("w3"), recent=(partition,)))[0]
    assert not said(scene(pod("w1"), pod("w2"), pod("w3"), recent=(attempt("pod-evict", "w4", WEB),)))[0]


def test_a_group_that_lacks_members_is_spared() -> None:
    lacking = health("w1", "w2", wanted=4)
    allowed, why = said(scene(pod("w1"), stand={WEB: lacking}))
    assert not allowed and "(whole)" in why
    assert said(scene(pod("w1"), stand={WEB: lacking}), whole=False)[0]


def test_whose_state_nobody_told_is_a_no() -> None:
    assert said(scene(pod("w1"), stand={})) == (False, f"how {WEB} stands was not told")
    assert said(replace(scene(pod("w1")), stand=None)) == (False, "how the groups in reach stand was not asked")
    assert said(replace(scene(pod("w1")), reach=None))[0] is False
    unknown = Health(None, 0, 0, "cannot tell: it is gone")
    assert not said(scene(pod("w1"), stand={WEB: unknown}))[0]


def test_who_is_never_stopped_is_not_stopped_by_way_of_its_node() -> None:
    spared = Spared.of("role=leader", ordinal_zero=False)
    leader = replace(pod("w1"), labels={"role": "leader"})
    allowed, why = said(scene(leader, pod("w2")), spared=spared)
    assert not allowed and why == "pod shop/w1: pod shop/w1 matches role=leader (spare.labels)"
    assert said(scene(pod("w2")), spared=spared)[0]


def test_ten_noes_are_named_and_the_rest_is_counted() -> None:
    groups = [f"shop/Deployment/g{number:02}" for number in range(14)]
    stand = {group: replace(health(f"p{group}"), detail=f"{group} has 1") for group in groups}
    allowed, why = said(scene(*(pod(f"p{group}", group) for group in groups), stand=stand))
    assert not allowed
    assert "and 18 more" in why and "g00 has 1" in why and "g13" not in why


def test_ten_noes_are_all_of_ten() -> None:
    groups = [f"shop/Deployment/g{number:02}" for number in range(10)]
    stand = {group: replace(health(f"p{group}"), detail=f"{group} has 1") for group in groups}
    _, why = said(scene(*(pod(f"p{group}", group) for group in groups), stand=stand), keep=Amount(0))
    assert "g09 has 1" in why and " more" not in why


def test_while_such_a_fault_begins_no_other_is_allowed() -> None:
    begun = attempt("node-drain", "n2", "", Phase.INTENDED)
    allowed, why = said(scene(pod("w1"), recent=(begun,)))
    assert not allowed and why.startswith("node-drain on pod shop/n2 has just begun: whom it stops is not counted yet")
    assert said(scene(pod("w1"), recent=(replace(begun, name=""),)))[1].startswith("node-drain on n2 has just begun")
    evict = replace(scene(recent=(begun,)), fault=Fault("pod-evict", pod("w1")), health=FOUR)
    assert not said(evict)[0]
    later = replace(begun, phase=Phase.OBSERVED)
    assert said(replace(evict, recent=(later,)))[0], "by then its effect is in the health"


def test_whom_a_fault_stops_may_depend_on_its_params() -> None:
    by = {"node-drain": lambda fault: "nobody" if fault.params else "reach"}
    mild = scene(pod("w1"), stand={})
    assert not said(mild, stops_by=by)[0]
    mild = replace(mild, fault=replace(mild.fault, params={"mild": True}))
    assert said(mild, stops_by=by) == (True, "not applicable: node-drain stops nobody")
