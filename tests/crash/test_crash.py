"""An agent is killed at every boundary of the flow, on every ground: what it did is given back, or was done once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from simian_army.embedded.cloud import CloudServer
from simian_army.embedded.kube import KubeServer
from simian_army.embedded.toxi.server import ToxiServer
from tests.cluster.plane import Cluster as RealCluster
from tests.crash import grounds
from tests.crash.grounds import NODE, Site
from tests.crash.plan import Stage
from tests.crash.promises import DoneOnce, GivesBack
from tests.targets.kube.grounds import OpenApi

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def kube() -> Iterator[KubeServer]:
    with KubeServer(startup=0.05) as server:
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


class TestEmbeddedKubernetes(GivesBack, DoneOnce):
    stage = Stage("kubernetes", full=False, usual=True)

    @pytest.fixture
    def site(self, kube: KubeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
        monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
        with grounds.embedded_kube(kube, tmp_path) as made:
            yield made


class TestRealKubernetes(GivesBack, DoneOnce):
    stage = Stage("kubernetes", full=True, usual=False)

    @pytest.fixture
    def site(self, real_cluster: RealCluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
        monkeypatch.setenv("KUBECONFIG", str(real_cluster.kubeconfig_of("admin")))
        with grounds.real_kube(real_cluster) as made:
            yield made


class TestMoto(GivesBack, DoneOnce):
    stage = Stage("aws", full=True, usual=True)

    @pytest.fixture
    def site(self, moto: CloudServer) -> Site:
        return grounds.moto(moto)


class TestEmbeddedToxiproxy(GivesBack):
    stage = Stage("toxiproxy", full=False, usual=True)

    @pytest.fixture
    def site(self, toxi: ToxiServer) -> Iterator[Site]:
        with grounds.proxies(toxi.url, toxi) as made:
            yield made


class TestRealToxiproxy(GivesBack):
    stage = Stage("toxiproxy", full=True, usual=False)

    @pytest.fixture
    def site(self, real_toxiproxy: str) -> Iterator[Site]:
        with grounds.proxies(real_toxiproxy) as made:
            yield made
