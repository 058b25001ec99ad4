from __future__ import annotations

import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simian_army import marks
from simian_army.contract import FaultKind
from simian_army.errors import Conflict, Refused
from simian_army.faults.k8s.node_cordon import NodeCordon
from simian_army.model import Fault, Mark, Selector, Target
from simian_army.testing.fakes import OnePort

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NODE = Target("kubernetes", "node", "u1", "n1", "", "", NOW, {})
FAULT = Fault("node-cordon", NODE, undo={"unschedulable": False}, hold=timedelta(minutes=5))


def mark_of(run: str = "run-1") -> Mark:
    return marks.sign(b"key", "fleet", run, FAULT, NOW)


MARK = mark_of()


def node(**metadata: Any) -> OnePort:
    return OnePort({"metadata": {"name": "n1", "uid": "u1", "resourceVersion": "1", **metadata}, "spec": {"a": 1}})


def body(port: OnePort) -> dict[str, Any]:
    assert port.obj is not None
    return port.obj


def same(port: OnePort, before: dict[str, Any]) -> bool:
    after = copy.deepcopy(body(port))
    after["metadata"]["resourceVersion"] = before["metadata"]["resourceVersion"]
    return after == before


def test_a_cordon_harms_every_pod_bound_to_the_node() -> None:
    kind: FaultKind = NodeCordon(node())
    assert kind.reach(FAULT) == Selector("pod", fields=(("spec.nodeName", "n1"),))
    assert (kind.strikes, kind.reversible, kind.replaces) == ("node", True, False)


def test_preparing_changes_nothing_and_says_how_to_undo() -> None:
    port = node()
    assert NodeCordon(port).prepare(FAULT) == {"unschedulable": False}
    assert port.acts == []


@pytest.mark.parametrize("labels", [None, {"a": "b"}])
def test_a_cordon_is_marked_in_the_same_write_and_wholly_undone(labels: dict[str, str] | None) -> None:
    port = node(**({"labels": labels, "annotations": {"c": "d"}} if labels else {}))
    before, kind = copy.deepcopy(body(port)), NodeCordon(port)
    kind.inject(FAULT, MARK)
    assert port.acts == [("patch", "u1")]
    assert body(port)["spec"] == {"a": 1, "unschedulable": True}
    assert body(port)["metadata"]["labels"] == {**(labels or {}), marks.HELD: "true"}
    assert marks.from_text(marks.found(body(port)) or "") == MARK
    assert kind.observe(FAULT).holds
    proof = kind.revert(FAULT, MARK)
    assert proof.holds
    assert proof.detail == "uncordoned, mark removed; read back"
    assert same(port, before)
    assert not kind.observe(FAULT).holds


def test_reverting_twice_is_reverting_once() -> None:
    port = node()
    kind = NodeCordon(port)
    kind.inject(FAULT, MARK)
    kind.revert(FAULT, MARK)
    again = kind.revert(FAULT, MARK)
    assert again.holds
    assert "nothing to undo" in again.detail
    assert len(port.acts) == 2


def test_a_revert_of_what_never_was_touches_nothing() -> None:
    port = node()
    assert NodeCordon(port).revert(FAULT, MARK).holds
    assert port.acts == []


def test_a_node_that_is_cordoned_already_is_not_ours() -> None:
    port = node()
    body(port)["spec"]["unschedulable"] = True
    with pytest.raises(Refused, match="cordoned already"):
        NodeCordon(port).prepare(FAULT)
    with pytest.raises(Refused, match="cordoned already"):
        NodeCordon(port).inject(FAULT, MARK)
    assert port.acts == []


@pytest.mark.parametrize("port", [OnePort(None), node(uid="another")])
def test_a_node_that_is_gone_is_refused(port: OnePort) -> None:
    with pytest.raises(Refused, match="gone"):
        NodeCordon(port).prepare(FAULT)
    with pytest.raises(Refused, match="gone"):
        NodeCordon(port).inject(FAULT, MARK)


