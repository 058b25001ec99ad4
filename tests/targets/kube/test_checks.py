"""Does the check ask for what the finds of a config need, where they need it."""

from __future__ import annotations

from simian_army.faults.k8s.node_cordon import NodeCordon
from simian_army.faults.k8s.pod_delete import PodDelete
from simian_army.model import Selector
from simian_army.targets.k8s import Kubernetes
from tests.targets.kube.stub import Reply, Request, connected, namespace, serving


def talk(request: Request) -> Reply:
    if request.method == "GET":
        return Reply(200, {"gitVersion": "v1.36.3"} if request.path == "/version" else namespace("kube-system"))
    wish = request.body["spec"]["resourceAttributes"]
    return Reply(201, {"status": {"allowed": wish["resource"] != "poddisruptionbudgets"}})


def lines(cluster: Kubernetes, *selectors: Selector) -> list[str]:
    """What is said of these finds beyond what is said without them."""
    without = [evidence.detail for evidence in cluster.check([])]
    said = [evidence.detail for evidence in cluster.check([], selectors)]
    assert len(said) == len(set(said))
    return [detail for detail in said if detail not in without]


def test_a_find_of_budgets_needs_to_list_them_and_the_fix_is_named() -> None:
    selectors = [Selector(kind, facts=("replicas", "budgets")) for kind in ("deployment", "statefulset")]
    with serving(talk) as server:
        with connected(server.url) as cluster:
            (wide,) = lines(cluster, *selectors)
        with connected(server.url, namespaces=("shop", "other")) as cluster:
            near = lines(cluster, *selectors)
    rule = '{apiGroups: ["policy"], resources: ["poddisruptionbudgets"], verbs: ["list"]}'
    assert wide == f"may not list poddisruptionbudgets in the whole cluster: add to a ClusterRole: {rule}"
    assert near == [
        f"may not list poddisruptionbudgets in {scope}: add to a Role in namespace {scope}: {rule}"
        for scope in ("other", "shop")
    ]


def test_a_find_needs_to_list_its_kind_where_config_looks_whatever_it_selects() -> None:
    with serving(talk) as server:
        with connected(server.url) as cluster:
            assert lines(cluster, Selector("configmap", scopes=("shop",))) == [
                "may list configmaps in the whole cluster"
            ]
            assert lines(cluster, Selector("pod", scopes=("shop",)), Selector("node")) == []
        with connected(server.url, namespaces=("shop",)) as cluster:
            assert lines(cluster, Selector("configmap")) == ["may list configmaps in shop"]


def test_marks_are_looked_for_on_nodes_and_pods_whatever_is_configured() -> None:
    with serving(talk) as server, connected(server.url, namespaces=("shop", "!till", "till")) as cluster:
        said = [evidence.detail for evidence in cluster.check([])]
    assert [line for line in said if " nodes " in line or " pods " in line] == [
        "may list nodes in the whole cluster",
        "may list pods in shop",
    ]


def test_who_has_a_word_must_be_listed_only_where_config_asks_them_and_a_fault_stops_pods() -> None:
    with serving(talk) as server, connected(server.url, floors=("pdb", "hpa")) as cluster:
        kinds = [NodeCordon(cluster)]
        none = {evidence.detail for evidence in cluster.check(kinds)}
        said = {evidence.detail: evidence.holds for evidence in cluster.check([*kinds, PodDelete(cluster)])}
    with serving(talk) as server, connected(server.url, floors=("hpa",)) as cluster:
        one = {evidence.detail for evidence in cluster.check([PodDelete(cluster)])}
    assert not [line for line in none if "poddisruptionbudgets" in line or "autoscalers" in line]
    (budgets,) = [line for line in said if "poddisruptionbudgets" in line]
    assert budgets.startswith("may not list poddisruptionbudgets in the whole cluster: add to a ClusterRole")
    assert said[budgets] is False
    assert said["may list horizontalpodautoscalers in the whole cluster"] is True
    assert "may list horizontalpodautoscalers in the whole cluster" in one
    assert not [line for line in one if "poddisruptionbudgets" in line]


def test_a_find_of_what_there_is_not_is_no_good_and_says_so() -> None:
    with serving(talk) as server, connected(server.url) as cluster:
        said = {evidence.detail: evidence.holds for evidence in cluster.check([], [Selector("pods"), Selector("node")])}
    (wrong,) = [detail for detail in said if "'pods'" in detail]
    assert said[wrong] is False
    assert "may list nodes in the whole cluster" in said
