from __future__ import annotations

import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simian_army import marks
from simian_army.contract import FaultKind
from simian_army.errors import Conflict, Refused
from simian_army.faults.k8s.node_taint import NodeTaint
from simian_army.model import Fault, Json, Mark, Selector, Target
from simian_army.standing import stops
from tests.faults.crowd import Crowd

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NODE = Target("kubernetes", "node", "u1", "n1", "", "", NOW, {})
TAINT = {"key": "simian-army/taint", "effect": "NoSchedule"}
THEIRS = {"key": "gpu", "effect": "NoSchedule", "value": "yes"}
FAULT = Fault("node-taint", NODE, undo={"taint": TAINT}, hold=timedelta(minutes=5))


def mark_of(fault: Fault = FAULT, run: str = "run-1") -> Mark:
    return marks.sign(b"key", "fleet", run, fault, NOW)


MARK = mark_of()


def node(*taints: Json, **metadata: Any) -> Crowd:
    spec = {"a": 1, **({"taints": [dict(taint) for taint in taints]} if taints else {})}
    port = Crowd()
    port.obj = {"metadata": {"name": "n1", "uid": "u1", "resourceVersion": "1", **metadata}, "spec": spec}
    return port


def nowhere() -> Crowd:
    port = Crowd()
    port.obj = None
    return port


def body(port: Crowd) -> dict[str, Any]:
    assert port.obj is not None
    return port.obj


def unchanged(port: Crowd, before: dict[str, Any]) -> bool:
    after = copy.deepcopy(body(port))
    after["metadata"]["resourceVersion"] = before["metadata"]["resourceVersion"]
    return after == before


def with_effect(effect: str, **more: Any) -> Fault:
    return replace(FAULT, params={"effect": effect, **more})


def test_a_taint_reaches_every_pod_bound_to_the_node() -> None:
    kind: FaultKind = NodeTaint(node())
    assert kind.reach(FAULT) == Selector("pod", fields=(("spec.nodeName", "n1"),), facts=("spec.tolerations",))


def test_only_no_execute_stops_anybody() -> None:
    kind = NodeTaint(node())
    assert [stops(kind, with_effect(effect)) for effect in ("NoSchedule", "PreferNoSchedule", "NoExecute")] == [
        "nobody",
        "nobody",
        "reach",
    ]
    assert stops(kind, FAULT) == "nobody"
    assert stops(kind, with_effect("noexecute")) == "reach", "what is not known is taken for the worst"


def test_preparing_changes_nothing_and_says_which_taint_is_to_go() -> None:
    port = node()
    assert NodeTaint(port).prepare(FAULT) == {"taint": TAINT}
    told = replace(FAULT, params={"key": "x.io/y", "value": "z", "effect": "PreferNoSchedule"})
    assert NodeTaint(port).prepare(told) == {"taint": {"key": "x.io/y", "value": "z", "effect": "PreferNoSchedule"}}
    assert port.acts == []


@pytest.mark.parametrize("theirs", [(), (THEIRS,), (THEIRS, {"key": "b", "effect": "NoExecute"})])
def test_a_taint_is_marked_in_the_same_write_and_wholly_undone(theirs: tuple[Json, ...]) -> None:
    port = node(*theirs)
    before, kind = copy.deepcopy(body(port)), NodeTaint(port)
    kind.inject(FAULT, MARK)
    assert port.acts == [("patch", "u1")]
    assert body(port)["spec"]["taints"] == [*theirs, TAINT]
    assert marks.from_text(marks.found(body(port)) or "") == MARK
    assert kind.observe(FAULT).holds
    proof = kind.revert(FAULT, MARK)
    assert (proof.holds, proof.detail) == (True, "taint removed, mark removed; read back")
    assert unchanged(port, before)
    assert not kind.observe(FAULT).holds


def test_a_taint_of_others_that_came_meanwhile_stays() -> None:
    port = node()
    kind = NodeTaint(port)
    kind.inject(FAULT, MARK)
    body(port)["spec"]["taints"].insert(0, THEIRS)
    assert kind.revert(FAULT, MARK).holds
    assert body(port)["spec"]["taints"] == [THEIRS]


def test_a_taint_that_the_server_dated_is_ours_still() -> None:
    port = node()
    kind = NodeTaint(port)
    kind.inject(FAULT, MARK)
    body(port)["spec"]["taints"][0]["timeAdded"] = "2026-01-01T00:00:00Z"
    assert kind.observe(FAULT).holds
    assert kind.revert(FAULT, MARK).holds
    assert "taints" not in body(port)["spec"]


