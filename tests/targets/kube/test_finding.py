from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import structlog

from simian_army.errors import Forbidden, PlatformError
from simian_army.model import Level, Selector
from tests.targets.kube.stub import Obj, Shelf, connected, meta, namespace, obj, pod, serving

PODS, RS, DEP = "pods", "replicasets", "deployments"


def path(scope: str, plural: str, api: str = "") -> str:
    root = "/api/v1" if plural == "pods" else f"/apis/{api or 'apps/v1'}"
    return f"{root}/namespaces/{scope}/{plural}"


def workload(kind: str, name: str, scope: str, owner: Obj | None = None, api: str = "apps/v1", **more: Any) -> Obj:
    return obj(api, kind, meta(name, scope, owner, **more))


def shop(scope: str = "shop", pods: int = 2) -> dict[str, list[Obj]]:
    deployment = workload("Deployment", "web", scope, labels={"tier": "front"})
    replicaset = workload("ReplicaSet", "web-1", scope, deployment)
    return {
        path(scope, DEP): [deployment],
        path(scope, RS): [replicaset],
        path(scope, PODS): [pod(f"web-1-{n}", scope, replicaset, labels={"app": "web"}) for n in range(pods)],
    }


NAMESPACES = {"/api/v1/namespaces": [namespace("shop", team="a"), namespace("other"), namespace("shop-2")]}


def test_a_pod_knows_everyone_above_it() -> None:
    with serving(Shelf({**shop(), **NAMESPACES})) as server, connected(server.url, namespaces=("shop",)) as cluster:
        first, _ = cluster.find(Selector("pod"))
        assert (first.scope, first.name, first.id) == ("shop", "web-1-0", "uid-shop-web-1-0")
        assert first.group == "shop/Deployment/web"
        assert first.labels == {"app": "web"}
        assert first.born == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        assert first.levels == (
            Level("ReplicaSet", "web-1", {}),
            Level("Deployment", "web", {"tier": "front"}),
            Level("Namespace", "shop", {"team": "a"}),
        )


def test_pods_are_filtered_at_the_server() -> None:
    with serving(Shelf({**shop(), **NAMESPACES})) as server, connected(server.url, namespaces=("shop",)) as cluster:
        cluster.find(Selector("pod", labels="app=web", fields=(("spec.schedulerName", "a,b=c"),)))
        query = server.requests[0].query
        assert query["labelSelector"] == "app=web"
        assert query["fieldSelector"] == r"spec.schedulerName=a\,b\=c,status.phase=Running"


def test_exact_namespaces_need_no_permission_over_the_cluster() -> None:
    shelf = Shelf({**shop("shop"), **shop("other"), **NAMESPACES})
    with serving(shelf) as server, connected(server.url, namespaces=("shop", "other")) as cluster:
        assert len(cluster.find(Selector("pod"))) == 4
        assert len(cluster.find(Selector("pod", scopes=("sh*",)))) == 2
        wide = [r.path for r in server.requests if "/namespaces" not in r.path or r.path == "/api/v1/namespaces"]
        assert wide == []


def test_patterns_choose_the_namespaces_and_read_few_of_them_one_by_one() -> None:
    shelf = Shelf({**shop("shop"), **shop("other"), **shop("shop-2"), **NAMESPACES})
    with serving(shelf) as server, connected(server.url, namespaces=("shop*", "!shop-2")) as cluster:
        assert {target.scope for target in cluster.find(Selector("pod"))} == {"shop"}
        assert "GET /api/v1/pods" not in server.lines()
        assert "GET /api/v1/namespaces/other/pods" not in server.lines()


def test_many_namespaces_are_read_with_one_list_and_the_rest_left_out() -> None:
    spaces = {"/api/v1/namespaces": [namespace(f"shop-{n}") for n in range(30)] + [namespace("other")]}
    shelf = Shelf({**shop("shop-7"), **shop("other"), **spaces})
    with serving(shelf) as server, connected(server.url, namespaces=("shop-*",)) as cluster:
        assert {target.scope for target in cluster.find(Selector("pod"))} == {"shop-7"}
        assert server.lines().count("GET /api/v1/pods") == 1


def test_names_that_no_pattern_allows_find_nothing_and_ask_nothing() -> None:
    with serving(Shelf({})) as server, connected(server.url, namespaces=("shop",)) as cluster:
        assert cluster.find(Selector("pod", scopes=("other",))) == []
        assert server.requests == []


