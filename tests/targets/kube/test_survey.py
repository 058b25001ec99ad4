"""Many groups told by a few lists say of each what one by one says."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from simian_army.embedded.kube import KubeServer
from simian_army.errors import PlatformError
from simian_army.extras import Surveys
from simian_army.model import Selector, Target
from simian_army.targets.k8s import Kubernetes
from simian_army.targets.kube import survey
from simian_army.targets.kube.call import Call
from simian_army.targets.kube.place import Place
from simian_army.targets.kube.wire import Wire
from tests.flow.town import IN, budget, workload
from tests.targets.kube.stub import Reply, Request, serving

SPACES = ("shop", "bank")
FLOORS = ("pdb", "hpa")


@pytest.fixture(scope="module")
def server() -> Iterator[KubeServer]:
    world = [
        {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}},
        *({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}} for space in SPACES),
        *(workload("Deployment", f"web-{n}", IN, replicas=3, space=space) for n in range(4) for space in SPACES),
        workload("StatefulSet", "db", IN, replicas=2),
        workload("DaemonSet", "agent", {}),
        budget("web-1", 3),
        {
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "web-2", "namespace": "bank"},
            "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "web-2"}, "minReplicas": 2, "maxReplicas": 9},
        },
    ]
    with KubeServer(world, startup=0.05) as made:
        assert made.settle(20)
        yield made


@contextlib.contextmanager
def connected(server: KubeServer, **place: object) -> Iterator[Kubernetes]:
    cluster = Kubernetes.connect(Place(url=server.url, floors=FLOORS, **place))  # type: ignore[arg-type]
    with contextlib.closing(cluster):
        yield cluster


def reach(cluster: Kubernetes) -> list[Target]:
    found = cluster.find(Selector("pod", fields=(("spec.nodeName", "n1"),)))
    return list({target.group: target for target in found}.values())


def spied(cluster: Kubernetes, monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """The reads that are sent from now on."""
    sent: list[Call] = []
    read = cluster.wire.read

    def reading(_: Wire, call: Call) -> bytes:
        sent.append(call)
        return read(call)

    monkeypatch.setattr(Wire, "read", reading)
    return sent


@pytest.mark.parametrize("wide", [False, True])
def test_it_says_of_each_group_what_asking_for_it_alone_says(
    server: KubeServer, wide: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if wide:
        monkeypatch.setattr(survey, "SPREAD", 1)
    with connected(server) as cluster:
        assert isinstance(cluster, Surveys)
        groups = reach(cluster)
        assert len(groups) == 10
        told = cluster.survey(groups)
        assert set(told) == {one.group for one in groups}
        for one in groups:
            assert told[one.group] == cluster.health(one, floors=True)
    floors = {floor.name for health in told.values() for floor in health.floors}
    assert floors == {"PDB shop/web-1", "HPA bank/web-2"}


def test_it_takes_a_few_lists_whatever_the_number_of_groups(
    server: KubeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey, "SPREAD", 1)
    with connected(server) as cluster:
        groups = reach(cluster)
        sent = spied(cluster, monkeypatch)
        cluster.survey(groups)
    assert sorted(map(str, sent)) == [
        "list daemonsets",
        "list deployments",
        "list horizontalpodautoscalers",
        "list poddisruptionbudgets",
        "list pods",
        "list replicasets",
        "list statefulsets",
    ]


def test_where_only_some_namespaces_are_ours_none_is_listed_over_all(
    server: KubeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey, "SPREAD", 1)
    with connected(server, namespaces=SPACES) as cluster:
        groups = reach(cluster)
        sent = spied(cluster, monkeypatch)
        cluster.survey(groups)
    assert {call.scope for call in sent} == set(SPACES)


def test_a_group_that_is_gone_or_of_a_kind_nobody_knows_is_told_as_such(server: KubeServer) -> None:
    with connected(server) as cluster:
        groups = reach(cluster)
        gone = Target("kubernetes", "pod", "x", "x", "shop", "shop/Deployment/gone", None, {})
        strange = Target("kubernetes", "pod", "y", "y", "shop", "shop/Rollout/odd", None, {})
        told = cluster.survey([*groups, gone, strange])
    assert told[gone.group].whole is None and "is gone" in told[gone.group].detail
    assert told[strange.group].whole is None and "no known number of pods" in told[strange.group].detail


def test_a_list_that_cannot_be_had_is_an_error_and_no_health() -> None:
    def no(_: Request) -> Reply:
        return Reply(403, {"kind": "Status", "message": "no"})

    groups = [Target("kubernetes", "pod", str(n), "p", "shop", f"shop/Deployment/g{n}", None, {}) for n in range(5)]
    with serving(no) as stub:
        cluster = Kubernetes.connect(Place(url=stub.url))
        with contextlib.closing(cluster), pytest.raises(PlatformError):
            cluster.survey(groups)


def test_the_pods_of_several_nodes_are_found_with_a_list_each(server: KubeServer) -> None:
    with connected(server) as cluster:
        both = cluster.find(Selector("pod", fields=(("spec.nodeName", "n1"), ("spec.nodeName", "n2"))))
        one = cluster.find(Selector("pod", fields=(("spec.nodeName", "n1"),)))
    assert {target.id for target in both} == {target.id for target in one} and one
