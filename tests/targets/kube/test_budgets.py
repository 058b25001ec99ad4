"""Are the budgets that a workload is said to have those that the API server counts for its pods."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest
import structlog

from monkeys.conformity import ConformityMonkey
from simian_army.embedded.kube import KubeServer
from simian_army.model import Selector
from simian_army.targets.k8s import Kubernetes
from simian_army.targets.kube.place import Place
from tests.cluster.plane import Cluster
from tests.cluster.world import deployment, node
from tests.targets.kube.grounds import wait_until
from tests.targets.kube.stub import Obj, Shelf, connected, meta, namespace, obj, pod, serving

POLICY, APPS = "/apis/policy/v1", "/apis/apps/v1"
WANT = Selector("deployment", facts=("budgets",))
SCOPES = ("shop", "all", "bare")
WEB: Obj = {"matchLabels": {"app": "web"}}


def budget(name: str, scope: str, selector: Any = WEB) -> Obj:
    return obj("policy/v1", "PodDisruptionBudget", meta(name, scope), spec={"minAvailable": 1, "selector": selector})


def workload(name: str, scope: str, **labels: str) -> Obj:
    template = {"metadata": {"labels": {"app": name, **labels}}, "spec": {}}
    return obj("apps/v1", "Deployment", meta(name, scope), spec={"replicas": 2, "template": template})


def shelf(budgets: dict[str, list[Obj]], *scopes: str, forbidden: Sequence[str] = ()) -> Shelf:
    spaces: dict[str, list[Obj]] = {"/api/v1/namespaces": [namespace(scope) for scope in scopes]}
    work = {f"{APPS}/namespaces/{s}/deployments": [workload("web", s), workload("db", s)] for s in scopes}
    lists = {f"{POLICY}/namespaces/{s}/poddisruptionbudgets": budgets.get(s, []) for s in scopes}
    return Shelf({**spaces, **work, **lists}, forbidden=set(forbidden))


def told(cluster: Kubernetes, selector: Selector = WANT) -> dict[str, Any]:
    with structlog.testing.capture_logs():
        return {f"{t.scope}/{t.name}": t.facts["budgets"] for t in cluster.find(selector)}


def asked(lines: list[str]) -> list[str]:
    return sorted(line.removeprefix(f"GET {POLICY}") for line in lines if "poddisruptionbudgets" in line)


FRONT = [{"key": "tier", "operator": "In", "values": ["front", "edge"]}]
SELECTORS: dict[str, Obj | None] = {
    "of-web": WEB,
    "of-front": {"matchExpressions": FRONT},
    "of-both": {"matchLabels": {"app": "db"}, "matchExpressions": FRONT},
    "of-none": None,
    "of-not-web": {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]},
    "of-tierless": {"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]},
}
TRUTH = {
    "shop/web": ["of-front", "of-web"],
    "shop/db": ["of-not-web"],
    "shop/job": ["of-not-web", "of-tierless"],
    "all/web": ["of-all"],
    "all/db": ["of-all"],
    "all/job": ["of-all"],
    "bare/web": [],
    "bare/db": [],
    "bare/job": [],
}
"""What budgets protect what, in a world of three namespaces with the same Deployments of two pods each."""


def world(prefix: str = "") -> Iterator[Obj]:
    for scope in SCOPES:
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"{prefix}{scope}"}}
        for name, labels in (("web", {"tier": "front"}), ("db", {"tier": "back"}), ("job", {})):
            made = deployment(name, 2, {"tier": "edge"}, labels)
            yield {**made, "metadata": {**made["metadata"], "namespace": f"{prefix}{scope}"}}
    for scope, name, selector in (*(("shop", *pair) for pair in SELECTORS.items()), ("all", "of-all", {})):
        yield {**budget(name, scope, selector), "metadata": {"name": name, "namespace": f"{prefix}{scope}"}}


@pytest.fixture(scope="module")
def server() -> Iterator[KubeServer]:
    with KubeServer([node("n1", {}), *world()], startup=0.01) as server:
        assert server.settle(20)
        yield server


@pytest.mark.parametrize("namespaces", [SCOPES, ("*", "!kube-*")], ids=["by name", "by pattern"])
def test_the_budgets_of_a_workload_are_those_whose_selector_means_its_pods(
    server: KubeServer, namespaces: tuple[str, ...]
) -> None:
    with connected(server.url, namespaces=namespaces) as cluster:
        assert told(cluster) == TRUTH


def test_the_budgets_of_a_pod_are_those_of_its_workload(server: KubeServer) -> None:
    with connected(server.url, namespaces=SCOPES) as cluster:
        pods = cluster.find(Selector("pod", facts=("budgets",)))
    assert {target.group.replace("Deployment/", ""): target.facts["budgets"] for target in pods} == TRUTH


@pytest.fixture
def real(real_cluster: Cluster) -> Iterator[str]:
    """The same world on the real one; gives the prefix of its namespaces."""
    api, prefix = real_cluster.api("admin"), f"b-{uuid.uuid4().hex[:6]}-"
    budgets = []
    for made in world(prefix):
        if made["kind"] == "Namespace":
            api.create("/api/v1/namespaces", made)
        elif made["kind"] == "Deployment":
            api.create(f"{APPS}/namespaces/{made['metadata']['namespace']}/deployments", made)
        else:
            budgets.append(made)
    pods = [f"/api/v1/namespaces/{prefix}{scope}/pods?fieldSelector=status.phase%3DRunning" for scope in SCOPES]
    wait_until(lambda: all(len(api.get(path)["items"]) == 6 for path in pods))
    # only now: of two budgets over one new pod, the real controller counts it for one
    for made in budgets:
        api.create(f"{POLICY}/namespaces/{made['metadata']['namespace']}/poddisruptionbudgets", made)
    yield prefix
    for scope in SCOPES:
        api.delete(f"/api/v1/namespaces/{prefix}{scope}")


def test_the_real_kubernetes_counts_for_each_budget_the_pods_that_are_said_to_be_its_own(
    real_cluster: Cluster, real: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(real_cluster.kubeconfig_of("admin")))
    scopes = tuple(f"{real}{scope}" for scope in SCOPES)
    place = Place(context=real_cluster.context, namespaces=scopes, fleet="test", key=b"secret")
    with closing(Kubernetes.connect(place)) as cluster:
        seen = {where.removeprefix(real): names for where, names in told(cluster).items()}
    assert seen == TRUTH
    own = Counter(name for names in seen.values() for name in names)
    api = real_cluster.api("admin")

    def counted() -> dict[str, int]:
        lists = [f"{POLICY}/namespaces/{real}{scope}/poddisruptionbudgets" for scope in SCOPES]
        budgets = [one for path in lists for one in api.items(path)]
        return {one["metadata"]["name"]: one.get("status", {}).get("expectedPods", -1) for one in budgets}

    wait_until(lambda: counted() == {name: 2 * own[name] for name in (*SELECTORS, "of-all")})


def test_the_real_kubernetes_tells_its_budgets_only_to_whom_it_may(
    real_cluster: Cluster, real: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api, scope = real_cluster.api("admin"), f"{real}shop"
    account = real_cluster.service_account(scope, "blind")
    monkeypatch.setenv("KUBECONFIG", str(real_cluster.kubeconfig_with(tmp_path / "kubeconfig", account)))
    rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{scope}"
    head = {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": "blind"}}
    rules = [{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["list"]}]
    who = {"kind": "ServiceAccount", "name": "blind", "namespace": scope}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "blind"}
    api.create(f"{rbac}/roles", {**head, "kind": "Role", "rules": rules})
    api.create(f"{rbac}/rolebindings", {**head, "kind": "RoleBinding", "roleRef": role, "subjects": [who]})
    place = Place(context=real_cluster.context, namespaces=(scope,), fleet="test", key=b"secret")
    with closing(Kubernetes.connect(place)) as cluster:
        assert told(cluster) == dict.fromkeys((f"{scope}/db", f"{scope}/job", f"{scope}/web"))
        no = [line.detail for line in cluster.check([], [WANT]) if not line.holds and "disruption" in line.detail]
    rule = '{apiGroups: ["policy"], resources: ["poddisruptionbudgets"], verbs: ["list"]}'
    assert no == [f"may not list poddisruptionbudgets in {scope}: add to a Role in namespace {scope}: {rule}"]


def test_the_conformity_monkey_misses_a_budget_just_where_there_is_none(server: KubeServer) -> None:
    monkey, rng = ConformityMonkey(["disruption-budget"]), Random("0")
    with connected(server.url, namespaces=SCOPES) as cluster:
        troop = [t for kind in monkey.needs.kinds for t in cluster.find(Selector(kind, facts=monkey.needs.facts))]
    said = monkey.propose(troop, rng)
    everything = [f"{finding.target.name}: {finding.rule}" for finding in ConformityMonkey().propose(troop, rng)]
    assert [str(finding.target) for finding in said] == [f"deployment bare/{name}" for name in ("db", "job", "web")]
    assert everything.count("web: readiness-probe") == everything.count("db: resource-requests") == 3


def test_budgets_are_not_asked_for_unless_wanted_nor_where_nothing_was_found() -> None:
    given = shelf({}, *(f"shop-{number}" for number in range(30)))
    with serving(given) as server:
        for namespaces in (("shop-1", "shop-2"), ("shop-*",)):
            with connected(server.url, namespaces=namespaces) as cluster:
                assert cluster.find(Selector("deployment", facts=("replicas",)))
                assert told(cluster, Selector("deployment", names=("nothing-*",), facts=("budgets",))) == {}
        assert asked(server.lines()) == []


def test_one_list_of_a_namespace_tells_for_all_of_its_workloads() -> None:
    given = shelf({"shop": [budget("a", "shop")]}, "shop", "bare")
    with serving(given) as server, connected(server.url, namespaces=("shop", "bare")) as cluster:
        assert told(cluster) == {"shop/web": ["a"], "shop/db": [], "bare/web": [], "bare/db": []}
        assert asked(server.lines()) == [f"/namespaces/{scope}/poddisruptionbudgets" for scope in ("bare", "shop")]


def test_one_list_tells_for_many_namespaces_found_by_pattern() -> None:
    scopes = [f"shop-{number}" for number in range(30)]
    given = shelf({"shop-7": [budget("a", "shop-7")]}, *scopes)
    with serving(given) as server, connected(server.url, namespaces=("shop-*",)) as cluster:
        seen = told(cluster)
        assert asked(server.lines()) == ["/poddisruptionbudgets"]
    assert {place: names for place, names in seen.items() if names} == {"shop-7/web": ["a"]}
    assert len(seen) == 60


def test_where_we_may_not_ask_nobody_can_tell_and_the_log_names_the_rule() -> None:
    path = f"{POLICY}/namespaces/secret/poddisruptionbudgets"
    given = shelf(
        {"shop": [budget("a", "shop")], "secret": [budget("b", "secret")]}, "shop", "secret", forbidden=[path]
    )
    with serving(given) as server, connected(server.url, namespaces=("shop", "secret")) as cluster:
        with structlog.testing.capture_logs() as logs:
            seen = {f"{t.scope}/{t.name}": t.facts["budgets"] for t in cluster.find(WANT)}
    assert seen == {"shop/web": ["a"], "shop/db": [], "secret/web": None, "secret/db": None}
    (line,) = [line for line in logs if line["event"] == "unreadable"]
    assert (line["resource"], line["name"]) == ("poddisruptionbudgets", "secret")
    assert 'apiGroups: ["policy"], resources: ["poddisruptionbudgets"], verbs: ["list"]' in line["reason"]


def test_a_cluster_that_tells_nobody_of_its_budgets_is_not_said_to_have_none() -> None:
    scopes = [f"shop-{number}" for number in range(30)]
    given = shelf({}, *scopes, forbidden=[f"{POLICY}/poddisruptionbudgets"])
    with serving(given) as server, connected(server.url, namespaces=("shop-*",)) as cluster:
        assert set(told(cluster).values()) == {None}


def test_a_budget_whose_selector_makes_no_sense_leaves_in_doubt_those_that_no_other_protects() -> None:
    strange = budget("strange", "shop", {"matchExpressions": [{"key": "app", "operator": "Like"}]})
    given = shelf({"shop": [strange, budget("a", "shop")]}, "shop", "bare")
    with serving(given) as server, connected(server.url, namespaces=("shop", "bare")) as cluster:
        assert told(cluster) == {"shop/web": ["a"], "shop/db": None, "bare/web": [], "bare/db": []}


def test_the_pods_of_a_cronjob_are_those_of_the_jobs_it_makes() -> None:
    given = shelf({"shop": [budget("a", "shop")]}, "shop")
    template = {"metadata": {"labels": {"app": "web"}}}
    spec = {"jobTemplate": {"metadata": {"labels": {"app": "db"}}, "spec": {"template": template}}}
    given.objects["/apis/batch/v1/namespaces/shop/cronjobs"] = [
        obj("batch/v1", "CronJob", meta("c", "shop"), spec=spec)
    ]
    with serving(given) as server, connected(server.url, namespaces=("shop",)) as cluster:
        assert told(cluster, Selector("cronjob", facts=("budgets",))) == {"shop/c": ["a"]}


def test_what_makes_no_pods_has_no_budgets_to_tell_of() -> None:
    given = shelf({"shop": [budget("all", "shop", {})]}, "shop")
    given.objects["/api/v1/nodes"] = [obj("v1", "Node", meta("n1"))]
    given.objects["/api/v1/namespaces/shop/pods"] = [pod("bare", "shop")]
    with serving(given) as server, connected(server.url, namespaces=("shop",)) as cluster:
        for kind, names in (("node", None), ("pod", ["all"])):
            (target,) = cluster.find(Selector(kind, facts=("budgets",)))
            assert target.facts["budgets"] == names
