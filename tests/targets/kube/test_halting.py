"""Are the annotations that halt read off ConfigMap and namespaces, with author and time, and taken off again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from simian_army.clock import SystemClock
from simian_army.embedded.kube import KubeServer
from simian_army.errors import Conflict, Forbidden, PlatformError
from simian_army.model import Halt
from simian_army.targets.kube.halting import FEW, HALT, Halting
from simian_army.targets.kube.place import Place
from tests.cluster.plane import Cluster
from tests.targets.kube.grounds import Ground, OpenApi
from tests.targets.kube.stub import Reply, Request, Talk, serving, silent, status

NAME = "simian-army-halt"


def configmap(ground: Ground, **annotations: str) -> None:
    about = {"name": NAME, "annotations": {HALT: annotations["halt"]} if annotations else {}}
    made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": about, "data": {"secret": "not ours to read"}}
    ground.api.create(f"/api/v1/namespaces/{ground.scope}/configmaps", made)


def annotate(ground: Ground, path: str, said: str | None) -> None:
    """What ``kubectl annotate`` sends."""
    ground.api.patch(f"{path}?fieldManager=kubectl-annotate", {"metadata": {"annotations": {HALT: said}}})


class Promises:
    """What every API server keeps."""

    @pytest.fixture
    def port(self, ground: Ground) -> Iterator[Halting]:
        port = Halting.connect(ground.place(timeout=30.0), SystemClock())
        yield port
        port.close()

    def path(self, ground: Ground) -> str:
        return f"/api/v1/namespaces/{ground.scope}/configmaps/{NAME}"

    def test_without_a_configmap_or_without_the_annotation_there_is_no_halt(
        self, ground: Ground, port: Halting
    ) -> None:
        assert port.on_configmap(ground.scope, NAME) is None
        assert port.on_configmap(f"{ground.scope}-no-such", NAME) is None
        configmap(ground)
        assert port.on_configmap(ground.scope, NAME) is None

    @pytest.mark.parametrize("said", ["incident 7", "", "false"])
    def test_that_it_is_there_halts_whatever_it_says(self, ground: Ground, port: Halting, said: str) -> None:
        configmap(ground)
        annotate(ground, self.path(ground), said)
        halt = port.on_configmap(ground.scope, NAME)
        assert halt is not None and halt.reason == (said or "no reason given")
        assert abs(halt.at - datetime.now(UTC)) < timedelta(minutes=1)  # noqa: TID251 - the server's own time

    def test_a_clear_takes_off_what_was_read_and_nothing_else(self, ground: Ground, port: Halting) -> None:
        configmap(ground, halt="incident 7")
        halt = port.on_configmap(ground.scope, NAME)
        assert halt is not None
        annotate(ground, self.path(ground), "incident 8")
        with pytest.raises(Conflict):
            port.clear(ground.scope, NAME, halt)
        now = port.on_configmap(ground.scope, NAME)
        assert now is not None and now.reason == "incident 8"
        port.clear(ground.scope, NAME, now)
        assert port.on_configmap(ground.scope, NAME) is None
        port.clear(ground.scope, NAME, now)
        assert ground.api.get(self.path(ground))["data"] == {"secret": "not ours to read"}

    def test_a_namespace_halts_for_itself_read_alone_among_many_or_among_all(
        self, ground: Ground, port: Halting
    ) -> None:
        mine = f"/api/v1/namespaces/{ground.scope}"
        assert port.on_namespaces([ground.scope]) == {}
        annotate(ground, mine, "ours")
        few, many = [ground.scope, "default"], [ground.scope, "default", *(f"no-such-{n}" for n in range(FEW))]
        assert {name: halt.reason for name, halt in port.on_namespaces(few).items()} == {ground.scope: "ours"}
        assert {name: halt.reason for name, halt in port.on_namespaces(many).items()} == {ground.scope: "ours"}
        assert port.on_namespaces(None)[ground.scope].reason == "ours"
        assert port.on_namespaces(["default"]) == {}


class TestEmbedded(Promises):
    @pytest.fixture
    def ground(self) -> Iterator[Ground]:
        with KubeServer() as server:

            def place(**options: Any) -> Place:
                return Place(url=server.url, embedded=True, **options)

            ground = Ground(OpenApi(server.url), place)
            ground.begin()
            yield ground


class TestReal(Promises):
    @pytest.fixture
    def ground(self, real_cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
        monkeypatch.setenv("KUBECONFIG", str(real_cluster.kubeconfig_of("admin")))
        ground = Ground(real_cluster.api("admin"), partial(Place, context=real_cluster.context))
        ground.begin()
        yield ground
        ground.end()

    def test_the_server_tells_what_wrote_it(self, ground: Ground, port: Halting) -> None:
        configmap(ground)
        annotate(ground, self.path(ground), "incident 7")
        annotate(ground, f"/api/v1/namespaces/{ground.scope}", "ours")
        halt = port.on_configmap(ground.scope, NAME)
        assert halt is not None and halt.author == "kubectl-annotate"
        again = port.on_configmap(ground.scope, NAME)
        assert again is not None and again.at == halt.at, "the time is the server's, not that of the look"
        assert port.on_namespaces(None)[ground.scope].author == "kubectl-annotate"

    def test_of_one_that_was_made_empty_the_server_tells_no_author_and_it_halts_all_the_same(
        self, ground: Ground, port: Halting
    ) -> None:
        # a trap: an object that had no field at its making keeps no record of who writes which, ever after
        empty = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": NAME}}
        ground.api.create(f"/api/v1/namespaces/{ground.scope}/configmaps", empty)
        annotate(ground, self.path(ground), "incident 7")
        assert "managedFields" not in ground.api.get(self.path(ground))["metadata"]
        halt = port.on_configmap(ground.scope, NAME)
        assert halt is not None and (halt.author, halt.reason) == ("somebody", "incident 7")


def on(talk: Talk, ask: Any) -> tuple[Any, list[str]]:
    with serving(talk) as stub:
        port = Halting.connect(Place(url=stub.url, timeout=10.0, page_size=2), SystemClock())
        try:
            return ask(port), stub.lines()
        finally:
            port.close()


def listed(*names: str, more: str = "") -> dict[str, Any]:
    items = [{"metadata": {"name": name, "annotations": {HALT: f"of {name}"}}} for name in names]
    return {"kind": "PartialObjectMetadataList", "metadata": {"continue": more}, "items": items}


def test_a_list_is_paged_to_its_end() -> None:
    def talk(request: Request) -> Reply:
        assert request.query["limit"] == "2"
        assert "PartialObjectMetadataList" in request.headers["accept"], "no more than the metadata is asked for"
        return Reply(200, listed("c") if request.query.get("continue") == "2" else listed("a", "b", more="2"))

    found, lines = on(talk, lambda port: port.on_namespaces(None))
    assert sorted(found) == ["a", "b", "c"]
    assert len(lines) == 2


def test_who_may_not_list_namespaces_gets_those_it_works_in() -> None:
    def talk(request: Request) -> Reply:
        if request.path.endswith("/namespaces"):
            return Reply(403, {"message": "forbidden"})
        name = request.path.rpartition("/")[2]
        said = {HALT: "ours"} if name == "b" else None
        return Reply(200, {"kind": "PartialObjectMetadata", "metadata": {"name": name, "annotations": said}})

    found, lines = on(talk, lambda port: port.on_namespaces(["a", "b", "c", "d"]))
    assert list(found) == ["b"]
    assert len(lines) == 5
    with pytest.raises(Forbidden, match="verbs"):
        on(talk, lambda port: port.on_namespaces(None))

    def confined(port: Halting, names: list[str] | None) -> Any:
        return replace(port, confined=("a", "b", "c", "d")).on_namespaces(names)

    for names in (None, ["a", "b", "c", "d"]):  # it is known to be of no use to ask for the list
        found, lines = on(talk, partial(confined, names=names))
        assert (list(found), len(lines)) == (["b"], 4)


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"\xff\xfe",
        b"{}",
        b"[]",
        b'{"metadata": {"name": "x"}}',
        b'{"kind": "Status", "metadata": {}, "message": "all is well"}',
        b'{"kind": "PartialObjectMetadata", "metadata": {"name": "x", "annotations": {"simian-army/halt": 7}}}',
        b'{"kind": "PartialObjectMetadata", "metadata": {"name": "x", "annotations": "simian-army/halt"}}',
    ],
)
def test_garbage_is_an_error_never_no_halt(body: bytes) -> None:
    with pytest.raises(PlatformError):
        on(lambda _: Reply(200, body), lambda port: port.on_configmap("simian", NAME))
    with pytest.raises(PlatformError):
        on(lambda _: Reply(200, body), lambda port: port.on_namespaces(None))


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_every_other_answer_is_an_error_and_asked_once(status: int) -> None:
    asked: list[Request] = []

    def talk(request: Request) -> Reply:
        asked.append(request)
        return Reply(status, {"message": "no"})

    with pytest.raises(PlatformError):
        on(talk, lambda port: port.on_configmap("simian", NAME))
    assert len(asked) == (2 if status == 401 else 1), "a 401 renews the credentials once"


def test_a_server_that_never_answers_is_an_error_in_time() -> None:
    with silent() as server:
        port = Halting.connect(Place(url=server.url, timeout=0.3), SystemClock())
        with pytest.raises(PlatformError, match="no answer within 0.3 s"):
            port.on_configmap("simian", NAME)
        port.close()


def test_a_clear_of_what_is_gone_does_nothing() -> None:
    halt = Halt("ann", "incident 7", datetime(2026, 3, 4, tzinfo=UTC))
    _, lines = on(lambda _: status(404, "gone"), lambda port: port.clear("simian", NAME, halt))
    assert lines == [f"GET /api/v1/namespaces/simian/configmaps/{NAME}"]
