from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog

from simian_army import marks
from simian_army.errors import PlatformError, Refused
from simian_army.faults.k8s.node_cordon import NodeCordon
from simian_army.faults.k8s.pod_evict import PodEvict
from simian_army.model import Fault, Mark, Target
from simian_army.targets.k8s import Kubernetes
from tests.targets.kube.stub import Obj, Reply, Request, Shelf, connected, meta, namespace, obj, pod, serving

BORN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
NODE = Target("kubernetes", "node", "uid--n1", "n1", "", "", BORN, {})
WEB = Target("kubernetes", "pod", "uid-shop-web", "web", "shop", "", BORN, {})
PODS = "/api/v1/namespaces/shop/pods"


def marked(node: str, text: str | None) -> Obj:
    notes: Obj = {} if text is None else {"annotations": {marks.FAULT: text}}
    return obj("v1", "Node", meta(node, labels={marks.HELD: "true"}, **notes))


def signed(key: bytes = b"secret", fleet: str = "test", target: Target = NODE, run: str = "run-1") -> Mark:
    fault = Fault("node-cordon", target, undo={"unschedulable": False})
    return marks.sign(key, fleet, run, fault, BORN + timedelta(hours=1))


def test_a_target_is_read_whole_with_all_above_it() -> None:
    whole = {**pod("web", "shop"), "spec": {"nodeName": "n1"}, "status": {"phase": "Running", "conditions": []}}
    shelf = Shelf({PODS: [whole], "/api/v1/namespaces": [namespace("shop", a="b")]})
    with serving(shelf) as server, connected(server.url) as cluster:
        target = cluster.read(WEB)
    assert target is not None
    assert target.facts == {
        "resourceVersion": "1",
        "phase": "Running",
        "node": "n1",
        "ready": False,
        "terminating": False,
        "mirror": False,
        "places": {"node": ["n1"]},
    }
    assert target.levels[0].labels == {"a": "b"}


def test_a_namesake_or_nothing_reads_as_none() -> None:
    with serving(Shelf({PODS: [pod("web", "shop")]})) as server, connected(server.url) as cluster:
        assert cluster.read(replace(WEB, id="another")) is None
        assert cluster.get(replace(WEB, name="gone")) is None


def test_an_object_whose_metadata_makes_no_sense_cannot_be_judged() -> None:
    shelf, wrong = Shelf({PODS: [pod("web", "shop", labels=7)]}), pytest.raises(PlatformError, match="makes no sense")
    with serving(shelf) as server, connected(server.url) as cluster, wrong:
        cluster.read(WEB)


def test_the_cluster_is_known_by_the_uid_of_kube_system() -> None:
    shelf = Shelf({"/api/v1/namespaces": [namespace("kube-system")]})
    with serving(shelf) as server, connected(server.url, embedded=True) as cluster:
        (identity,) = cluster.identities()
        assert (identity.id, identity.endpoint, identity.embedded) == ("uid--kube-system", server.url, True)
        assert identity.platform == cluster.name == "kubernetes"


def test_marks_of_this_fleet_are_told_and_those_of_others_are_not() -> None:
    nodes = [marked("n1", marks.to_text(signed())), marked("n2", marks.to_text(signed(fleet="other")))]
    with serving(Shelf({"/api/v1/nodes": nodes})) as server, connected(server.url) as cluster:
        found = list(cluster.marked())
        assert [(target.name, mark) for target, mark in found] == [("n1", signed())]
        assert server.requests[0].query["labelSelector"] == marks.HELD


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "{}",
        marks.to_text(signed(key=b"forged")),
        marks.to_text(signed(target=replace(NODE, id="copied from another"))),
        marks.to_text(replace(signed(), undo={"unschedulable": True})),
    ],
    ids=["absent", "empty", "nonsense", "another key", "copied", "changed"],
)
def test_a_mark_that_is_not_ours_for_that_very_object_is_none(text: str | None) -> None:
    shelf, quiet = Shelf({"/api/v1/nodes": [marked("n1", text)]}), structlog.testing.capture_logs()
    with serving(shelf) as server, connected(server.url) as cluster, quiet:
        assert [(target.name, mark) for target, mark in cluster.marked()] == [("n1", None)]


def test_marked_pods_are_looked_for_where_config_allows() -> None:
    with serving(Shelf({PODS: []})) as server, connected(server.url, namespaces=("shop",)) as cluster:
        assert list(cluster.marked()) == []
        assert [request.path for request in server.requests] == ["/api/v1/nodes", PODS]