def test_a_node_held_by_another_fault_is_refused() -> None:
    port = node(labels={marks.HELD: "true"})
    with pytest.raises(Refused, match="another fault holds it"):
        NodeCordon(port).prepare(FAULT)
    with pytest.raises(Refused, match="another fault holds it"):
        NodeCordon(port).inject(FAULT, MARK)


def test_parameters_are_refused() -> None:
    with pytest.raises(Refused, match="knows no parameters; it was given drain"):
        NodeCordon(node()).prepare(replace(FAULT, params={"drain": True}))


def test_a_node_that_changes_while_it_is_cordoned_is_left_alone_for_the_guards_to_judge_anew() -> None:
    port = node()
    port.before_patch = [port.touch]
    with pytest.raises(Conflict):
        NodeCordon(port).inject(FAULT, MARK)
    assert "unschedulable" not in body(port)["spec"]


def test_a_node_that_others_uncordoned_stays_so_and_only_loses_our_mark() -> None:
    port = node()
    kind = NodeCordon(port)
    kind.inject(FAULT, MARK)
    del body(port)["spec"]["unschedulable"]
    port.touch()
    proof = kind.revert(FAULT, MARK)
    assert proof.holds
    assert "uncordoned by someone: kept" in proof.detail
    assert not marks.bears(body(port))


def test_a_node_whose_mark_others_took_away_stays_cordoned() -> None:
    port = node()
    kind = NodeCordon(port)
    kind.inject(FAULT, MARK)
    del body(port)["metadata"]["annotations"]
    del body(port)["metadata"]["labels"]
    proof = kind.revert(FAULT, MARK)
    assert proof.holds
    assert "someone took over, kept" in proof.detail
    assert body(port)["spec"]["unschedulable"] is True


def test_when_only_the_annotation_was_taken_away_the_cordon_is_kept_and_our_label_goes() -> None:
    port = node()
    kind = NodeCordon(port)
    kind.inject(FAULT, MARK)
    del body(port)["metadata"]["annotations"]
    proof = kind.revert(FAULT, MARK)
    assert proof.holds
    assert "still cordoned by someone: kept" in proof.detail
    assert not marks.bears(body(port))
    assert body(port)["spec"]["unschedulable"] is True


def test_a_damaged_mark_does_not_keep_a_node_cordoned() -> None:
    port = node()
    before, kind = copy.deepcopy(body(port)), NodeCordon(port)
    kind.inject(FAULT, MARK)
    body(port)["metadata"]["annotations"][marks.FAULT] = "damaged"
    assert kind.revert(FAULT, MARK).holds
    assert same(port, before)


def test_a_cordon_of_another_run_is_not_touched() -> None:
    port = node()
    kind = NodeCordon(port)
    kind.inject(FAULT, mark_of("run-2"))
    held = copy.deepcopy(body(port))
    assert kind.revert(FAULT, MARK).holds
    assert body(port) == held


def test_a_revert_tries_again_when_the_node_changes_meanwhile() -> None:
    port = node()
    kind = NodeCordon(port)
    kind.inject(FAULT, MARK)
    port.before_patch = [port.touch] * 4
    proof = kind.revert(FAULT, MARK)
    assert proof.holds
    assert "unschedulable" not in body(port)["spec"]


def test_a_revert_that_never_gets_through_says_so() -> None:
    port = node()
    kind = NodeCordon(port)
    kind.inject(FAULT, MARK)
    port.before_patch = [port.touch] * 9
    proof = kind.revert(FAULT, MARK)
    assert not proof.holds
    assert "changed 5 times" in proof.detail


def test_a_node_that_goes_away_while_held_is_reverted() -> None:
    port = node()
    kind = NodeCordon(port)
    kind.inject(FAULT, MARK)

    def vanish() -> None:
        port.obj = None

    port.before_patch = [vanish]
    proof = kind.revert(FAULT, MARK)
    assert proof.holds
    assert "gone" in proof.detail
    assert not kind.observe(FAULT).holds
