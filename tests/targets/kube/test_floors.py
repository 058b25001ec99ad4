"""Who has a word on how few pods may stay, and what becomes of words that cannot be had or make no sense."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from simian_army.errors import PlatformError
from simian_army.model import Target
from simian_army.standing import Floor
from simian_army.targets.kube.floors import HPA, PDB, Subject, Word, floors
from tests.targets.kube.stub import Obj, Shelf, connected, meta, namespace, obj, pod, serving

WEB = Subject("shop", "Deployment", "web", {"app": "web"}, ready=True)
SELECTS = {"matchLabels": {"app": "web"}}
TARGET = Target(
    "kubernetes",
    "pod",
    "uid-shop-web-1-0",
    "web-1-0",
    "shop",
    "shop/Deployment/web",
    datetime(2026, 1, 1, tzinfo=UTC),
    {"app": "web"},
    facts={"ready": True},
)
BUDGETS = "/apis/policy/v1/namespaces/shop/poddisruptionbudgets"
AUTOSCALERS = "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers"


def budget(name: str = "web", allowed: Any = 1, *, generation: int = 1, **spec: Any) -> Obj:
    counts = {"disruptionsAllowed": allowed, "currentHealthy": 3, "desiredHealthy": 2, "observedGeneration": 1}
    head = meta(name, "shop", generation=generation)
    return obj("policy/v1", "PodDisruptionBudget", head, spec={"selector": SELECTS, **spec}, status=counts)


def autoscaler(name: str = "web", least: Any = 2, kind: str = "Deployment", target: str = "web") -> Obj:
    spec = {"minReplicas": least, "scaleTargetRef": {"kind": kind, "name": target}}
    return obj("autoscaling/v2", "HorizontalPodAutoscaler", meta(name, "shop"), spec=spec)


def said(*found: Obj, subject: Subject = WEB) -> tuple[Floor, ...]:
    return floors([Word(PDB, found)], subject, 3)


@pytest.mark.parametrize("allowed", [3, 1, 0, -1])
def test_a_budget_has_the_room_that_its_status_tells(allowed: int) -> None:
    (floor,) = said(budget(allowed=allowed))
    words = f"PDB shop/web: {allowed} disruptions allowed, 3 healthy, 2 needed"
    assert floor == Floor("PDB shop/web", allowed, words)


@pytest.mark.parametrize("selector", [None, {"matchLabels": {"app": "cart"}}])
def test_a_budget_over_others_has_no_word(selector: Any) -> None:
    assert said(budget(selector=selector)) == ()


def test_a_budget_that_was_changed_since_it_was_counted_has_no_room() -> None:
    (floor,) = said(budget(generation=2))
    assert floor.room == 0
    assert floor.detail == "PDB shop/web: not counted since it was changed (generation 2, counted 1)"


@pytest.mark.parametrize("allowed", [None, "1"])
def test_a_status_that_tells_nothing_is_a_doubt(allowed: Any) -> None:
    (floor,) = said(budget(allowed=allowed))
    assert (floor.room, floor.detail) == (None, "PDB shop/web: its status does not say how many may go")


def test_a_selector_that_makes_no_sense_might_have_meant_the_pod() -> None:
    odd = {"matchExpressions": [{"key": "app", "operator": "Like"}]}
    (floor,) = said(budget(selector=odd))
    assert floor.room is None
    assert 'its selector makes no sense: "Like" is not' in floor.detail


@pytest.mark.parametrize("subject", [WEB, replace(WEB, ready=False)])
def test_of_two_over_one_pod_none_has_room(subject: Subject) -> None:
    (floor,) = said(budget("a"), budget("b"), budget("c", selector={"matchLabels": {"app": "cart"}}), subject=subject)
    assert (floor.name, floor.room) == ("PDB shop/a and PDB shop/b", 0)


def test_a_pod_that_is_not_ready_goes_as_its_budget_lets_the_unready_go() -> None:
    unready = replace(WEB, ready=False)
    (floor,) = said(budget(allowed=0), subject=unready)  # 3 healthy, 2 needed: nobody is missed
    assert floor.room == 1
    low = budget(allowed=0)
    low["status"]["currentHealthy"] = 1
    assert said(low, subject=unready)[0].room == 0
    low["spec"]["unhealthyPodEvictionPolicy"] = "IfHealthyBudget"
    assert said(low, subject=unready)[0].room == 0
    low["spec"]["unhealthyPodEvictionPolicy"] = "AlwaysAllow"
    assert said(low, subject=unready)[0].room == 1
    assert said(low, subject=WEB)[0].room == 0
    none = budget(allowed=0)
    none["status"] |= {"currentHealthy": 0, "desiredHealthy": 0}
    assert said(none, subject=unready)[0].room == 0


@pytest.mark.parametrize(("least", "room"), [(1, 2), (2, 1), (3, 0), (4, -1), (0, 3)])
def test_an_autoscaler_keeps_its_least(least: int, room: int) -> None:
    (floor,) = floors([Word(HPA, [autoscaler(least=least)])], WEB, 3)
    assert floor == Floor("HPA shop/web", room, f"HPA shop/web: keeps at least {least} (minReplicas), 3 are ready")


@pytest.mark.parametrize(("kind", "name"), [("StatefulSet", "web"), ("Deployment", "cart")])
def test_an_autoscaler_of_another_has_no_word(kind: str, name: str) -> None:
    assert floors([Word(HPA, [autoscaler(kind=kind, target=name)])], WEB, 3) == ()


def test_an_autoscaler_that_cannot_be_counted_is_a_doubt() -> None:
    for word, ready in ((autoscaler(least=None), 3), (autoscaler(), None)):
        (floor,) = floors([Word(HPA, [word])], WEB, ready)
        assert floor.room is None


def shop() -> Shelf:
    spec = {"replicas": 2, "selector": SELECTS}
    deployment = obj("apps/v1", "Deployment", meta("web", "shop"), spec=spec)
    replicaset = obj("apps/v1", "ReplicaSet", meta("web-1", "shop", deployment))
    ready = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
    pods = [{**pod(f"web-1-{n}", "shop", replicaset), **ready} for n in range(2)]
    return Shelf(
        {
            "/api/v1/namespaces/shop/pods": pods,
            "/apis/apps/v1/namespaces/shop/replicasets": [replicaset],
            "/apis/apps/v1/namespaces/shop/deployments": [deployment],
            "/api/v1/namespaces": [namespace("shop")],
            BUDGETS: [budget()],
            AUTOSCALERS: [autoscaler()],
        }
    )


def test_only_those_that_config_names_are_asked() -> None:
    for kinds in ((), (PDB,), (HPA,), (PDB, HPA)):
        with serving(shop()) as server, connected(server.url, floors=kinds) as cluster:
            health = cluster.health(TARGET, floors=True)
            asked = {request.path for request in server.requests} & {BUDGETS, AUTOSCALERS}
            assert asked == {path for path, kind in ((BUDGETS, PDB), (AUTOSCALERS, HPA)) if kind in kinds}
            assert [floor.name[:3] for floor in health.floors] == [kind.upper() for kind in kinds]
            assert health.ready == 2
            assert health.up == {"uid-shop-web-1-0", "uid-shop-web-1-1"}


def test_whoever_is_not_asked_for_floors_lists_no_budgets() -> None:
    with serving(shop()) as server, connected(server.url, floors=(PDB, HPA)) as cluster:
        assert cluster.health(TARGET).floors == ()
        assert not {request.path for request in server.requests} & {BUDGETS, AUTOSCALERS}


@pytest.mark.parametrize(
    ("path", "kind", "word", "group", "plural"),
    [
        (BUDGETS, "PodDisruptionBudget", "pdb", "policy", "poddisruptionbudgets"),
        (AUTOSCALERS, "HorizontalPodAutoscaler", "hpa", "autoscaling", "horizontalpodautoscalers"),
    ],
)
def test_what_we_may_not_list_is_a_doubt_that_names_the_rule_and_the_way_without(
    path: str, kind: str, word: str, group: str, plural: str
) -> None:
    shelf = shop()
    shelf.forbidden.add(path)
    with serving(shelf) as server, connected(server.url, floors=(PDB, HPA)) as cluster:
        health = cluster.health(TARGET, floors=True)
        assert health.whole is True
        (floor,) = [floor for floor in health.floors if floor.room is None]
        assert floor.name == kind
        rule = f'add to a Role in namespace shop: {{apiGroups: ["{group}"], resources: ["{plural}"], verbs: ["list"]}}'
        assert rule in floor.detail
        assert floor.detail.endswith(f"to go without, write safety.quorum: {{{word}: false}}")


def test_what_is_not_served_has_no_word() -> None:
    shelf = shop()
    del shelf.objects[AUTOSCALERS]
    with serving(shelf) as server, connected(server.url, floors=(PDB, HPA)) as cluster:
        assert [floor.name for floor in cluster.health(TARGET, floors=True).floors] == ["PDB shop/web"]


def test_pods_of_what_has_no_count_are_under_their_budgets_all_the_same() -> None:
    target = replace(TARGET, group="shop/Rollout/web")
    shelf = shop()
    with serving(shelf) as server, connected(server.url, floors=(PDB, HPA)) as cluster:
        health = cluster.health(target, floors=True)
        assert health.whole is None
        assert [floor.name for floor in health.floors] == ["PDB shop/web"]
        shelf.objects[AUTOSCALERS] = [autoscaler(kind="Rollout")]
        assert [floor.room for floor in cluster.health(target, floors=True).floors] == [1, None]


def test_what_is_in_motion_is_told_with_the_count() -> None:
    shelf = shop()
    shelf.objects["/apis/apps/v1/namespaces/shop/deployments"][0]["metadata"]["generation"] = 2
    with serving(shelf) as server, connected(server.url) as cluster:
        health = cluster.health(TARGET)
        assert (health.whole, health.ready) == (True, 2)
        assert health.moving == "its controller has not seen the last change (generation 2, seen 0)"


def test_a_workload_is_under_the_budgets_of_the_pods_it_makes() -> None:
    shelf = shop()
    template = {"metadata": {"labels": {"app": "web"}}}
    shelf.objects["/apis/apps/v1/namespaces/shop/deployments"][0]["spec"]["template"] = template
    target = replace(TARGET, kind="deployment", name="web", labels={"app": "the Deployment's own"}, facts={})
    with serving(shelf) as server, connected(server.url, floors=(PDB,)) as cluster:
        assert [floor.name for floor in cluster.health(target, floors=True).floors] == ["PDB shop/web"]


def test_a_workload_that_cannot_be_read_is_an_error_and_leaves_no_thread() -> None:
    shelf = shop()
    shelf.forbidden.add("/apis/apps/v1/namespaces/shop/deployments/web")
    with serving(shelf) as server, connected(server.url, floors=(PDB, HPA)) as cluster:
        with pytest.raises(PlatformError, match="get deployments shop/web"):
            cluster.health(TARGET, floors=True)
