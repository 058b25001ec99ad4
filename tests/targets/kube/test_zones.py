"""Is it told where a pod or a node stands, without asking more often than needed."""

from __future__ import annotations

import pytest

from simian_army.model import Target
from simian_army.standing import places_of
from simian_army.targets.k8s import Kubernetes
from simian_army.targets.kube.zones import KEPT, SOON
from tests.targets.kube.stub import (
    Obj,
    QuickClock,
    Shelf,
    connected,
    meta,
    namespace,
    obj,
    pod,
    serving,
)

NODES = "/api/v1/nodes"
PODS = "/api/v1/namespaces/shop/pods"
PLACE = {"topology.kubernetes.io/zone": "eu-1a", "topology.kubernetes.io/region": "eu-1"}


def on(node: str, name: str = "web") -> Obj:
    return {**pod(name, "shop"), "spec": {"nodeName": node} if node else {}}


def labelled(name: str, labels: dict[str, str]) -> Obj:
    return obj("v1", "Node", meta(name, labels=labels))


def shelf(*pods: Obj, nodes: list[Obj]) -> Shelf:
    return Shelf({PODS: list(pods), NODES: nodes, "/api/v1/namespaces": [namespace("shop")]})


def web(name: str = "web") -> Target:
    return Target("kubernetes", "pod", f"uid-shop-{name}", name, "shop", "", None, {})


def told(cluster: Kubernetes, target: Target) -> dict[str, tuple[str, ...]]:
    found = cluster.read(target)
    assert found is not None
    return dict(places_of(found.facts))


def test_a_pod_stands_on_its_node_and_in_the_zone_and_region_that_the_nodes_labels_name() -> None:
    with serving(shelf(on("n1"), nodes=[labelled("n1", PLACE), labelled("n2", {})])) as server:
        with connected(server.url, zones=True) as cluster:
            assert told(cluster, web()) == {"node": ("n1",), "zone": ("eu-1a",), "region": ("eu-1",)}
        assert all("PartialObjectMetadata" in r.headers["accept"] for r in server.requests if r.path == NODES)


@pytest.mark.parametrize("labels", [{}, {"topology.kubernetes.io/zone": ""}, {"topology.kubernetes.io/zones": "eu-1a"}])
def test_a_zone_that_no_label_names_is_left_out_for_nobody_knows_it(labels: dict[str, str]) -> None:
    with serving(shelf(on("n1"), nodes=[labelled("n1", labels)])) as server:
        with connected(server.url, zones=True) as cluster:
            assert told(cluster, web()) == {"node": ("n1",)}


def test_a_pod_that_is_on_no_node_yet_stands_nowhere() -> None:
    with serving(shelf(on(""), nodes=[])) as server, connected(server.url, zones=True) as cluster:
        assert told(cluster, web()) == {"node": (), "zone": (), "region": ()}


def test_a_node_stands_where_its_own_labels_say_and_no_list_is_needed() -> None:
    node = Target("kubernetes", "node", "uid--n1", "n1", "", "", None, {})
    with serving(shelf(nodes=[labelled("n1", PLACE)])) as server, connected(server.url) as cluster:
        assert told(cluster, node) == {"node": ("n1",), "zone": ("eu-1a",), "region": ("eu-1",)}
        assert f"GET {NODES}" not in server.lines()


def test_nobody_lists_nodes_as_long_as_no_limit_asks_for_zones() -> None:
    with serving(shelf(on("n1"), nodes=[labelled("n1", PLACE)])) as server, connected(server.url) as cluster:
        assert told(cluster, web()) == {"node": ("n1",)}
        assert f"GET {NODES}" not in server.lines()


def test_the_nodes_are_listed_once_a_minute_and_sooner_for_a_node_that_is_not_among_them() -> None:
    clock, nodes = QuickClock(), [labelled("n1", PLACE)]
    with serving(shelf(on("n1"), on("n9", "late"), nodes=nodes)) as server:
        with connected(server.url, zones=True, clock=clock) as cluster:

            def lists(target: Target) -> int:
                before = server.lines().count(f"GET {NODES}")
                told(cluster, target)
                return server.lines().count(f"GET {NODES}") - before

            assert [lists(web()), lists(web()), lists(web("late"))] == [1, 0, 0]
            clock.ticks = SOON
            assert [lists(web()), lists(web("late"))] == [0, 1]
            clock.ticks = SOON + KEPT - 1
            assert lists(web()) == 0
            clock.ticks = SOON + KEPT
            assert lists(web()) == 1


def test_who_may_not_list_nodes_reads_the_pod_all_the_same_and_knows_no_zone() -> None:
    closed = shelf(on("n1"), nodes=[])
    closed.forbidden.add(NODES)
    with serving(closed) as server, connected(server.url, zones=True) as cluster:
        assert told(cluster, web()) == {"node": ("n1",)}
