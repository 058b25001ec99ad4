from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simian_army import marks
from simian_army.contract import FaultKind
from simian_army.errors import Conflict, Refused
from simian_army.faults.k8s.leaving_all import evictable
from simian_army.faults.k8s.node_drain import NodeDrain
from simian_army.model import Fault, Selector, Target
from simian_army.standing import stops
from tests.faults.crowd import Crowd, pod

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NODE = Target("kubernetes", "node", "u1", "n1", "", "", NOW, {})
UNDO = {"unschedulable": False}


WEB, CART = pod("web"), pod("cart", "shop/Deployment/cart")
FAULT = Fault("node-drain", NODE, undo=UNDO, hold=timedelta(minutes=5), others=(WEB, CART))
MARK = marks.sign(b"key", "fleet", "run-1", FAULT, NOW)


def test_a_drain_stops_whom_it_reaches_which_is_every_pod_on_the_node() -> None:
    kind: FaultKind = NodeDrain(Crowd())
    assert kind.reach(FAULT) == Selector("pod", fields=(("spec.nodeName", "n1"),))
    assert (kind.strikes, kind.reversible, kind.replaces, stops(kind)) == ("node", True, True, "reach")


def test_the_node_is_cordoned_before_anybody_is_evicted_and_given_back_whole() -> None:
    port = Crowd(WEB, CART)
    kind = NodeDrain(port)
    assert kind.prepare(FAULT) == UNDO
    kind.inject(replace(FAULT, params={"grace": 3}), MARK)
    assert port.acts == [("patch", "u1"), ("evict", "uid-web", 3), ("evict", "uid-cart", 3)]
    assert port.ends == [MARK.deadline]
    seen = kind.observe(FAULT)
    assert (seen.holds, seen.detail) == (True, "cordoned, marked; 2 of 2 pods evicted")
    assert kind.revert(FAULT, MARK).holds
    assert port.obj is not None and "unschedulable" not in port.obj["spec"] and not marks.bears(port.obj)


def test_a_node_that_could_not_be_cordoned_evicts_nobody() -> None:
    port = Crowd(WEB, CART)
    port.before_patch = [port.touch]
    with pytest.raises(Conflict):
        NodeDrain(port).inject(FAULT, MARK)
    assert set(port.pods) == {"uid-web", "uid-cart"}


def test_only_those_whom_the_guards_were_shown_are_evicted() -> None:
    port = Crowd(WEB, CART, pod("late"))
    NodeDrain(port).inject(FAULT, MARK)
    assert set(port.pods) == {"uid-late"}


@pytest.mark.parametrize(
    "spared",
    [
        pod("daemon", "shop/DaemonSet/log-agent"),
        pod("static", mirror=True),
        pod("done", phase="Succeeded"),
        pod("failed", phase="Failed"),
        pod("leaving", terminating=True),
        pod("bare", ""),
        pod("ours", labels={"app.kubernetes.io/name": "simian-army"}),
        replace(pod("x"), kind="node"),
    ],
    ids=lambda one: one.name,
)
def test_who_is_spared(spared: Target) -> None:
    assert evictable([WEB, spared]) == [WEB]


def test_what_a_budget_keeps_is_named_and_one_that_goes_is_an_effect() -> None:
    port = Crowd(WEB, CART, noes={"uid-cart": Refused("PDB")})
    kind = NodeDrain(port)
    kind.inject(FAULT, MARK)
    seen = kind.observe(FAULT)
    assert seen.holds
    assert seen.detail == "cordoned, marked; 1 of 2 pods evicted, 1 stay: 1 of shop/Deployment/cart"


def test_when_nobody_goes_there_is_no_effect_though_the_node_is_cordoned() -> None:
    port = Crowd(WEB, CART, noes={"uid-web": Refused("PDB"), "uid-cart": Refused("PDB")})
    kind = NodeDrain(port)
    kind.inject(FAULT, MARK)
    assert not kind.observe(FAULT).holds


def test_an_empty_node_is_drained_by_its_cordon() -> None:
    port = Crowd()
    kind, empty = NodeDrain(port), replace(FAULT, others=())
    kind.inject(empty, MARK)
    assert kind.observe(empty).holds
    assert port.asked == [], "nobody is looked for where nobody was"


def test_a_node_that_somebody_uncordoned_is_no_drained_one() -> None:
    port = Crowd(WEB)
    kind = NodeDrain(port)
    kind.inject(FAULT, MARK)
    assert port.obj is not None
    del port.obj["spec"]["unschedulable"]
    assert not kind.observe(FAULT).holds


@pytest.mark.parametrize(("params", "why"), [({"grace": "3"}, "whole number of seconds"), ({"force": True}, "force")])
def test_parameters_that_make_no_sense_are_refused(params: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=why):
        NodeDrain(Crowd()).prepare(replace(FAULT, params=params))
