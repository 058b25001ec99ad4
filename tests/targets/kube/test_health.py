from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from simian_army.model import Target
from tests.targets.kube.stub import Obj, Shelf, connected, meta, namespace, obj, pod, serving

GONE = Target("kubernetes", "pod", "u", "web-1-0", "shop", "shop/Deployment/web", datetime(2026, 1, 1, tzinfo=UTC), {})
PODS, RS, DEP = (
    f"{root}/namespaces/shop/{plural}"
    for root, plural in (("/api/v1", "pods"), ("/apis/apps/v1", "replicasets"), ("/apis/apps/v1", "deployments"))
)


def up(name: str, owner: Obj, status: str = "True", **more: Any) -> Obj:
    return {**pod(name, "shop", owner, **more), "status": {"conditions": [{"type": "Ready", "status": status}]}}


def shop(pods: int, replicas: Any = 3) -> Shelf:
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}}
    deployment = obj("apps/v1", "Deployment", meta("web", "shop"), spec=spec)
    replicaset = obj("apps/v1", "ReplicaSet", meta("web-1", "shop", deployment))
    other = obj("apps/v1", "ReplicaSet", meta("other-1", "shop"))
    found = [up(f"web-1-{n}", replicaset) for n in range(pods)]
    found += [
        up("unready", replicaset, "False"),
        up("leaving", replicaset, deletionTimestamp="2026-01-02T03:04:05Z"),
        up("somebody-elses", other),
    ]
    return Shelf({PODS: found, RS: [replicaset, other], DEP: [deployment], "/api/v1/namespaces": [namespace("shop")]})


@pytest.mark.parametrize("pods", [2, 3, 4])
def test_a_deployment_is_whole_when_enough_of_its_own_pods_are_ready_and_stay(pods: int) -> None:
    with serving(shop(pods)) as server, connected(server.url) as cluster:
        health = cluster.health(GONE)
        assert (health.whole, health.ready, health.wanted) == (pods >= 3, pods, 3)
        lists = [request for request in server.requests if request.path == PODS]
        assert [request.query["labelSelector"] for request in lists] == ["app=web"]


def test_a_daemonset_wants_what_it_was_scheduled_for() -> None:
    spec = {"selector": {"matchLabels": {"app": "ds"}}}
    daemonset = obj("apps/v1", "DaemonSet", meta("ds", "shop"), spec=spec, status={"desiredNumberScheduled": 1})
    objects = {"/apis/apps/v1/namespaces/shop/daemonsets": [daemonset], PODS: [up("ds-a", daemonset)]}
    target = Target("kubernetes", "pod", "u", "ds-a", "shop", "shop/DaemonSet/ds", GONE.born, {})
    shelf = Shelf({**objects, "/api/v1/namespaces": [namespace("shop")]})
    with serving(shelf) as server, connected(server.url) as cluster:
        assert cluster.health(target).whole is True


@pytest.mark.parametrize("group", ["", "shop/Rollout/web", "shop/Job/once", "shop/Deployment/gone"])
def test_nobody_can_tell_for_what_has_no_count_of_pods(group: str) -> None:
    target = Target("kubernetes", "pod", "u", "x", "shop", group, GONE.born, {})
    with serving(Shelf({DEP: []})) as server, connected(server.url) as cluster:
        health = cluster.health(target)
        assert health.whole is None
        assert health.detail.startswith("cannot tell")


def test_a_workload_that_does_not_say_how_many_cannot_be_told() -> None:
    with serving(shop(3, replicas=None)) as server, connected(server.url) as cluster:
        assert cluster.health(GONE).whole is None


def test_a_workload_whose_selector_makes_no_sense_cannot_be_told() -> None:
    shelf = shop(3)
    shelf.objects[DEP][0]["spec"]["selector"] = {"matchExpressions": [{"key": "app", "operator": "Like"}]}
    with serving(shelf) as server, connected(server.url) as cluster:
        health = cluster.health(GONE)
        assert health.whole is None
        assert '"Like" is not a valid label selector operator' in health.detail
        assert not [request for request in server.requests if request.path == PODS]
