"""Is there never more than one who may inject, wherever the lease is kept."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from simian_army.embedded.kube import KubeServer
from tests.cluster.plane import Cluster
from tests.cluster.postgres import Postgres
from tests.simian_army.leader.grounds import Ground
from tests.simian_army.leader.promises import Contract


class TestFile(Contract):
    @pytest.fixture
    def ground(self, tmp_path: Path) -> Ground:
        return Ground({"file": str(tmp_path / "simian.db.lock")}, frees=False)


class TestEmbedded(Contract):
    @pytest.fixture
    def ground(self) -> Iterator[Ground]:
        with KubeServer() as server:
            yield Ground({"url": server.url, "namespace": "default"})


class TestReal(Contract):
    @pytest.fixture
    def ground(self, real_cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
        monkeypatch.setenv("KUBECONFIG", str(real_cluster.kubeconfig_of("admin")))
        namespace = f"lead-{uuid.uuid4().hex[:8]}"
        real_cluster.namespace(namespace)
        yield Ground({"context": real_cluster.context, "namespace": namespace})
        real_cluster.admin.delete(f"/api/v1/namespaces/{namespace}")


class TestPostgres(Contract):
    @pytest.fixture
    def ground(self, postgres: Postgres) -> Ground:
        return Ground({"database": postgres.database()})
