"""Faults that change an object in place, on the embedded server and on the real one, whose field owners stay owners."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from simian_army import marks
from simian_army.embedded.kube import KubeServer
from simian_army.targets.kube.place import Place
from tests.cluster.api import ApiSaidError
from tests.cluster.plane import Cluster
from tests.faults.held_promises import HeldPromises
from tests.faults.ways import (
    WAYS,
    Way,
    applied,
    at_rest,
    coded,
    each,
    end,
    made,
    owners,
    prepared,
    read,
    revisions,
    whole,
)
from tests.targets.kube.grounds import Ground, OpenApi, wait_until

NODE = {"kind": "Node", "apiVersion": "v1", "metadata": {"name": "node-0"}}
ROOM = {"status": {"capacity": {"pods": "110"}, "allocatable": {"pods": "110"}}}


@pytest.fixture(scope="module")
def server() -> Iterator[KubeServer]:
    with KubeServer(startup=0.05) as server:
        OpenApi(server.url).create("/api/v1/nodes", {**NODE, **ROOM})
        yield server


class TestEmbedded(HeldPromises):
    @pytest.fixture
    def ground(self, server: KubeServer) -> Iterator[Ground]:
        ground = Ground(OpenApi(server.url), lambda **options: Place(url=server.url, embedded=True, **options))
        ground.begin()
        yield ground
        ground.end()


@pytest.fixture
def real(real_cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    monkeypatch.setenv("KUBECONFIG", str(real_cluster.kubeconfig_of("admin")))
    ground = Ground(real_cluster.api("admin"), lambda **options: Place(context=real_cluster.context, **options))
    ground.begin()
    yield ground
    ground.end()


@pytest.mark.real
class TestReal(HeldPromises):
    @pytest.fixture
    def ground(self, real: Ground) -> Ground:
        return real

    @each
    def test_a_release_goes_through_while_it_is_held_and_afterwards(self, ground: Ground, way: Way) -> None:
        release = whole(ground, way)
        applied(ground, way, release)
        at_rest(ground, way)
        with ground.connected() as cluster:
            kind, fault, mark = prepared(cluster, way)
            before = owners(read(ground, way), way.owned)
            assert ("helm", "Apply") in before
            kind.inject(fault, mark)
            assert owners(read(ground, way), way.owned) <= before, "a field that is not there is nobody's"
            applied(ground, way, release)
            end(kind, fault, mark)
            assert owners(read(ground, way), way.owned) == before
            assert not any(
                entry["manager"] == "simian-army" for entry in read(ground, way)["metadata"]["managedFields"]
            )

    @each
    def test_who_owned_the_field_before_owns_it_after(self, ground: Ground, way: Way) -> None:
        release = whole(ground, way)
        applied(ground, way, release)
        at_rest(ground, way)
        with ground.connected() as cluster:
            kind, fault, mark = prepared(cluster, way)
            before = owners(read(ground, way), way.owned)
            kind.inject(fault, mark)
            end(kind, fault, mark)
            now = read(ground, way)
            assert owners(now, way.owned) == before
            assert not any(entry["manager"] == "simian-army" for entry in now["metadata"]["managedFields"])
            applied(ground, way, {**release, **changed(way)})

    def test_without_that_a_later_release_would_meet_a_conflict(self, ground: Ground) -> None:
        """What is guarded against is so: this server knows who owns a field."""
        way = WAYS["config-fault"]
        release = whole(ground, way)
        applied(ground, way, release)
        for value in ("x", "1"):
            ground.api.raw(
                "PATCH",
                f"/api/v1/namespaces/{ground.scope}/configmaps/one?fieldManager=somebody",
                [{"op": "replace", "path": "/data/a", "value": value}],
                {"Content-Type": "application/json-patch+json"},
            )
        with pytest.raises(ApiSaidError, match="conflict"):
            applied(ground, way, {**release, **changed(way)})

    def test_the_deployment_s_annotations_are_copied_and_the_copy_of_our_mark_goes(self, ground: Ground) -> None:
        way = WAYS["scale-down"]
        made(ground, way)
        with ground.connected() as cluster:
            kind, fault, mark = prepared(cluster, way)
            kind.inject(fault, mark)
            wait_until(lambda: any(marks.found(one) == marks.to_text(mark) for one in revisions(ground)))
            assert not any(marks.labelled(one) for one in revisions(ground)), "so no list of ours has it"
            end(kind, fault, mark)
            assert not any(marks.bears(one) for one in revisions(ground))

    def test_the_server_tells_nobody_what_a_secret_said(self, ground: Ground, caplog: pytest.LogCaptureFixture) -> None:
        way = WAYS["secret-fault"]
        made(ground, way)
        with ground.connected(marked=("secret",)) as cluster:
            kind, fault, mark = prepared(cluster, way)
            kind.inject(fault, mark)
            said = [
                str(kind.observe(fault)),
                str(list(cluster.marked())),
                json.dumps(fault.undo),
                str(fault),
                str(mark),
            ]
            said += [end(kind, fault, mark), caplog.text]
            assert not [one for one in said if "canary-9d1e" in one or coded("canary-9d1e") in one]


def changed(way: Way) -> dict[str, Any]:
    """What the next release says of the field."""
    part, name = (step.removeprefix("f:") for step in way.owned)
    values = {"replicas": 3, "suspend": True, "externalName": "new.example"}
    value = values.get(name, coded("new") if way.strikes == "secret" or part == "binaryData" else "new")
    return {part: {**way.obj[part], name: value}}