def test_a_pod_being_deleted_is_not_found() -> None:
    objects = shop()
    objects[path("shop", PODS)][0]["metadata"]["deletionTimestamp"] = "2026-01-02T03:04:05Z"
    with serving(Shelf({**objects, **NAMESPACES})) as server, connected(server.url, namespaces=("shop",)) as cluster:
        assert [target.name for target in cluster.find(Selector("pod"))] == ["web-1-1"]


def test_only_the_named_are_found() -> None:
    with serving(Shelf({**shop(), **NAMESPACES})) as server, connected(server.url, namespaces=("shop",)) as cluster:
        assert [t.name for t in cluster.find(Selector("pod", names=("web-1-1",)))] == ["web-1-1"]
        assert "metadata.name=web-1-1" in server.requests[0].query["fieldSelector"]
        assert [t.name for t in cluster.find(Selector("pod", names=("web-1-1", "web-1-0")))] == ["web-1-0", "web-1-1"]


@pytest.mark.parametrize(
    ("names", "found", "asked"),
    [
        (("web-1-1",), ["web-1-1"], "web-1-1"),
        (("web-1-1", "web-1-0"), ["web-1-0", "web-1-1"], ""),
        (("web-*",), ["web-1-0", "web-1-1", "web-1-2"], ""),
        (("*-1", "*-2"), ["web-1-1", "web-1-2"], ""),
        (("!web-1-1",), ["web-1-0", "web-1-2"], ""),
        (("web-*", "!*-1"), ["web-1-0", "web-1-2"], ""),
        (("web-1-1", "web-1-2", "!*-2"), ["web-1-1"], "web-1-1"),
        (("web-1-1", "!web-1-1"), [], ""),
        (("other",), [], "other"),
        ((), ["web-1-0", "web-1-1", "web-1-2"], ""),
    ],
)
def test_names_are_patterns_and_a_single_one_is_left_to_the_server(
    names: tuple[str, ...], found: list[str], asked: str
) -> None:
    shelf = Shelf({**shop(pods=3), **NAMESPACES})
    with serving(shelf) as server, connected(server.url, namespaces=("shop",)) as cluster:
        assert [target.name for target in cluster.find(Selector("pod", names=names))] == found
        fields = server.requests[0].query["fieldSelector"]
        assert fields == "status.phase=Running" + (f",metadata.name={asked}" if asked else "")


def test_a_pod_is_replaced_when_it_is_destroyed_if_a_workload_owns_it_and_nothing_else_is() -> None:
    node = obj("v1", "Node", meta("n1"))
    objects = {**shop(pods=1), **NAMESPACES, "/api/v1/nodes": [node]}
    objects[path("shop", PODS)] += [pod("lonely", "shop"), pod("static", "shop", node)]
    with serving(Shelf(objects)) as server, connected(server.url, namespaces=("shop",)) as cluster:
        pods = cluster.find(Selector("pod"))
        assert {target.name: target.replaced for target in pods} == {"web-1-0": True, "lonely": False, "static": False}
        again = [cluster.read(target) for target in pods]
        assert [target and target.replaced for target in again] == [target.replaced for target in pods]
        others = [target for kind in ("deployment", "replicaset", "node") for target in cluster.find(Selector(kind))]
        assert [target.replaced for target in others] == [False] * 3


def test_asked_facts_are_read_from_whole_objects() -> None:
    objects = shop(pods=1)
    objects[path("shop", PODS)][0] |= {"spec": {"nodeName": "n1"}, "status": {"phase": "Running"}}
    with serving(Shelf({**objects, **NAMESPACES})) as server, connected(server.url, namespaces=("shop",)) as cluster:
        (target,) = cluster.find(Selector("pod", facts=("node", "spec.nodeName", "spec.absent.deep")))
        assert target.facts == {"node": "n1", "spec.nodeName": "n1", "spec.absent.deep": None}


