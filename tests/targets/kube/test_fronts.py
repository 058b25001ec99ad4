"""Is every Service found that the API server itself asks, and whom it leads to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from simian_army.errors import Forbidden, PlatformError
from simian_army.faults.k8s.pod_delete import PodDelete
from simian_army.sights import Front
from simian_army.targets.kube.fronts import KEPT, Fronts
from tests.simian_army.fakes import FakeClock
from tests.targets.kube.stub import Obj, Reply, Request, Stub, connected, meta, namespace, obj, serving

ADMISSION, REGISTRATION = "admissionregistration.k8s.io/v1", "apiregistration.k8s.io/v1"
EXTENSIONS = "apiextensions.k8s.io/v1"
VALIDATING = f"/apis/{ADMISSION}/validatingwebhookconfigurations"
MUTATING = f"/apis/{ADMISSION}/mutatingwebhookconfigurations"
SERVICES = f"/apis/{REGISTRATION}/apiservices"
CRDS = f"/apis/{EXTENSIONS}/customresourcedefinitions"
LISTS = {
    VALIDATING: "ValidatingWebhookConfigurationList",
    MUTATING: "MutatingWebhookConfigurationList",
    SERVICES: "APIServiceList",
    CRDS: "CustomResourceDefinitionList",
}
POLICY = Front("validating webhook policy", "shop", "policy")


def to(name: str, scope: str = "shop", **more: Any) -> Obj:
    return {"clientConfig": {"service": {"namespace": scope, "name": name, "path": "/x"}, "caBundle": "eA=="}, **more}


def hooks(kind: str, name: str, *said: Obj) -> Obj:
    return obj(ADMISSION, f"{kind}WebhookConfiguration", meta(name), webhooks=list(said))


def converted(name: str, conversion: Obj) -> Obj:
    spec = {"group": "example.com", "conversion": conversion, "versions": [{"schema": {"x": [1, {"y": None}]}}]}
    return obj(EXTENSIONS, "CustomResourceDefinition", meta(name), spec=spec)


class Answers:
    """Lists and single Services as given; anything else is not there."""

    def __init__(self, lists: dict[str, list[Obj]], services: dict[str, Any] | None = None) -> None:
        self.lists, self.services = lists, services or {}
        self.codes: dict[str, int] = {}

    def __call__(self, request: Request) -> Reply:
        code = self.codes.get(request.path, 200)
        if code != 200:
            return Reply(code, {"kind": "Status", "message": "no", "code": code})
        if request.path in LISTS:
            return self._page(request)
        found = self.services.get(request.path)
        if found is None:
            return Reply(404, {"kind": "Status", "message": "not found", "code": 404})
        return Reply(200, {"kind": "Service", "metadata": meta("x"), "spec": found})

    def _page(self, request: Request) -> Reply:
        items = self.lists.get(request.path, [])
        start = int(request.query.get("continue", "0"))
        left = items[start + 1 :]
        more = {"continue": str(start + 1)} if left else {}
        return Reply(200, {"kind": LISTS[request.path], "metadata": more, "items": items[start : start + 1]})


@contextmanager
def looking(talk: Answers) -> Iterator[tuple[Fronts, Stub, FakeClock]]:
    clock = FakeClock()
    with serving(talk) as server, connected(server.url) as cluster:
        yield Fronts(cluster.wire, clock), server, clock


def test_each_way_to_lead_to_a_service_is_found_on_every_page() -> None:
    outside = {"clientConfig": {"url": "https://hook.example.com/x"}}
    inside = {"clientConfig": {"url": "https://Late.Shop.svc.cluster.local:8443/x"}}
    service = {"service": {"namespace": "shop", "name": "metrics", "port": 443}, "group": "metrics"}
    strategy = {"strategy": "Webhook", "webhook": {"clientConfig": to("convert")["clientConfig"]}}
    talk = Answers(
        {
            VALIDATING: [
                hooks("Validating", "policy", to("policy"), to("policy"), outside),
                hooks("Validating", "none"),
            ],
            MUTATING: [hooks("Mutating", "a", to("inject", "mesh")), hooks("Mutating", "b", inside)],
            SERVICES: [
                obj(REGISTRATION, "APIService", meta("v1.apps"), spec={"group": "apps", "service": None}),
                obj(REGISTRATION, "APIService", meta("v1.metrics"), spec=service),
            ],
            CRDS: [converted("plain", {"strategy": "None"}), converted("carts.example", strategy)],
        }
    )
    with looking(talk) as (fronts, _, _):
        assert set(fronts.fronts()) == {
            POLICY,
            Front("mutating webhook a", "mesh", "inject"),
            Front("mutating webhook b", "shop", "late"),
            Front("API service v1.metrics", "shop", "metrics"),
            Front("conversion of carts.example", "shop", "convert"),
        }
        assert len(fronts.fronts()) == 5, "each once"


def test_what_was_read_is_believed_for_a_while_and_then_read_again() -> None:
    talk = Answers({}, {"/api/v1/namespaces/shop/services/policy": {"selector": {"app": "policy"}}})
    with looking(talk) as (fronts, server, clock):
        assert fronts.fronts() == ()
        assert fronts.selector(POLICY) == {"app": "policy"}
        talk.lists[VALIDATING] = [hooks("Validating", "policy", to("policy"))]
        talk.services["/api/v1/namespaces/shop/services/policy"] = {"selector": {"app": "other"}}
        asked = len(server.requests)
        clock.advance(KEPT - 0.5)
        assert (fronts.fronts(), fronts.selector(POLICY)) == ((), {"app": "policy"})
        assert len(server.requests) == asked == 5
        clock.advance(0.5)
        assert (fronts.fronts(), fronts.selector(POLICY)) == ((POLICY,), {"app": "other"})


@pytest.mark.parametrize(
    ("spec", "leads"),
    [
        ({"selector": {"app": "web"}, "type": "ClusterIP"}, {"app": "web"}),
        ({"type": "ExternalName", "externalName": "a.b"}, {}),
        (None, {}),
    ],
)
def test_a_service_leads_to_pods_by_its_selector_or_to_none(spec: Obj | None, leads: dict[str, str]) -> None:
    services = {"/api/v1/namespaces/shop/services/policy": spec} if spec else {}
    with looking(Answers({}, services)) as (fronts, _, _):
        assert fronts.selector(POLICY) == leads


@pytest.mark.parametrize("selector", [{}, {"selector": {}}, {"selector": None}, {"selector": ["a"]}])
def test_whose_endpoints_are_kept_by_hand_is_in_doubt(selector: Obj) -> None:
    with (
        looking(Answers({}, {"/api/v1/namespaces/shop/services/policy": selector})) as (fronts, _, _),
        pytest.raises(PlatformError, match="has no selector, so nobody can tell"),
    ):
        fronts.selector(POLICY)


@pytest.mark.parametrize("path", list(LISTS))
def test_a_list_that_is_forbidden_names_the_rule_and_is_asked_for_again(path: str) -> None:
    talk = Answers({})
    talk.codes[path] = 403
    with looking(talk) as (fronts, _, _):
        resource = path.rpartition("/")[2]
        for _ in range(2):
            with pytest.raises(Forbidden, match=rf'add to a ClusterRole: .*resources: \["{resource}"\]'):
                fronts.fronts()
        talk.codes.clear()
        assert fronts.fronts() == ()


def test_a_service_that_is_forbidden_names_the_rule_of_its_namespace() -> None:
    talk = Answers({})
    talk.codes["/api/v1/namespaces/shop/services/policy"] = 403
    with looking(talk) as (fronts, _, _), pytest.raises(Forbidden, match=r"a Role in namespace shop: .*\[.services.\]"):
        fronts.selector(POLICY)


def test_what_is_not_served_is_not_there() -> None:
    talk = Answers({VALIDATING: [hooks("Validating", "policy", to("policy"))]})
    talk.codes |= {SERVICES: 404, CRDS: 404}
    with looking(talk) as (fronts, _, _):
        assert fronts.fronts() == (POLICY,)


@pytest.mark.parametrize("body", [b"<html>", b'{"kind": "Pod", "metadata": {}}', b'{"kind": "XList", "items": 7}', b""])
def test_an_answer_that_makes_no_sense_is_an_error(body: bytes) -> None:
    def talk(request: Request) -> Reply:
        return Reply(200, body)

    with serving(talk) as server, connected(server.url) as cluster, pytest.raises(PlatformError, match="not an answer"):
        Fronts(cluster.wire, FakeClock()).fronts()


def test_a_snapshot_that_is_gone_is_begun_anew() -> None:
    talk = Answers({CRDS: [converted("a", {}), converted("b", {"webhook": to("convert")})]})
    gone = {"left": 1}

    def flaky(request: Request) -> Reply:
        if request.query.get("continue") and gone["left"]:
            gone["left"] -= 1
            return Reply(410, {"kind": "Status", "message": "expired", "code": 410})
        return talk(request)

    with serving(flaky) as server, connected(server.url) as cluster:
        assert Fronts(cluster.wire, FakeClock()).fronts() == (Front("conversion of b", "shop", "convert"),)


def test_check_asks_for_these_permissions_only_where_somebody_will_look() -> None:
    def talk(request: Request) -> Reply:
        if request.method == "GET":
            return Reply(200, {"gitVersion": "v1.36.3"} if request.path == "/version" else namespace("kube-system"))
        wish = request.body["spec"]["resourceAttributes"]
        return Reply(201, {"status": {"allowed": wish["resource"] != "apiservices"}})

    with serving(talk) as server:
        with connected(server.url, namespaces=("shop",), fronts=True) as cluster:
            said = [one.detail for one in cluster.check([PodDelete(cluster)])]
            idle = [one.detail for one in cluster.check([])]
        with connected(server.url, namespaces=("shop",)) as cluster:
            without = [one.detail for one in cluster.check([PodDelete(cluster)])]
    new = [detail for detail in said if detail not in without]
    rule = '{apiGroups: ["apiregistration.k8s.io"], resources: ["apiservices"], verbs: ["list"]}'
    assert new == [
        "may list validatingwebhookconfigurations in the whole cluster",
        "may list mutatingwebhookconfigurations in the whole cluster",
        f"may not list apiservices in the whole cluster: add to a ClusterRole: {rule}",
        "may list customresourcedefinitions in the whole cluster",
        "may get services in shop",
    ]
    assert not [detail for detail in idle if "webhook" in detail]
