from __future__ import annotations

import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simian_army import marks
from simian_army.contract import FaultKind
from simian_army.errors import Conflict, PlatformError, Refused
from simian_army.faults.k8s.scale_down import ScaleDown
from simian_army.model import Fault, Json, Mark, Selector, Target
from simian_army.standing import at_most, stops, struck
from tests.faults.nearby import NearPort

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FACTS = {"replicas": 5, "selects": "app=web"}
WEB = Target("kubernetes", "deployment", "u1", "web", "shop", "shop/Deployment/web", NOW, {}, facts=FACTS)
UNDO = {"replicas": 5, "to": 2, "owners": []}
FAULT = Fault("scale-down", WEB, {"to": 2}, undo=UNDO, hold=timedelta(minutes=5))


def mark_of(run: str = "run-1") -> Mark:
    return marks.sign(b"key", "fleet", run, FAULT, NOW)


MARK = mark_of()


def web(replicas: int = 5, **others: list[dict[str, Any]]) -> NearPort:
    metadata = {"name": "web", "uid": "u1", "namespace": "shop", "resourceVersion": "1", "generation": 1}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}}
    status = {"replicas": replicas, "observedGeneration": 1}
    return NearPort({"metadata": metadata, "spec": spec, "status": status}, **others)


def body(port: NearPort) -> dict[str, Any]:
    assert port.obj is not None
    return port.obj


def unchanged(port: NearPort, before: Json) -> bool:
    after = copy.deepcopy(body(port))
    after["metadata"]["resourceVersion"] = before["metadata"]["resourceVersion"]
    return after == before


def autoscaler(least: int | None = 3, kind: str = "Deployment", name: str = "web") -> dict[str, Any]:
    whom = {"apiVersion": "apps/v1", "kind": kind, "name": name}
    spec = {"scaleTargetRef": whom, "maxReplicas": 9, **({} if least is None else {"minReplicas": least})}
    return {"metadata": {"name": "web-hpa", "uid": "h1"}, "spec": spec}


def replicaset(mark: str, owner: str = "u1", app: str = "web") -> dict[str, Any]:
    refs = [{"kind": "Deployment", "name": "web", "uid": owner, "controller": True}]
    metadata = {"name": "web-1", "uid": f"r-{owner}", "labels": {"app": app}, "ownerReferences": refs}
    return {"metadata": {**metadata, "annotations": {marks.FAULT: mark, "kept": "yes"}}}


def test_it_strikes_deployments_and_statefulsets_and_harms_every_pod_of_theirs() -> None:
    kind: FaultKind = ScaleDown(web())
    assert struck(kind) == ("deployment", "statefulset")
    assert kind.reach(FAULT) == Selector("pod", ("shop",), "app=web")
    assert stops(kind, FAULT) == "reach"


def test_as_many_go_as_are_not_to_stay() -> None:
    kind = ScaleDown(web())
    tried = {0: 5, 2: 3, 5: 0, 9: 0, "50%": 2, "20%": 4, "100%": 0}
    assert {to: at_most(kind, replace(FAULT, params={"to": to})) for to in tried} == tried
    assert at_most(kind, replace(FAULT, params={})) == 5, "without a word, none stays"


def test_what_cannot_be_told_of_a_workload_is_doubt() -> None:
    unread, kind = replace(FAULT, target=replace(WEB, facts={})), ScaleDown(web())
    with pytest.raises(PlatformError, match="which pods are its"):
        kind.reach(unread)
    with pytest.raises(PlatformError, match="does not say how many"):
        kind.at_most(unread)


@pytest.mark.parametrize(("to", "stay"), [(2, 2), (0, 0), ("50%", 3), ("10%", 1)])
def test_preparing_changes_nothing_and_says_how_many_it_had(to: object, stay: int) -> None:
    port = web()
    assert ScaleDown(port).prepare(replace(FAULT, params={"to": to})) == {**UNDO, "to": stay}
    assert port.acts == []


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ({"to": 5}, "nothing to scale down"),
        ({"to": "100%"}, "nothing to scale down"),
        ({"to": -1}, "is no amount"),
        ({"to": True}, "is no amount"),
        ({"to": "half"}, "is no amount"),
        ({"too": 1}, "knows no parameter too; known: to"),
    ],
)
def test_what_makes_no_sense_is_refused(params: Json, why: str) -> None:
    with pytest.raises(Refused, match=why):
        ScaleDown(web()).prepare(replace(FAULT, params=params))


def test_a_workload_that_is_gone_held_or_without_a_size_is_refused() -> None:
    held = web()
    body(held)["metadata"]["labels"] = {marks.HELD: "true"}
    without = web()
    del body(without)["spec"]["replicas"]
    for port, why in ((NearPort(None), "gone"), (held, "another fault holds it"), (without, "does not say how many")):
        with pytest.raises(Refused, match=why):
            ScaleDown(port).prepare(FAULT)