def test_the_pods_of_a_node_are_found_whatever_their_namespace_or_phase() -> None:
    objects = {**shop("shop"), **shop("other"), **NAMESPACES}
    done, mirror = objects[path("other", PODS)]
    done |= {"spec": {"nodeName": "n1"}, "status": {"phase": "Succeeded"}}
    mirror["metadata"]["annotations"] = {"kubernetes.io/config.mirror": "hash"}
    with serving(Shelf(objects)) as server, connected(server.url, namespaces=("nothing-else",)) as cluster:
        found = cluster.find(Selector("pod", fields=(("spec.nodeName", "n1"),)))
        assert {target.scope for target in found} == {"shop", "other"}
        assert [target.facts["mirror"] for target in found].count(True) == 1
        assert [target.facts["phase"] for target in found].count("Succeeded") == 1
        assert all(target.levels[-1].kind == "Namespace" for target in found)
        assert server.requests[0].query["fieldSelector"] == "spec.nodeName=n1"


def test_an_owner_of_a_foreign_kind_is_found_through_discovery() -> None:
    rollout = workload("Rollout", "web", "shop", api="argoproj.io/v1alpha1", labels={"a": "b"})
    replicaset = workload("ReplicaSet", "web-1", "shop", rollout)
    objects = {
        path("shop", "rollouts", "argoproj.io/v1alpha1"): [rollout],
        path("shop", RS): [replicaset],
        path("shop", PODS): [pod("web-1-0", "shop", replicaset)],
        **NAMESPACES,
    }
    names = [{"kind": "Rollout", "name": "rollouts/scale"}, {"kind": "Rollout", "name": "rollouts", "namespaced": True}]
    shelf = Shelf(objects, answers={"/apis/argoproj.io/v1alpha1": {"resources": names}})
    with serving(shelf) as server, connected(server.url, namespaces=("shop",)) as cluster:
        for _ in range(2):
            (target,) = cluster.find(Selector("pod"))
            assert target.group == "shop/Rollout/web"
            assert target.levels[1] == Level("Rollout", "web", {"a": "b"})
        assert server.lines().count("GET /apis/argoproj.io/v1alpha1") == 1


def test_an_owner_under_a_version_served_no_more_is_found_under_the_present_one() -> None:
    old = workload("Rollout", "web", "shop", api="argoproj.io/v1alpha1")
    new = {path("shop", "rollouts", "argoproj.io/v1"): [old]}
    answers: dict[str, Obj] = {
        "/apis/argoproj.io": {"preferredVersion": {"version": "v1"}},
        "/apis/argoproj.io/v1": {"resources": [{"kind": "Rollout", "name": "rollouts", "namespaced": True}]},
    }
    shelf = Shelf({**new, path("shop", PODS): [pod("a", "shop", old)], **NAMESPACES}, answers=answers)
    with serving(shelf) as server, connected(server.url, namespaces=("shop",)) as cluster:
        (target,) = cluster.find(Selector("pod"))
        assert target.levels[0] == Level("Rollout", "web", {})


@pytest.mark.parametrize("why", ["forbidden", "gone", "another uid", "unknown kind", "nonsense"])
@pytest.mark.parametrize("pods", [1, 12], ids=["by name", "in bulk"])
def test_an_owner_that_cannot_be_read_is_known_to_be_there_and_unread(why: str, pods: int) -> None:
    owners = [workload("ReplicaSet", f"rs-{n}", "shop") for n in range(pods)]
    owned = [pod(f"p-{n}", "shop", owner) for n, owner in enumerate(owners)]
    shelf = Shelf({path("shop", PODS): owned, path("shop", RS): owners, **NAMESPACES})
    collection = path("shop", RS)
    if why == "forbidden":
        shelf.forbidden = {collection, *(f"{collection}/rs-{n}" for n in range(pods))}
    if why == "gone":
        shelf.objects[collection] = []
    if why == "another uid":
        shelf.objects[collection] = [workload("ReplicaSet", f"rs-{n}", "shop", uid=f"new-{n}") for n in range(pods)]
    if why == "nonsense":
        shelf.objects[collection] = [{"metadata": {**o["metadata"], "labels": []}} for o in owners]
    if why == "unknown kind":
        for child in owned:
            child["metadata"]["ownerReferences"][0]["apiVersion"] = "gone.example/v1"
    with serving(shelf) as server, connected(server.url, namespaces=("shop",)) as cluster:
        with structlog.testing.capture_logs():
            found = cluster.find(Selector("pod"))
        assert len(found) == pods
        for number, target in enumerate(found):
            assert target.levels[0] == Level("ReplicaSet", f"rs-{number}", None)
            assert target.group == f"shop/ReplicaSet/rs-{number}"


