"""Many evictions: side by side, each once, and none that must not be begun any more."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import timedelta

import pytest

from simian_army.clock import SystemClock
from simian_army.embedded.kube import KubeServer
from simian_army.errors import Refused
from simian_army.model import Selector, Target
from simian_army.targets.k8s import Kubernetes
from simian_army.targets.kube.place import Place
from tests.flow.town import IN, budget, workload

CLOCK = SystemClock()
LATER = CLOCK.now() + timedelta(hours=1)


@pytest.fixture
def server() -> Iterator[KubeServer]:
    world = [
        {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}},
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}},
        workload("Deployment", "web", IN, replicas=12),
        workload("Deployment", "kept", IN, replicas=2),
        budget("kept", 2),
    ]
    with KubeServer(world, startup=0.05) as made:
        assert made.settle(20)
        yield made


@contextlib.contextmanager
def connected(server: KubeServer, left: float = float("inf")) -> Iterator[Kubernetes]:
    cluster = Kubernetes.connect(Place(url=server.url, timeout=5.0), CLOCK, lambda: left)
    with contextlib.closing(cluster):
        yield cluster


def pods(cluster: Kubernetes, app: str) -> list[Target]:
    return list(cluster.find(Selector("pod", fields=(("spec.nodeName", "n1"),), labels=f"app={app}")))


def evictions(server: KubeServer) -> list[str]:
    return [write.path for write in server.writes if write.path.endswith("/eviction")]


def test_each_is_sent_once_and_a_budget_keeps_its_own(server: KubeServer) -> None:
    with connected(server) as cluster:
        asked = [*pods(cluster, "web"), *pods(cluster, "kept")]
        said = cluster.evict_all(asked, None, LATER)
    assert [answer is None for answer in said] == [True] * 12 + [False] * 2
    assert all(isinstance(answer, Refused) and "PodDisruptionBudget" in str(answer) for answer in said[12:])
    assert len(evictions(server)) == len(set(evictions(server))) == 14


@pytest.mark.parametrize(("left", "sent"), [(6.9, 0), (7.1, 12)])
def test_none_is_sent_with_less_of_the_lease_left_than_a_request_may_take_and_2_s(
    server: KubeServer, left: float, sent: int
) -> None:
    with connected(server, left) as cluster:
        said = cluster.evict_all(pods(cluster, "web"), None, LATER)
    assert len(evictions(server)) == sent
    assert sum(isinstance(answer, Refused) and "not asked" in str(answer) for answer in said) == 12 - sent


def test_none_is_sent_once_the_fault_has_ended(server: KubeServer) -> None:
    with connected(server) as cluster:
        said = cluster.evict_all(pods(cluster, "web"), None, CLOCK.now())
    assert evictions(server) == [] and all(isinstance(answer, Refused) for answer in said)
