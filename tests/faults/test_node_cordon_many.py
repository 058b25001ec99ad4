"""Whether many cordoned nodes are given back exactly as they would be one by one, whatever became of each meanwhile."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simian_army import marks
from simian_army.embedded.kube import KubeServer
from simian_army.errors import Conflict, Forbidden, SimianError
from simian_army.extras import Wholesale
from simian_army.faults.k8s.node_cordon import NodeCordon
from simian_army.model import Evidence, Fault, Json, Mark, Target
from simian_army.targets.k8s import Kubernetes
from simian_army.targets.kube import masses
from simian_army.targets.kube.place import Place
from tests.cluster.api import Api
from tests.cluster.plane import Cluster
from tests.cluster.world import node as node_of
from tests.targets.kube.grounds import OpenApi
from tests.targets.kube.stub import QuickClock

DEADLINE = datetime(2030, 1, 1, tzinfo=UTC)
KEY, FLEET = b"many", "many"
STATES = ("ours", "never", "gone", "another run", "edited", "uncordoned", "unlabelled", "taken over", "forged", "twin")
NUMBERS = itertools.count()


@dataclass
class Ground:
    """A cluster; ``patched`` are the nodes that were asked to change."""

    api: Api
    kubernetes: Kubernetes
    patched: list[str] = field(default_factory=list)

    @property
    def kind(self) -> NodeCordon:
        return NodeCordon(self.kubernetes)

    def make(self, states: Sequence[str]) -> list[tuple[Fault, Mark]]:
        """A node for each state, and the fault that is to be reverted there."""
        return [self._one(f"many-{next(NUMBERS)}", state) for state in states]

    def seen(self, held: Sequence[tuple[Fault, Mark]]) -> list[Any]:
        """The nodes as they are, but for names, versions and what the cluster's own parts write."""
        there = {node["metadata"]["name"]: node for node in self.api.items("/api/v1/nodes")}
        return [self._view(there.get(fault.target.name)) for fault, _ in held]

    def _view(self, node: dict[str, Any] | None) -> Any:
        if node is None:
            return None
        meta = node["metadata"]
        notes = {key: "there" for key in meta.get("annotations", {}) if "simian" in key}
        labels = {key: value for key, value in meta.get("labels", {}).items() if "simian" in key}
        return bool(node["spec"].get("unschedulable")), notes, labels

    def _one(self, name: str, state: str) -> tuple[Fault, Mark]:
        made = self.api.create("/api/v1/nodes", node_of(name, {}))
        target = Target("kubernetes", "node", made["metadata"]["uid"], name, "", "", None, {})
        fault = Fault("node-cordon", target, undo={"unschedulable": False}, hold=timedelta(minutes=5))
        mark = marks.sign(KEY, FLEET, "aaaaaaaaaa", fault, DEADLINE)
        if state == "another run":
            self._inject(fault, marks.sign(KEY, FLEET, "bbbbbbbbbb", fault, DEADLINE))
        elif state != "never":
            self._inject(fault, mark)
        self._happen(target, state)
        return fault, mark

    def _inject(self, fault: Fault, mark: Mark) -> None:
        for _ in range(9):  # a real cluster's own parts write to a new node just then
            with suppress(Conflict):
                return self.kind.inject(fault, mark)
        raise AssertionError(f"{fault.target} changes all the time")

    def _happen(self, target: Target, state: str) -> None:
        note = "/metadata/annotations/" + marks.FAULT.replace("/", "~1")
        label = "/metadata/labels/" + marks.HELD.replace("/", "~1")
        cordon = {"op": "remove", "path": "/spec/unschedulable"}
        happened: dict[str, list[Json]] = {
            "edited": [{"op": "replace", "path": note, "value": "no mark at all"}],
            "uncordoned": [cordon],
            "unlabelled": [{"op": "remove", "path": label}],
            "taken over": [{"op": "remove", "path": label}, {"op": "remove", "path": note}],
            "forged": [{"op": "remove", "path": note}, cordon],
        }
        if state in happened:
            self.kubernetes.patch(target, happened[state])
        if state in ("gone", "twin"):
            self.api.delete(f"/api/v1/nodes/{target.name}")
        if state == "twin":
            self.api.create("/api/v1/nodes", node_of(target.name, {marks.HELD: "true"}))


@pytest.fixture(scope="module")
def embedded() -> Iterator[Ground]:
    with KubeServer() as server:
        kubernetes = Kubernetes.connect(Place(url=server.url, fleet=FLEET, key=KEY, page_size=7))
        yield Ground(OpenApi(server.url), kubernetes)
        kubernetes.close()


