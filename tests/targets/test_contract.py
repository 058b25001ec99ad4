"""What every platform promises, on the embedded servers, the real API server, moto and the real toxiproxy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simian_army.embedded.cloud import CloudServer
from simian_army.embedded.kube import KubeServer
from simian_army.embedded.toxi.server import ToxiServer
from simian_army.targets.kube.place import Place
from tests.cluster.plane import Cluster as RealCluster
from tests.targets.contract.grounds import Ground, KubeGround, LinksGround, cloud_ground
from tests.targets.contract.promises import Promises
from tests.targets.kube.grounds import Ground as Cluster
from tests.targets.kube.grounds import OpenApi
from tests.targets.links import Links

NODE = {
    "apiVersion": "v1",
    "kind": "Node",
    "metadata": {"name": "node-0"},
    "status": {"capacity": {"pods": "110"}, "allocatable": {"pods": "110"}},
}


@pytest.fixture(scope="module")
def kube() -> Iterator[KubeServer]:
    with KubeServer() as server:
        OpenApi(server.url).create("/api/v1/nodes", NODE)
        yield server


@pytest.fixture(scope="module")
def moto() -> Iterator[CloudServer]:
    with CloudServer() as server:
        yield server


@pytest.fixture(scope="module")
def toxi() -> Iterator[ToxiServer]:
    with ToxiServer() as server:
        yield server


class TestEmbeddedKubernetes(Promises):
    @pytest.fixture
    def ground(self, kube: KubeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
        def place(**options: Any) -> Place:
            return Place(url=kube.url, embedded=True, **options)

        def told() -> list[str]:
            return [w.path for w in kube.writes if w.user_agent.startswith("simian-army/") and "reviews" not in w.path]

        cluster = Cluster(OpenApi(kube.url), place)
        file = tmp_path / "kubeconfig"
        file.write_text(
            f"apiVersion: v1\nkind: Config\nclusters: [{{name: here, cluster: {{server: '{kube.url}'}}}}]\n"
            "users: [{name: here, user: {}}]\ncontexts: [{name: here, context: {cluster: here, user: here}}]\n"
        )
        monkeypatch.setenv("KUBECONFIG", str(file))
        cluster.begin()
        yield KubeGround(cluster, told, "context: here")
        cluster.end()


class TestRealKubernetes(Promises):
    @pytest.fixture
    def ground(self, real_cluster: RealCluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
        monkeypatch.setenv("KUBECONFIG", str(real_cluster.kubeconfig_of("admin")))
        mark = real_cluster.audit_mark()

        def place(**options: Any) -> Place:
            return Place(context=real_cluster.context, **options)

        def told() -> list[str]:
            calls = real_cluster.calls(mark)
            return [call.uri for call in calls if call.writes and call.agent.startswith("simian-army/")]

        cluster = Cluster(real_cluster.api("admin"), place)
        cluster.begin()
        made = KubeGround(cluster, told, f"context: {real_cluster.context}")
        yield made
        cluster.end()
        for name in made.nodes:
            cluster.api.delete(f"/api/v1/nodes/{name}")


class TestMoto(Promises):
    @pytest.fixture
    def ground(self, moto: CloudServer) -> Ground:
        return cloud_ground(moto)


class TestEmbeddedToxiproxy(Promises):
    @pytest.fixture
    def ground(self, toxi: ToxiServer) -> Iterator[Ground]:
        links = Links(toxi.url)
        yield LinksGround(links, lambda: [w.path for w in toxi.writes if "python-requests" not in w.user_agent])
        links.clear()


class TestRealToxiproxy(Promises):
    @pytest.fixture
    def ground(self, real_toxiproxy: str) -> Iterator[Ground]:
        links = Links(real_toxiproxy)
        yield LinksGround(links)
        links.clear()
