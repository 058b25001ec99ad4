"""When a partition says that somebody enforces its policy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from simian_army.errors import Forbidden
from simian_army.faults.k8s.network_partition import NetworkPartition
from simian_army.faults.k8s.policies import enforced
from simian_army.model import Json
from tests.faults.enforcers import CALICO
from tests.faults.nearby import NearPort
from tests.faults.street import Street, street


@pytest.fixture
def here() -> Iterator[Street]:
    with street() as made:
        yield made


def test_without_anybody_who_enforces_policies_there_is_no_effect(here: Street) -> None:
    kind = NetworkPartition(here.cluster)
    fault, mark = here.prepared(kind)
    kind.inject(fault, mark)
    seen = kind.observe(fault)
    assert not seen.holds and "nobody is known to enforce policies here" in seen.detail
    here.server.apply(CALICO)
    assert here.server.settle(20)
    assert kind.observe(fault).holds
    named = replace(fault, params={"enforcer": "kube-system/other"})
    assert not kind.observe(named).holds, "the one that config names is meant, and no other"


@pytest.mark.parametrize("params", [{}, {"enforcer": "kube-system/calico-node"}])
def test_an_enforcer_counts_once_it_is_ready_on_each_of_its_nodes(here: Street, params: Json) -> None:
    kind = NetworkPartition(here.cluster)
    fault, mark = here.prepared(kind, params)
    kind.inject(fault, mark)
    here.server.apply({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n2"}})
    here.server.apply(CALICO)
    assert here.server.settle(20)
    seen = kind.observe(fault)
    words = "assumed to be enforced: kube-system/calico-node is ready on 2 of 2 nodes"
    assert (seen.holds, seen.detail) == (True, f"the policy stands over the pod; {words}")
    pods = [pod["metadata"]["name"] for pod in here.server.objects("Pod", "kube-system")]
    for ready, name in zip((1, 0), pods, strict=True):
        down = {"status": {"conditions": [{"type": "Ready", "status": "False"}]}}
        here.send("PATCH", f"/api/v1/namespaces/kube-system/pods/{name}/status", down, "merge")
        assert here.server.settle(20)
        seen = kind.observe(fault)
        assert (seen.holds, seen.under_way) == (False, True), "it may be the target's node on which it is not"
        assert f"is open: kube-system/calico-node is ready on {ready} of 2 nodes" in seen.detail


def test_an_enforcer_that_is_meant_for_no_node_is_none() -> None:
    on_windows = {"metadata": {"name": "antrea-agent"}, "status": {"desiredNumberScheduled": 0, "numberReady": 0}}
    port: Any = NearPort(None, daemonset=[on_windows])
    seen = enforced(port, "")
    assert (seen.holds, seen.under_way) == (False, False) and "nobody is known" in seen.detail


def test_who_may_not_look_for_an_enforcer_knows_of_none() -> None:
    class Closed(NearPort):
        def near(self, kind: str, scope: str, labels: str = "") -> Any:
            raise Forbidden(f"list {kind}s {scope}")

    port: Any = Closed(None)
    assert "nobody is known" in enforced(port, "").detail
