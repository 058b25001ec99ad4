"""What every store of records promises: files, and Secrets on the embedded and the real API server."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simian_army.embedded.kube import KubeServer
from simian_army.targets.k8s import Kubernetes
from simian_army.targets.kube.place import Place
from simian_army.targets.kube.shelf import Shelf
from simian_army.undertaker.cluster import Cluster
from simian_army.undertaker.folder import Folder
from simian_army.undertaker.store import Records, RecordsError
from tests.cluster.plane import Cluster as RealCluster

SPACE = "simian-records"


class Promises:
    def test_what_is_put_is_got_and_listed_until_it_is_dropped(self, records: Records) -> None:
        assert list(records.all()) == []
        records.put("simian-a-1", "one")
        records.put("simian-b-2", "two")
        got = records.get("simian-a-1")
        assert got is not None
        assert (got.name, got.text, got.acknowledged, got.ended) == ("simian-a-1", "one", False, "")
        assert sorted(kept.text for kept in records.all()) == ["one", "two"]
        records.drop("simian-a-1")
        records.drop("simian-a-1")
        assert records.get("simian-a-1") is None
        assert [kept.text for kept in records.all()] == ["two"]

    def test_an_acknowledgement_and_an_end_are_seen(self, records: Records) -> None:
        records.put("simian-a-1", "one")
        records.acknowledge("simian-a-1")
        (kept,) = records.all()
        assert kept.acknowledged
        records.end("simian-a-1", "uncordoned")
        (kept,) = records.all()
        assert kept.ended == "uncordoned"

    def test_each_hears_the_other_beat(self, records: Records) -> None:
        assert records.beaten("agent") == records.beaten("undertaker") == ""
        records.beat("agent", "1")
        records.beat("undertaker", "7")
        records.beat("agent", "2")
        assert (records.beaten("agent"), records.beaten("undertaker")) == ("2", "7")
        assert list(records.all()) == [], "a beat is no record"


class TestFolder(Promises):
    @pytest.fixture
    def records(self, tmp_path: Path) -> Folder:
        return Folder(tmp_path / "records")

    def test_nobody_else_may_read_it(self, records: Folder) -> None:
        records.put("simian-a-1", "one")
        assert stat.S_IMODE(records.path.stat().st_mode) == 0o700
        assert {stat.S_IMODE(file.stat().st_mode) for file in records.path.iterdir()} == {0o600}

    def test_only_one_process_claims_it_and_gives_it_up(self, records: Folder) -> None:
        assert records.claim()
        other = Folder(records.path)
        assert not other.claim()
        records.give_up()
        assert other.claim()
        other.give_up()

    def test_a_folder_that_cannot_be_is_an_error_that_names_it(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(RecordsError, match="file/records"):
            Folder(tmp_path / "file" / "records").put("simian-a-1", "one")

    def test_half_a_record_is_never_seen(self, records: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(RecordsError, match="No space left"):
            records.put("simian-a-1", "one")
        assert list(records.all()) == []


def cluster_records(place: Place) -> tuple[Kubernetes, Cluster]:
    platform = Kubernetes.connect(place)
    return platform, Cluster(Shelf(platform.finder.lists), SPACE, "test", pace=0.1)


class TestSecretsEmbedded(Promises):
    @pytest.fixture
    def records(self) -> Iterator[Cluster]:
        with KubeServer() as server:
            server.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}})
            platform, records = cluster_records(Place(url=server.url))
            yield records
            platform.close()

    def test_an_api_server_that_is_away_is_an_error_that_names_the_place(self) -> None:
        platform, records = cluster_records(Place(url="http://127.0.0.1:9", timeout=0.2))
        calls: list[Callable[[], object]] = [
            records.all,
            lambda: records.get("a"),
            lambda: records.put("a", "b"),
            lambda: records.drop("a"),
            lambda: records.end("a", "b"),
            lambda: records.beat("agent", "1"),
            lambda: records.beaten("agent"),
        ]
        for call in calls:
            with pytest.raises(RecordsError, match="namespace simian-records"):
                call()
        platform.close()

    def test_a_fleet_sees_its_own_records_only(self, records: Cluster) -> None:
        records.put("simian-a-1", "one")
        assert list(Cluster(records.port, SPACE, "other").all()) == []


class TestSecretsReal(Promises):
    @pytest.fixture
    def records(self, real_cluster: RealCluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
        monkeypatch.setenv("KUBECONFIG", str(real_cluster.kubeconfig_of("admin")))
        real_cluster.namespace(SPACE)
        platform, records = cluster_records(Place(context=real_cluster.context))
        yield records
        platform.close()
        real_cluster.remove_namespace(SPACE)
