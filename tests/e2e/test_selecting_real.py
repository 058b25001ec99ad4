"""The words of a select on a real kube-apiserver: who is meant, and with how many requests that is found out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.cluster.plane import Cluster
from tests.e2e.acres import IN, Acres, acres

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def land(real_cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Acres]:
    with (
        pytest.MonkeyPatch.context() as patch,
        acres(real_cluster, "acre-select", tmp_path_factory.mktemp("select"), {"team": "shop"}) as made,
    ):
        patch.setenv("KUBECONFIG", str(real_cluster.kubeconfig_of("admin")))
        path = f"/apis/apps/v1/namespaces/{made.space}/daemonsets/agent"
        real_cluster.admin.patch(path, {"spec": {"template": {"metadata": {"labels": IN}}}})
        path = f"/apis/apps/v1/namespaces/{made.space}/deployments/web"
        note = {"chaos.example/on": "yes"}
        real_cluster.admin.patch(path, {"spec": {"template": {"metadata": {"annotations": note}}}})
        real_cluster.settle(made.space)
        yield made


def written(land: Acres, select: str, fault: str) -> None:
    land.write(fault)
    said = land.config.read_text()
    assert "select: {labels: app=web}" in said
    land.config.write_text(said.replace("select: {labels: app=web}", f"select: {{{select}}}"))


def eligible(land: Acres, select: str, fault: str = "pod-delete") -> Counter[str]:
    """How many of each workload, or which nodes, may be struck."""
    written(land, select, fault)
    with land.house() as house:
        entry = house.entries["m"]
        troop = house.engine.judge.screen(entry, entry.find())
    return Counter((one.group or one.name).rpartition("/")[2] for one in troop.eligible)


ALL = {"web": 6, "cart": 6, "agent": 6}


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        ("annotations: chaos.example/on=yes", {"web": 6}),
        ("annotations: '!chaos.example/on', owners: [Deployment]", {"cart": 6}),
        ("owners: ['!DaemonSet']", {"web": 6, "cart": 6}),
        ("owners: [daemonset]", {"agent": 6}),
        ("namespace_labels: 'team in (shop,till)'", ALL),
        ("namespace_labels: team!=shop", {}),
        ("nodes: [acre-select-1], owners: [DaemonSet]", {"agent": 1}),
        ("nodes: ['acre-select-*', '!acre-select-1'], owners: [DaemonSet]", {"agent": 5}),
        ("zones: [acre-select-b], owners: [DaemonSet]", {"agent": 2}),
        ("zones: ['*', '!acre-select-b'], owners: [DaemonSet]", {"agent": 4}),
        ("zones: ['acre-select-*'], nodes: ['*-6'], owners: [DaemonSet]", {"agent": 1}),
        ("min_age: 30d", {}),
    ],
)
def test_a_word_means_these_pods(land: Acres, select: str, expected: dict[str, int]) -> None:
    assert eligible(land, select) == expected


def test_a_word_means_these_nodes(land: Acres) -> None:
    assert set(eligible(land, "zones: [acre-select-c]", "node-cordon")) == set(land.nodes[4:])


def test_pods_of_some_nodes_are_had_by_their_metadata_node_by_node(land: Acres) -> None:
    written(land, "zones: [acre-select-a]", "pod-delete")
    with land.house() as house:
        mark = land.cluster.audit_mark()
        found = house.entries["m"].find()
    lists = [call for call in land.cluster.calls(mark) if call.verb == "list"]
    pods = [call for call in lists if call.resource == "pods"]
    assert found and len(pods) == 2, [str(call) for call in lists]
    assert sum(call.resource == "nodes" for call in lists) == 1