def one_by_one(kind: NodeCordon, held: Sequence[tuple[Fault, Mark]]) -> list[Evidence]:
    return [kind.revert(fault, mark) for fault, mark in held]


def alike(ground: Ground, states: Sequence[str]) -> None:
    """Assert that the same comes of both."""
    first, second = ground.make(states), ground.make(states)
    singles, together = one_by_one(ground.kind, first), ground.kind.revert_all(second)
    for _ in range(20):  # a real cluster's own parts write to nodes too, and a patch of ours may find another version
        again = [n for n, one in enumerate(together) if not one.holds]
        if not again:
            break
        Event().wait(0.1)
        for number, proof in zip(again, ground.kind.revert_all([second[n] for n in again]), strict=True):
            together[number] = proof
    assert [one.holds for one in together] == [True] * len(states)
    assert [(one.detail, one.facts) for one in together] == [(one.detail, one.facts) for one in singles]
    assert ground.seen(second) == ground.seen(first)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(states=st.lists(st.sampled_from(STATES), max_size=9))
def test_many_at_once_are_the_same_as_one_by_one(embedded: Ground, states: list[str]) -> None:
    alike(embedded, states)


@pytest.mark.real
def test_many_at_once_are_the_same_as_one_by_one_on_a_real_cluster(
    real_cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(real_cluster.kubeconfig))
    kubernetes = Kubernetes.connect(Place(context=real_cluster.context, fleet=FLEET, key=KEY))
    ground = Ground(real_cluster.api("admin"), kubernetes)
    try:
        alike(ground, ["taken over", "never"])  # first: those that are cordoned still show among the cordoned later
        alike(ground, STATES * 2)
    finally:
        for name in [node["metadata"]["name"] for node in ground.api.items("/api/v1/nodes")]:
            if name.startswith("many-"):
                ground.api.delete(f"/api/v1/nodes/{name}")
        kubernetes.close()


def test_a_thousand_nodes_are_a_matter_of_three_lists_and_one_patch_each(embedded: Ground) -> None:
    held = embedded.make(["ours"] * 30)
    asked: list[str] = []
    kind = NodeCordon(Counting(embedded.kubernetes, asked))
    assert all(proof.holds for proof in kind.revert_all(held))
    assert sorted(asked) == ["listed"] * 3 + ["patch_all"]


def test_the_kind_says_that_it_can() -> None:
    assert isinstance(NodeCordon(Counting(None, [])), Wholesale)


@pytest.mark.parametrize(("answer", "under_way"), [(Forbidden("no patch for you"), False), (None, True)])
def test_what_the_server_refused_or_was_not_asked_yet_is_tried_again(
    embedded: Ground, answer: SimianError | None, under_way: bool
) -> None:
    held = embedded.make(["ours", "ours"])
    port = Counting(embedded.kubernetes, [], lambda wishes: [answer for _ in wishes])
    proofs = NodeCordon(port).revert_all(held)
    assert [(proof.holds, proof.under_way) for proof in proofs] == [(False, under_way)] * 2
    assert all(proof.holds for proof in embedded.kind.revert_all(held))


def test_a_patch_that_only_seems_to_be_taken_proves_nothing(embedded: Ground) -> None:
    held = embedded.make(["ours", "ours"])
    port = Counting(embedded.kubernetes, [], lambda wishes: [embedded.kubernetes.get(target) for target, _ in wishes])
    proofs = NodeCordon(port).revert_all(held)
    assert [proof.holds for proof in proofs] == [False, False]
    assert "still there" in proofs[0].detail
    assert all(proof.holds for proof in embedded.kind.revert_all(held))


def test_no_patch_is_begun_once_the_others_took_their_time() -> None:
    clock = QuickClock()

    def slow(target: Target, operations: Sequence[Json]) -> dict[str, Any]:
        clock.ticks += masses.SENDING + 1
        return {"name": target.name}

    target = Target("kubernetes", "node", "u", "n", "", "", None, {})
    answers = masses.patched(slow, [(replace(target, name=str(n)), []) for n in range(100)], clock)
    assert answers[0] == {"name": "0"}
    assert answers.count(None) > 80


class Counting:
    """The real port; counts what it is asked, and may have its patches answered otherwise."""

    def __init__(
        self, real: Any, asked: list[str], answers: Callable[[Sequence[Any]], Sequence[Any]] | None = None
    ) -> None:
        self._real, self._asked, self._answers = real, asked, answers

    def __getattr__(self, name: str) -> Any:
        if name not in ("unmark", "mark"):
            self._asked.append(name)
        if name == "patch_all" and self._answers:
            return self._answers
        return getattr(self._real, name)