def test_a_taint_that_somebody_changed_is_kept_and_only_our_mark_goes() -> None:
    port = node()
    kind = NodeTaint(port)
    kind.inject(FAULT, MARK)
    body(port)["spec"]["taints"][0]["value"] = "changed"
    proof = kind.revert(FAULT, MARK)
    assert proof.holds and "another by someone: kept" in proof.detail
    assert body(port)["spec"]["taints"] == [{**TAINT, "value": "changed"}]
    assert not marks.bears(body(port))


def test_a_taint_whose_mark_others_took_away_stays() -> None:
    port = node()
    kind = NodeTaint(port)
    kind.inject(FAULT, MARK)
    for part in ("labels", "annotations"):
        del body(port)["metadata"][part]
    proof = kind.revert(FAULT, MARK)
    assert proof.holds and "someone took over, kept" in proof.detail
    assert body(port)["spec"]["taints"] == [TAINT]


def test_reverting_twice_is_reverting_once_and_what_never_was_is_not_touched() -> None:
    port = node(THEIRS)
    kind = NodeTaint(port)
    assert kind.revert(FAULT, MARK).holds and port.acts == []
    kind.inject(FAULT, MARK)
    assert kind.revert(FAULT, MARK).holds and kind.revert(FAULT, MARK).holds
    assert len(port.acts) == 2


def test_a_revert_tries_again_when_the_node_changes_and_says_so_when_it_never_gets_through() -> None:
    port = node()
    kind = NodeTaint(port)
    kind.inject(FAULT, MARK)
    port.before_patch = [port.touch] * 4
    assert kind.revert(FAULT, MARK).holds
    kind.inject(FAULT, MARK)
    port.before_patch = [port.touch] * 9
    proof = kind.revert(FAULT, MARK)
    assert not proof.holds and "changed 5 times" in proof.detail


def test_a_taint_that_is_there_already_is_not_ours() -> None:
    port = node({**TAINT, "value": "theirs"})
    with pytest.raises(Refused, match="simian-army/taint:NoSchedule already"):
        NodeTaint(port).prepare(FAULT)
    with pytest.raises(Refused, match="simian-army/taint:NoSchedule already"):
        NodeTaint(port).inject(FAULT, MARK)
    assert port.acts == []


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ({"effect": "Nothing"}, "effect is 'Nothing', give NoSchedule"),
        ({"effect": 3}, "effect is 3, give text"),
        ({"key": "node.kubernetes.io/unschedulable"}, "Kubernetes' own"),
        ({"key": "a b"}, "is no taint"),
        ({"value": "a/b"}, "is no taint"),
        ({"keys": "a"}, "knows no parameter keys; known: key, value, effect"),
    ],
)
def test_parameters_that_make_no_taint_are_refused(params: Json, why: str) -> None:
    with pytest.raises(Refused, match=why):
        NodeTaint(node()).prepare(replace(FAULT, params=params))


@pytest.mark.parametrize(("port", "why"), [(nowhere(), "gone"), (node(uid="another"), "gone")])
def test_a_node_that_is_gone_is_refused(port: Crowd, why: str) -> None:
    with pytest.raises(Refused, match=why):
        NodeTaint(port).prepare(FAULT)
    assert NodeTaint(port).revert(FAULT, MARK).holds
    assert not NodeTaint(port).observe(FAULT).holds


def test_a_node_held_by_another_fault_is_refused() -> None:
    with pytest.raises(Refused, match="another fault holds it"):
        NodeTaint(node(labels={marks.HELD: "true"})).prepare(FAULT)


def test_a_node_that_changes_while_it_is_tainted_is_left_alone() -> None:
    port = node()
    port.before_patch = [port.touch]
    with pytest.raises(Conflict):
        NodeTaint(port).inject(FAULT, MARK)
    assert "taints" not in body(port)["spec"]


def test_no_execute_is_refused_where_a_pod_would_not_come_back() -> None:
    bare = Target("kubernetes", "pod", "p1", "bare", "shop", "", NOW, {})
    mirror = replace(bare, id="p2", facts={"mirror": True})
    kind = NodeTaint(node())
    with pytest.raises(Refused, match="no controller makes pod shop/bare anew"):
        kind.prepare(replace(with_effect("NoExecute"), others=(mirror, bare)))
    assert kind.prepare(replace(with_effect("NoExecute"), others=(mirror,)))
    assert kind.prepare(replace(FAULT, others=(bare,)))
