"""Faults on nodes, networks and neighbours, on a real kube-apiserver with its scheduler and controllers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from simian_army import marks
from simian_army.wiring import House
from tests.cluster.plane import Cluster
from tests.cluster.waiting import until
from tests.e2e.acres import AT, IN, Acres, Obj, acres, end, fire, refusals, told

pytestmark = pytest.mark.slow
POLICIES = "/apis/networking.k8s.io/v1/namespaces/{}/networkpolicies"
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}


@pytest.fixture
def land(
    real_cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Acres]:
    monkeypatch.setenv("KUBECONFIG", str(real_cluster.kubeconfig_of("admin")))
    space = f"acre-{abs(hash(request.node.name)) % 10_000}"
    with acres(real_cluster, space, tmp_path) as made:
        yield made


def cordoned(node: Obj) -> bool:
    return node["spec"].get("unschedulable") is True


def clean(land: Acres) -> bool:
    nodes = [land.node(number) for number in range(1, 7)]
    until("the taints of the cordon to go", lambda: not any(land.node(n)["spec"].get("taints") for n in range(1, 7)))
    return not any(cordoned(node) or marks.bears(node) for node in nodes)


def struck(land: Acres, house: House, at: datetime = AT) -> dict[str, str]:
    outcome = fire(house, at)
    assert outcome.taken, refusals(outcome)
    return told(house, outcome)


def made(land: Acres) -> list[Obj]:
    found = [*land.items(POLICIES), *land.items("/api/v1/namespaces/{}/pods")]
    return [one for one in found if one["metadata"]["name"].startswith("simian-army-")]


def test_a_drained_node_is_empty_but_for_its_daemons_and_comes_back(land: Acres) -> None:
    land.write("node-drain", on=land.nodes[0])
    with land.house() as house:
        said = struck(land, house)
        assert said["observed"].startswith("cordoned, marked; "), said
        until("all but the daemons to have left", lambda: land.on(1) == ["agent"])
        land.cluster.settle(land.space)
        assert land.on(1) == ["agent"], "nobody comes back while it is held"
        end(house)
    assert clean(land)


def test_a_zone_goes_out_and_comes_back(land: Acres) -> None:
    land.write("zone-outage", "{max_percent: 50}", on=land.nodes[0])
    with land.house() as house:
        said = struck(land, house)
        assert said["observed"].startswith("2 of 2 nodes cordoned and marked; "), said
        until("the zone to be empty", lambda: land.on(1) == land.on(2) == ["agent"])
        assert [cordoned(land.node(number)) for number in range(1, 7)] == [True] * 2 + [False] * 4
        assert len(list(house.platforms["kubernetes"].marked())) == 1
        end(house)
    assert clean(land)


def test_a_taint_that_empties_a_node_makes_its_pods_leave(land: Acres) -> None:
    land.write("node-taint", "{effect: NoExecute}", on=land.nodes[0])
    with land.house() as house:
        outcome = fire(house)
        assert not outcome.taken, "its daemon would go too, and was not opted in"
        said = dict(refusals(outcome))["shared"]
        assert said.startswith("1 of ") and f"all must: pod {land.space}/agent-" in said
    daemons = f"/apis/apps/v1/namespaces/{land.space}/daemonsets/agent"
    land.cluster.admin.patch(daemons, {"metadata": {"labels": IN}})
    with land.house() as house:
        there = [pod for pod in land.cluster.pods(land.space) if pod["spec"].get("nodeName") == land.nodes[0]]
        assert (
            struck(land, house, AT + timedelta(hours=2))["observed"]
            == f"tainted, marked; {len(there)} pods left, 0 tolerate it"
        )
        until("all to have left", lambda: not land.on(1))
        end(house)
    assert clean(land)


@pytest.mark.parametrize(
    "params",
    ["{}", "{direction: ingress, peers: {app: cart}}", "{direction: egress, cidrs: [10.1.0.0/16, 'fd00::/8']}"],
)
def test_a_partition_is_taken_by_the_server_and_has_no_effect_that_nobody_enforces(land: Acres, params: str) -> None:
    land.write("network-partition", params)
    with land.house() as house:
        said = struck(land, house)
        assert "nobody is known to enforce policies here" in said["no_effect"]
        (policy,) = made(land)
        ((target, _),) = house.platforms["kubernetes"].marked()
        assert policy["metadata"]["ownerReferences"][0]["uid"] == target.id
        end(house)
    assert made(land) == []
    assert not any(marks.bears(pod) for pod in land.items("/api/v1/namespaces/{}/pods"))


def test_the_policy_goes_with_its_pod_though_nobody_is_there(land: Acres) -> None:
    land.write("network-partition")
    with land.house() as house:
        outcome = fire(house)
        land.cluster.admin.delete(f"/api/v1/namespaces/{land.space}/pods/{outcome.taken[0].fault.target.name}")
        until("the garbage collector to take it", lambda: made(land) == [])
        end(house)


@pytest.mark.parametrize("fault", ["cpu-hog", "memory-hog"])
def test_a_hog_runs_beside_its_target_in_a_restricted_namespace(land: Acres, fault: str) -> None:
    path = f"/api/v1/namespaces/{land.space}"
    land.cluster.admin.patch(path, {"metadata": {"labels": RESTRICTED}})
    land.write(fault)
    with land.house() as house:
        outcome = fire(house)
        assert outcome.taken, refusals(outcome)
        assert "is Running and ready on" in told(house, outcome)["observed"]
        (hog,) = made(land)
        assert hog["spec"]["nodeName"] == outcome.taken[0].fault.target.facts["node"]
        assert hog["status"]["qosClass"] == "Guaranteed"
        (held,) = house.keeper.open()
        assert house.keeper.objection(held) == ""
        end(house)
    assert made(land) == []


def test_a_mark_alone_ends_each_of_them(land: Acres) -> None:
    for number, fault in enumerate(("network-partition", "cpu-hog")):
        land.write(fault)
        with land.house() as house:
            struck(land, house)
        for name in ("simian.db", "simian.db.head"):
            land.config.with_name(name).unlink()
        with land.house() as house:
            assert house.recovery.recover() == 1, (number, fault)
            end(house)
        assert made(land) == []
