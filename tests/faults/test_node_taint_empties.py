"""Whom a taint with NoExecute makes leave: which daemons too, and when its effect is there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simian_army.errors import Refused
from simian_army.faults.k8s.node_taint import NodeTaint
from simian_army.model import Fault, Json, Selector, Target
from tests.faults.crowd import Crowd, pod
from tests.faults.test_node_taint import FAULT, MARK, mark_of, node, with_effect


def emptied(*there: Target, others: tuple[Target, ...]) -> tuple[Crowd, NodeTaint, Fault]:
    """A node with a NoExecute taint of ours, the pods that are on it now, and those that were when it was judged."""
    port = node()
    kind, fault = NodeTaint(port), replace(with_effect("NoExecute"), others=others)
    fault = replace(fault, undo=kind.prepare(fault))
    kind.inject(fault, mark_of(fault))
    port.pods = {one.id: one for one in there}
    return port, kind, fault


def under(*tolerations: Json, name: str = "web", group: str = "shop/Deployment/web") -> Target:
    there = pod(name, group)
    return replace(there, facts={**there.facts, "spec.tolerations": list(tolerations) or None})


OTHER = {"key": "gpu", "operator": "Exists"}
ALL, OURS = {"operator": "Exists"}, {"key": "simian-army/taint", "operator": "Exists", "effect": "NoExecute"}


def test_no_execute_has_its_effect_once_all_that_do_not_tolerate_it_have_left() -> None:
    web, cart, logs = under(), under(OTHER, name="cart"), under(ALL, name="logs", group="shop/DaemonSet/logs")
    port, kind, fault = emptied(web, cart, logs, others=(web, cart, logs))
    seen = kind.observe(fault)
    assert (seen.holds, seen.under_way) == (False, True)
    assert seen.detail == "tainted, marked; 0 of 2 pods left, 2 stay: 2 of shop/Deployment/web"
    assert port.asked[-1] == Selector("pod", fields=(("spec.nodeName", "n1"),), facts=("spec.tolerations",))
    del port.pods[web.id]
    seen = kind.observe(fault)
    assert (seen.holds, seen.under_way) == (False, True), "one of two is not all"
    port.pods[cart.id] = replace(cart, facts={**cart.facts, "terminating": True})
    seen = kind.observe(fault)
    assert (seen.holds, seen.under_way) == (True, False)
    assert seen.detail == "tainted, marked; 2 pods left, 1 tolerate it"


@pytest.mark.parametrize(
    ("toleration", "stays"),
    [
        (ALL, True),
        (OURS, True),
        ({"key": "simian-army/taint", "effect": ""}, True),
        ({**OURS, "tolerationSeconds": 300}, True),
        ({**OURS, "tolerationSeconds": 0}, False),
        ({"key": "simian-army/taint", "value": "x"}, False),
        ({**OURS, "effect": "NoSchedule"}, False),
        ({"key": "", "operator": "Equal"}, False),
        ({"key": "simian-army/taint", "operator": "Lt", "value": "3"}, False),
        (OTHER, False),
    ],
)
def test_who_tolerates_the_taint_need_not_leave(toleration: Json, *, stays: bool) -> None:
    there = under(toleration)
    _, kind, fault = emptied(there, others=(there,))
    assert kind.observe(fault).holds is stays


@pytest.mark.parametrize(
    ("tolerations", "swept"),
    [
        ((), True),
        ((OTHER,), True),
        ((ALL,), False),
        ((OURS,), False),
        (({**OURS, "tolerationSeconds": 300},), True),
        (({**OURS, "tolerationSeconds": 300}, ALL), True),
        (({**OTHER, "tolerationSeconds": 1}, OURS), False),
    ],
    ids=str,
)
def test_a_daemon_is_swept_away_unless_it_tolerates_the_taint_for_good(
    tolerations: tuple[Json, ...], *, swept: bool
) -> None:
    logs = under(*tolerations, name="logs", group="shop/DaemonSet/logs")
    kind = NodeTaint(node())
    assert kind.sweeps(with_effect("NoExecute"), logs) is swept
    with pytest.raises(Refused, match="effect is 'noexecute'"):
        kind.sweeps(with_effect("noexecute"), logs)
    assert [kind.sweeps(with_effect(mild), logs) for mild in ("NoSchedule", "PreferNoSchedule")] == [False, False]


def test_where_nobody_was_to_leave_the_taint_is_the_effect() -> None:
    came, over = under(name="came"), pod("over", phase="Succeeded")
    file = pod("file", "", mirror=True)
    _, kind, fault = emptied(came, over, file, others=(over, file))
    seen = kind.observe(fault)
    assert (seen.holds, seen.detail) == (True, "tainted, marked; nobody there to leave")


def test_no_schedule_makes_nobody_leave_and_asks_for_no_pods() -> None:
    port = node()
    kind, fault = NodeTaint(port), replace(FAULT, others=(under(),))
    port.pods = {one.id: one for one in fault.others}
    kind.inject(fault, MARK)
    assert kind.observe(fault).holds and port.asked == []
