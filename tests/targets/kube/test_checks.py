"""Does the check ask for what the finds of a config need, where they need it."""

from __future__ import annotations

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


def test_a_find_needs_to_list_its_kind_in_the_namespaces_that_both_config_and_it_allow() -> None:
    with serving(talk) as server, connected(server.url) as cluster:
        assert lines(cluster, Selector("node", scopes=("shop",))) == ["may list nodes in the whole cluster"]
        assert lines(cluster, Selector("pod")) == []
        assert lines(cluster, Selector("pod", scopes=("shop", "o*"))) == []
        assert lines(cluster, Selector("pod", scopes=("shop",))) == ["may list pods in shop"]
        assert lines(cluster, Selector("cronjob", scopes=("shop",))) == ["may list cronjobs in shop"]


def test_a_find_of_what_there_is_not_is_no_good_and_says_so() -> None:
    with serving(talk) as server, connected(server.url) as cluster:
        said = {evidence.detail: evidence.holds for evidence in cluster.check([], [Selector("pods"), Selector("node")])}
    (wrong,) = [detail for detail in said if "'pods'" in detail]
    assert said[wrong] is False
    assert "may list nodes in the whole cluster" in said
