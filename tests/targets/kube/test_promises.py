"""What every Kubernetes keeps towards us, on the embedded server and on the real one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest

from simian_army.embedded.kube import KubeServer
from simian_army.errors import Forbidden
from simian_army.faults.k8s.node_cordon import NodeCordon
from simian_army.faults.k8s.pod_evict import PodEvict
from simian_army.model import Fault
from simian_army.targets.kube.place import Place
from tests.cluster.plane import Cluster
from tests.targets.kube.grounds import Ground, OpenApi
from tests.targets.kube.promises import POD, Contract, mark_of, node_of

LATER = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def server() -> Iterator[KubeServer]:
    with KubeServer() as server:
        OpenApi(server.url).create(
            "/api/v1/nodes",
            {
                "apiVersion": "v1",
                "kind": "Node",
                "metadata": {"name": "node-0"},
                "status": {"capacity": {"pods": "110"}, "allocatable": {"pods": "110"}},
            },
        )
        yield server


class TestEmbedded(Contract):
    @pytest.fixture
    def ground(self, server: KubeServer) -> Iterator[Ground]:
        def place(**options: Any) -> Place:
            return Place(url=server.url, embedded=True, **options)

        ground = Ground(OpenApi(server.url), place)
        ground.begin()
        yield ground
        ground.end()

    def test_a_list_begins_again_when_its_snapshot_is_gone(self, ground: Ground, server: KubeServer) -> None:
        ground.deploy("web", 5)
        with ground.connected(page_size=2) as cluster:
            read, calls = cluster.wire.read, []

            class Forgetful:
                host = cluster.wire.host

                def read(self, call: Any) -> bytes:
                    calls.append(call)
                    if len(calls) == 2:
                        server.expire()
                    return read(call)

            cluster.finder.lists.wire = Forgetful()  # type: ignore[assignment]
            assert len(cluster.find(POD)) == 5
            assert len([call for call in calls if call.verb == "list"]) > 3


class TestReal(Contract):
    PERMISSIONS: ClassVar[list[dict[str, Any]]] = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]

    @pytest.fixture
    def ground(self, real_cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
        monkeypatch.setenv("KUBECONFIG", str(real_cluster.kubeconfig_of("admin")))

        def place(**options: Any) -> Place:
            return Place(context=real_cluster.context, **options)

        ground = Ground(real_cluster.api("admin"), place)
        ground.begin()
        yield ground
        ground.end()
        ground.api.delete(f"/api/v1/nodes/{ground.scope}-node")

    def test_what_is_forbidden_is_explained_by_the_rule_to_add(
        self, ground: Ground, real_cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ground.deploy("web", 1)
        account = real_cluster.service_account(ground.scope, "reader")
        rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{ground.scope}"
        api = {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": "reader"}}
        ground.api.create(f"{rbac}/roles", {**api, "kind": "Role", "rules": self.PERMISSIONS})
        ground.api.create(
            f"{rbac}/rolebindings",
            {
                **api,
                "kind": "RoleBinding",
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"},
                "subjects": [{"kind": "ServiceAccount", "name": "reader", "namespace": ground.scope}],
            },
        )
        monkeypatch.setenv("KUBECONFIG", str(real_cluster.kubeconfig_with(tmp_path / "kubeconfig", account)))
        with ground.connected() as cluster:
            # a Role over one namespace is enough to find there; what stands above is known to be unread
            (target,) = cluster.find(POD)
            assert [level.labels for level in target.levels] == [None, None]
            assert target.levels[0].kind == "ReplicaSet"
            with pytest.raises(Forbidden, match=r'resources: \["pods/eviction"\], verbs: \["create"\]'):
                cluster.evict(target)
            with pytest.raises(Forbidden, match=r'Role in namespace .* verbs: \["delete"\]'):
                cluster.delete(target)
            denied = [line.detail for line in cluster.check([PodEvict(cluster)]) if not line.holds]
            assert any(f"may not create pods/eviction in {ground.scope}: add to a Role" in line for line in denied)
            assert not any("may not list pods in" in line for line in denied)
        with ground.connected(namespaces=("*",)) as cluster, pytest.raises(Forbidden, match="add to a ClusterRole"):
            cluster.find(POD)

    def test_each_act_is_one_request_to_the_server(self, ground: Ground, real_cluster: Cluster) -> None:
        ground.deploy("web", 2)
        since = real_cluster.audit_mark()
        with ground.connected() as cluster:
            first, second = cluster.find(POD)
            cluster.evict(first)
            cluster.delete(second)
        acts = [call for call in real_cluster.calls(since) if call.verb in ("create", "delete") and call.name]
        assert sorted((call.verb, call.name) for call in acts if call.namespace == ground.scope) == [
            ("create", first.name),
            ("delete", second.name),
        ]

    def test_a_mark_left_by_another_agent_is_found_by_label(self, ground: Ground) -> None:
        name = ground.node()
        with ground.connected() as cluster:
            target = node_of(cluster, name)
            fault = Fault("node-cordon", target, undo={"unschedulable": False}, hold=timedelta(minutes=1))
            NodeCordon(cluster).inject(fault, mark_of(fault))
        with ground.connected() as other:
            assert (target.id, mark_of(fault)) in [(found.id, mark) for found, mark in other.marked()]
            assert NodeCordon(other).revert(fault, mark_of(fault)).holds