def test_it_is_marked_in_the_same_write_and_wholly_undone() -> None:
    port = web()
    before, kind = copy.deepcopy(body(port)), ScaleDown(port)
    kind.inject(FAULT, MARK)
    assert port.acts == [("patch", "u1")]
    assert body(port)["spec"]["replicas"] == 2
    assert marks.from_text(marks.found(body(port)) or "") == MARK
    proof = kind.revert(FAULT, MARK)
    assert proof.holds
    assert proof.detail == "spec.replicas given back, mark removed; read back"
    assert unchanged(port, before)


def test_the_effect_is_that_the_pods_are_gone_and_until_then_it_is_under_way() -> None:
    port = web()
    kind = ScaleDown(port)
    assert not kind.observe(FAULT).holds
    kind.inject(FAULT, MARK)
    seen = kind.observe(FAULT)
    assert (seen.holds, seen.under_way, seen.detail) == (False, True, "5 of 5 pods are there, 2 are to stay")
    body(port)["status"]["replicas"] = 2
    assert kind.observe(FAULT).holds
    body(port)["spec"]["replicas"] = 5
    assert not kind.observe(FAULT).holds
    assert not kind.observe(FAULT).under_way
    port.obj = None
    assert "gone" in kind.observe(FAULT).detail


def test_a_workload_that_was_scaled_since_it_was_looked_at_is_left_alone() -> None:
    port = web(7)
    with pytest.raises(Conflict, match=r"spec\.replicas is not what it was"):
        ScaleDown(port).inject(FAULT, MARK)
    assert port.acts == []


@pytest.mark.parametrize("theirs", [5, 3, 0])
def test_what_an_autoscaler_or_a_gitops_controller_wrote_meanwhile_is_kept(theirs: int) -> None:
    port = web()
    kind = ScaleDown(port)
    kind.inject(FAULT, MARK)
    body(port)["spec"]["replicas"] = theirs
    port.touch()
    proof = kind.revert(FAULT, MARK)
    assert proof.holds
    assert "changed by someone: kept" in proof.detail
    assert body(port)["spec"]["replicas"] == theirs
    assert not marks.bears(body(port))


def test_reverting_twice_is_reverting_once_and_without_a_fault_nothing() -> None:
    port = web()
    kind = ScaleDown(port)
    assert kind.revert(FAULT, MARK).holds
    assert port.acts == []
    kind.inject(FAULT, MARK)
    assert kind.revert(FAULT, MARK).holds
    assert kind.revert(FAULT, MARK).holds
    assert len(port.acts) == 2


def test_another_run_neither_strikes_again_nor_ends_it() -> None:
    port = web()
    kind = ScaleDown(port)
    kind.inject(FAULT, MARK)
    held = copy.deepcopy(body(port))
    with pytest.raises(Refused, match="another fault holds it"):
        kind.inject(FAULT, mark_of("run-2"))
    assert kind.revert(FAULT, mark_of("run-2")).holds
    assert body(port) == held


def test_an_autoscaler_that_would_scale_it_up_at_once_is_a_refusal() -> None:
    with pytest.raises(Refused, match="HPA web-hpa keeps at least 3"):
        ScaleDown(web(horizontalpodautoscaler=[autoscaler()])).prepare(FAULT)


@pytest.mark.parametrize(
    ("others", "to"),
    [
        ([autoscaler(2)], 2),  # it keeps no more than we leave
        ([autoscaler(None)], 2),  # it keeps one, as the server says where it says nothing
        ([autoscaler(3)], 0),  # it rests while there are none
        ([autoscaler(3, name="other")], 2),
        ([autoscaler(3, kind="StatefulSet")], 2),
    ],
)
def test_an_autoscaler_that_lets_it_be_is_none(others: list[dict[str, Any]], to: int) -> None:
    port = web(horizontalpodautoscaler=others)
    undo = ScaleDown(port).prepare(replace(FAULT, params={"to": to}))
    assert undo == {**UNDO, "to": to}


def test_the_copy_of_a_mark_on_a_replicaset_goes_with_the_mark_and_no_other_does() -> None:
    text = marks.to_text(MARK)
    ours, theirs, older = replicaset(text), replicaset(text, owner="u2"), replicaset(marks.to_text(mark_of("run-0")))
    port = web(replicaset=[ours, theirs, older])
    kind = ScaleDown(port)
    kind.inject(FAULT, MARK)
    assert kind.revert(FAULT, MARK).holds
    assert ours["metadata"]["annotations"] == {"kept": "yes"}
    assert marks.FAULT in theirs["metadata"]["annotations"]
    assert marks.FAULT in older["metadata"]["annotations"]


def test_while_the_controller_may_still_copy_the_mark_the_revert_is_not_over() -> None:
    port = web()
    kind = ScaleDown(port)
    kind.inject(FAULT, MARK)
    body(port)["metadata"]["generation"] = 3
    body(port)["status"]["observedGeneration"] = 2
    waiting = kind.revert(FAULT, MARK)
    assert (waiting.holds, waiting.under_way) == (False, True)
    assert body(port)["spec"]["replicas"] == 5, "given back all the same"
    body(port)["status"]["observedGeneration"] = 3
    assert kind.revert(FAULT, MARK).holds