def test_a_namespace_that_cannot_be_read_is_known_to_be_unread() -> None:
    shelf = Shelf(shop(), forbidden={"/api/v1/namespaces/shop"})
    quiet = structlog.testing.capture_logs
    with serving(shelf) as server, connected(server.url, namespaces=("shop",)) as cluster, quiet():
        assert cluster.find(Selector("pod"))[0].levels[-1] == Level("Namespace", "shop", None)


def test_when_namespaces_may_not_be_listed_the_pods_still_are() -> None:
    shelf = Shelf({**shop(), **NAMESPACES}, forbidden={"/api/v1/namespaces"})
    with serving(shelf) as server, connected(server.url) as cluster, structlog.testing.capture_logs():
        assert len(cluster.find(Selector("pod"))) == 2


def test_owners_in_a_ring_end_unread() -> None:
    one, two = workload("ReplicaSet", "one", "shop"), workload("ReplicaSet", "two", "shop")
    one["metadata"] = meta("one", "shop", two)
    two["metadata"] = meta("two", "shop", one)
    objects = {path("shop", RS): [one, two], path("shop", PODS): [pod("a", "shop", one)], **NAMESPACES}
    with serving(Shelf(objects)) as server, connected(server.url, namespaces=("shop",)) as cluster:
        (target,) = cluster.find(Selector("pod"))
        assert target.levels[-2].labels is None


def test_a_pod_of_a_node_or_of_nothing_has_no_group() -> None:
    node = obj("v1", "Node", meta("n1"))
    lonely = pod("lonely", "shop")
    shared = pod("shared", "shop", workload("ReplicaSet", "rs", "shop"))
    shared["metadata"]["ownerReferences"][0]["controller"] = False
    objects = {path("shop", PODS): [lonely, pod("static", "shop", node), shared], "/api/v1/nodes": [node], **NAMESPACES}
    with serving(Shelf(objects)) as server, connected(server.url, namespaces=("shop",)) as cluster:
        found = {target.name: target for target in cluster.find(Selector("pod"))}
        assert {target.group for target in found.values()} == {""}
        assert found["static"].levels[0] == Level("Node", "n1", {})
        assert [level.kind for level in found["lonely"].levels] == ["Namespace"]
        assert [level.kind for level in found["shared"].levels] == ["Namespace"]


def test_many_owners_are_read_with_one_list_and_few_by_name() -> None:
    owners = [workload("ReplicaSet", f"rs-{n}", "shop") for n in range(30)]
    objects = {path("shop", RS): owners, path("shop", PODS): [pod(o["metadata"]["name"], "shop", o) for o in owners]}
    with serving(Shelf({**objects, **NAMESPACES})) as server, connected(server.url, namespaces=("shop",)) as cluster:
        assert len(cluster.find(Selector("pod"))) == 30
        assert len(server.requests) == 3


def test_nodes_workloads_and_namespaces_are_found_too() -> None:
    objects = {**shop("shop"), **NAMESPACES, "/api/v1/nodes": [obj("v1", "Node", meta("n1", labels={"a": "b"}))]}
    with serving(Shelf(objects)) as server, connected(server.url, namespaces=("shop*",)) as cluster:
        (node,) = cluster.find(Selector("node"))
        assert (node.scope, node.group, node.levels, node.labels) == ("", "", (), {"a": "b"})
        assert "fieldSelector" not in server.requests[0].query
        (deployment,) = cluster.find(Selector("deployment"))
        assert (deployment.group, str(deployment)) == ("shop/Deployment/web", "deployment shop/web")
        assert [level.kind for level in deployment.levels] == ["Namespace"]
        assert [t.name for t in cluster.find(Selector("namespace"))] == ["shop", "shop-2"]


def test_an_unknown_kind_is_named_with_the_known_ones() -> None:
    wrong = pytest.raises(PlatformError, match=r"'pods'; known: .*pod")
    with serving(Shelf({})) as server, connected(server.url) as cluster, wrong:
        cluster.find(Selector("pods"))


def test_a_find_that_may_not_list_says_which_rule_is_missing() -> None:
    shelf = Shelf({}, forbidden={path("shop", PODS)})
    denied = pytest.raises(Forbidden, match=r'Role in namespace shop: .*resources: \["pods"\], verbs: \["list"\]')
    with serving(shelf) as server, connected(server.url, namespaces=("shop",)) as cluster, denied:
        cluster.find(Selector("pod"))