def test_marks_are_looked_for_in_other_namespaces_too_and_one_that_cannot_be_listed_keeps_no_other_back() -> None:
    old = "/api/v1/namespaces/old/pods"
    left = pod("left", "old", labels={marks.HELD: "true"}, annotations={marks.FAULT: "?"})
    shelf = Shelf({PODS: [], old: [left], "/api/v1/namespaces": [namespace("old")]}, forbidden={PODS})
    with serving(shelf) as server, connected(server.url, namespaces=("shop",)) as cluster:
        found = cluster.marked(["old", "shop"])
        target, mark = next(found)
        assert (target.name, target.facts, mark) == ("left", {"mark": "?"}, None)
        with pytest.raises(PlatformError, match="list pods shop"):
            next(found)
    with serving(shelf) as server, connected(server.url, namespaces=("shop*",)) as cluster:
        assert [target.name for target, _ in cluster.marked(["old"])] == ["left"]
        assert list(cluster.marked()) == []


def test_an_object_that_bears_a_mark_is_not_marked_again() -> None:
    with serving(Shelf({})) as server, connected(server.url) as cluster:
        with pytest.raises(Refused, match="another fault holds it"):
            cluster.mark(marked("n1", "anything"), signed())
        with pytest.raises(Refused, match=r"simian-army/held"):
            cluster.mark(marked("n1", None), signed())


def test_taking_off_leaves_the_mark_of_another_run() -> None:
    with serving(Shelf({})) as server, connected(server.url) as cluster:
        assert cluster.unmark(marked("n1", marks.to_text(signed(run="run-2"))), signed()) == []
        assert cluster.unmark(marked("n1", marks.to_text(signed(fleet="other"))), signed()) == []
        assert cluster.unmark(obj("v1", "Node", meta("n1")), signed()) == []
        assert len(cluster.unmark(marked("n1", marks.to_text(signed())), signed())) == 3
        assert len(cluster.unmark(marked("n1", "damaged"), signed())) == 3
        assert len(cluster.unmark(marked("n1", marks.to_text(replace(signed(), run="changed"))), signed())) == 3
        assert len(cluster.unmark(marked("n1", None), signed())) == 2


def reviewing(allowed: set[tuple[str, str]]) -> Any:
    def talk(request: Request) -> Reply:
        if request.path == "/version":
            return Reply(200, {"gitVersion": "v1.36.3"})
        if request.method == "GET":
            return Reply(200, namespace("kube-system"))
        wish = request.body["spec"]["resourceAttributes"]
        resource = "/".join(part for part in (wish["resource"], wish.get("subresource")) if part)
        return Reply(201, {"status": {"allowed": (wish["verb"], resource) in allowed}})

    return talk


def kinds(cluster: Kubernetes) -> list[Any]:
    return [PodEvict(cluster), NodeCordon(cluster)]


def test_check_asks_for_every_permission_in_every_place_and_names_the_fix() -> None:
    talk = reviewing({("create", "pods/eviction"), ("patch", "nodes")})
    with serving(talk) as server, connected(server.url, namespaces=("shop", "other")) as cluster:
        found = list(cluster.check(kinds(cluster)))
        asked = [r.body["spec"]["resourceAttributes"] for r in server.requests if r.method == "POST"]
    assert found[0].holds
    assert "v1.36.3" in found[0].detail
    assert "uid--kube-system" in found[1].detail
    said = {evidence.detail: evidence.holds for evidence in found}
    assert said["may create pods/eviction in shop"] is True
    assert said["may create pods/eviction in other"] is True
    assert said["may patch nodes in the whole cluster"] is True
    (denied,) = [detail for detail in said if detail.startswith("may not get nodes")]
    assert 'ClusterRole: {apiGroups: [""], resources: ["nodes"], verbs: ["get"]}' in denied
    assert {"verb": "create", "resource": "pods", "subresource": "eviction", "namespace": "shop"} in asked
    assert len(asked) == len({tuple(sorted(wish.items())) for wish in asked})


def test_check_of_a_cluster_that_is_away_says_so_and_ends() -> None:
    with connected("http://127.0.0.1:9") as cluster:
        (only,) = cluster.check(kinds(cluster))
        assert not only.holds
        assert "cannot be reached" in only.detail


def test_check_does_not_trust_an_answer_without_a_yes() -> None:
    def talk(request: Request) -> Reply:
        return Reply(201, {"status": {"allowed": "yes"}}) if request.method == "POST" else Reply(200, {})

    with serving(talk) as server, connected(server.url) as cluster:
        assert not any(evidence.holds for evidence in list(cluster.check(kinds(cluster)))[1:])
