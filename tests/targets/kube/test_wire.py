from __future__ import annotations

import socket
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from simian_army.clock import SystemClock
from simian_army.errors import Conflict, Forbidden, Gone, PlatformError, Refused, Unknown
from simian_army.model import Selector, Target
from simian_army.targets.k8s import Kubernetes
from simian_army.targets.kube.call import Call
from simian_army.targets.kube.kinds import POD
from simian_army.targets.kube.login import Session, login
from simian_army.targets.kube.place import Place
from simian_army.targets.kube.wire import TRIES, Wire
from tests.cluster.waiting import BUSY, until
from tests.targets.kube.stub import QuickClock, Reply, Request, connected, pod, serving, silent, status

BORN = datetime(2026, 1, 1, tzinfo=UTC)
WEB = Target("kubernetes", "pod", "uid-shop-web", "web", "shop", "", BORN, {}, facts={"resourceVersion": "7"})
ACTS: dict[str, Callable[[Kubernetes], object]] = {
    "evict": lambda cluster: cluster.evict(WEB),
    "delete": lambda cluster: cluster.delete(WEB, version="7"),
    "patch": lambda cluster: cluster.patch(WEB, []),
}
READS: dict[str, Callable[[Kubernetes], object]] = {
    "get": lambda cluster: cluster.get(WEB),
    "find": lambda cluster: cluster.find(Selector("pod")),
    "read": lambda cluster: cluster.read(WEB),
    "health": lambda cluster: cluster.health(replace(WEB, group="shop/Deployment/web")),
    "identity": lambda cluster: cluster.identities(),
    "marked": lambda cluster: list(cluster.marked()),
}
acts = pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
reads = pytest.mark.parametrize("read", READS.values(), ids=READS.keys())


@acts
def test_an_act_that_is_not_answered_was_sent_once_and_is_unknown(act: Callable[[Kubernetes], object]) -> None:
    with silent() as server, connected(server.url, timeout=0.2) as cluster:
        with pytest.raises(Unknown, match="may have happened"):
            act(cluster)
        until("it to arrive", lambda: server.connections, 30)
        assert len(server.connections) == 1


@reads
def test_a_read_that_is_not_answered_ends_in_time(read: Callable[[Kubernetes], object]) -> None:
    with silent() as server, connected(server.url, timeout=0.1) as cluster:
        begun = time.perf_counter()
        with pytest.raises(PlatformError, match=r"no answer within 0\.1 s") as raised:
            read(cluster)
        assert not isinstance(raised.value, Unknown)
        assert time.perf_counter() - begun < 4 + BUSY
        until("the last try to arrive", lambda: len(server.connections) >= TRIES, 30)
        # find asks for the namespaces first, and goes on without them
        assert TRIES <= len(server.connections) <= 2 * TRIES


@acts
def test_an_act_that_could_not_be_sent_changed_nothing(act: Callable[[Kubernetes], object]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with connected(url) as cluster, pytest.raises(PlatformError, match="cannot be reached") as raised:
        act(cluster)
    assert not isinstance(raised.value, Unknown)


@acts
@pytest.mark.parametrize("code", [500, 502, 503, 504])
def test_an_act_that_the_server_stumbled_over_is_unknown(act: Callable[[Kubernetes], object], code: int) -> None:
    with serving(lambda _: status(code, "oh")) as server, connected(server.url) as cluster:
        with pytest.raises(Unknown):
            act(cluster)
        assert len(server.requests) == 1


@acts
def test_an_answer_cut_off_in_the_middle_leaves_an_act_unknown(act: Callable[[Kubernetes], object]) -> None:
    cut = Reply(200, b'{"kind":', {"Content-Length": "100", "Connection": "close"})
    with serving(lambda _: cut) as server, connected(server.url) as cluster, pytest.raises(Unknown):
        act(cluster)


def test_reads_are_tried_again_until_the_server_recovers() -> None:
    answers = iter([status(503, "starting"), status(500, "again"), Reply(200, pod("web", "shop"))])
    with serving(lambda _: next(answers)) as server, connected(server.url) as cluster:
        assert cluster.get(WEB) is not None
        assert len(server.requests) == 3


def test_reads_wait_as_the_server_wishes_but_not_for_long() -> None:
    wishes = iter(["1", "3600"])
    clock = QuickClock()
    busy = status(429, "too many")
    with serving(lambda _: replace(busy, headers={"Retry-After": next(wishes, "9")})) as server:
        with connected(server.url, clock=clock) as cluster, pytest.raises(PlatformError, match="overloaded"):
            cluster.get(WEB)
        assert clock.waits == [1.0, 2.0]
        assert len(server.requests) == TRIES


def test_a_read_that_is_denied_is_not_tried_again() -> None:
    with serving(lambda _: status(403, "no")) as server, connected(server.url) as cluster:
        with pytest.raises(Forbidden):
            cluster.get(WEB)
        assert len(server.requests) == 1


def test_an_answer_that_trickles_in_ends_in_time() -> None:
    class Impatient(QuickClock):
        def monotonic(self) -> float:
            self.ticks += 3
            return self.ticks

    with (
        serving(lambda _: Reply(200, b'{"metadata":{}}')) as server,
        connected(server.url, timeout=2.0, clock=Impatient()) as cluster,
        pytest.raises(PlatformError, match="did not end"),
    ):
        cluster.wire.read(Call("get", POD, "shop", "web"))


def test_we_say_who_we_are() -> None:
    with serving(lambda _: Reply(200, pod("web", "shop"))) as server, connected(server.url) as cluster:
        cluster.get(WEB)
        headers = server.requests[0].headers
        assert headers["user-agent"].startswith("simian-army/")
        assert "authorization" not in headers


def test_a_redirect_is_not_followed() -> None:
    away = Reply(302, b"", {"Location": "http://127.0.0.1:9/"})
    with serving(lambda _: away) as server, connected(server.url) as cluster:
        with pytest.raises(PlatformError, match="302"):
            cluster.get(WEB)
        assert len(server.requests) == 1


def test_credentials_that_ran_out_are_renewed_once() -> None:
    tokens = iter(["old", "new", "never"])
    with serving(lambda r: Reply(200 if r.headers["authorization"] == "new" else 401, pod("web", "shop"))) as server:

        def log_in() -> Session:
            session, token = login(Place(url=server.url)), next(tokens)
            return Session(session.host, session.pool, lambda: {"Authorization": token})

        wire = Wire(log_in, 2.0, SystemClock())
        wire.act(Call("delete", POD, "shop", "web"))
        wire.read(Call("get", POD, "shop", "web"))
        wire.close()
        assert [request.headers["authorization"] for request in server.requests] == ["old", "new", "new"]


def test_credentials_are_asked_for_once_a_second() -> None:
    tokens, clock = iter(["first", "second"]), QuickClock()
    with serving(lambda _: Reply(200, pod("web", "shop"))) as server:
        session = login(Place(url=server.url))
        asking = Session(session.host, session.pool, lambda: {"Authorization": next(tokens)})
        wire = Wire(lambda: asking, 2.0, clock)
        for clock.ticks in (0.0, 0.9, 1.0):
            wire.read(Call("get", POD, "shop", "web"))
        wire.close()
        assert [request.headers["authorization"] for request in server.requests] == ["first", "first", "second"]


def test_credentials_that_stay_bad_are_explained() -> None:
    bad = status(401, "Unauthorized")
    with serving(lambda _: bad) as server, connected(server.url) as cluster, pytest.raises(Forbidden, match="renew"):
        cluster.evict(WEB)


def test_an_eviction_names_the_pod_it_means_and_the_version_that_was_judged() -> None:
    with serving(lambda _: Reply(201, {"kind": "Status"})) as server, connected(server.url) as cluster:
        cluster.evict(WEB, grace=3)
        sent = server.requests[0]
        assert sent.path == "/api/v1/namespaces/shop/pods/web/eviction"
        assert sent.body["deleteOptions"] == {
            "preconditions": {"uid": "uid-shop-web", "resourceVersion": "7"},
            "gracePeriodSeconds": 3,
        }
        assert "dryRun" not in sent.body["deleteOptions"]


def test_a_deletion_carries_its_preconditions() -> None:
    with serving(lambda _: Reply(200, {"kind": "Status"})) as server, connected(server.url) as cluster:
        cluster.delete(WEB)
        cluster.delete(WEB, grace=0, version="9")
        first, second = (request.body for request in server.requests)
        assert first["preconditions"] == {"uid": "uid-shop-web"}
        assert "gracePeriodSeconds" not in first
        assert second["preconditions"] == {"uid": "uid-shop-web", "resourceVersion": "9"}
        assert second["gracePeriodSeconds"] == 0


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        (status(403, "User x cannot"), Forbidden, r'Role in namespace shop: .*"pods/eviction".*verbs: \["create"\]'),
        (status(404, "not found"), Gone, "not found"),
        (status(409, "Precondition failed: UID in precondition: a, UID in object meta: b"), Gone, "UID"),
        (status(409, "the UID in the precondition (a) does not match the UID in record (b)"), Gone, "UID"),
        (status(409, "the ResourceVersion in the precondition (1) does not match"), Conflict, "ResourceVersion"),
        (status(409, "the object has been modified"), Conflict, "modified"),
        (status(422, "Invalid value"), PlatformError, "Invalid"),
        (status(429, "Cannot evict", [{"message": "budget web-pdb needs 4"}]), Refused, "web-pdb needs 4"),
        (status(429, "Cannot evict", []), Refused, "Cannot evict"),
        (status(500, "This pod has more than one PodDisruptionBudget"), Refused, "more than one"),
        (Reply(418, b"<html>"), PlatformError, "418 <html>"),
        (Reply(409, b'{"details": 7, "message": 8}'), Conflict, "409 8"),
    ],
)
def test_a_refused_eviction_is_explained(reply: Reply, error: type[Exception], words: str) -> None:
    with serving(lambda _: reply) as server, connected(server.url) as cluster, pytest.raises(error, match=words):
        cluster.evict(WEB)


def test_a_patch_that_makes_no_sense_is_no_conflict() -> None:
    answer = status(422, "Pod is invalid: metadata.labels", [{"reason": "FieldValueInvalid", "message": "x y"}])
    with serving(lambda _: answer) as server, connected(server.url) as cluster:
        with pytest.raises(PlatformError, match="is invalid") as raised:
            cluster.patch(WEB, [])
        assert not isinstance(raised.value, Conflict)


def test_a_failed_test_of_a_patch_is_a_conflict_and_a_namesake_is_gone() -> None:
    def talk(request: Request) -> Reply:
        if request.method == "PATCH":
            return status(422, "the server rejected our request due to an error in our request")
        return Reply(200, pod("web", "shop", uid=uids.pop()))

    uids = ["another", "uid-shop-web"]
    with serving(talk) as server, connected(server.url) as cluster:
        with pytest.raises(Conflict):
            cluster.patch(WEB, [])
        with pytest.raises(Gone):
            cluster.patch(WEB, [])
        patch = server.requests[0]
        assert patch.headers["content-type"] == "application/json-patch+json"
        assert patch.body == [{"op": "test", "path": "/metadata/uid", "value": "uid-shop-web"}]


@pytest.mark.parametrize("body", [b"<html>hello</html>", b"", b"[]", b"\xff\xfe"])
@reads
def test_an_answer_that_makes_no_sense_is_a_located_error(read: Callable[[Kubernetes], object], body: bytes) -> None:
    with (
        serving(lambda _: Reply(200, body)) as server,
        connected(server.url) as cluster,
        pytest.raises(PlatformError, match=server.url),
    ):
        read(cluster)


@pytest.mark.parametrize("name", ["get", "find", "read", "identity", "marked"])
def test_an_object_without_metadata_is_a_located_error(name: str) -> None:
    with (
        serving(lambda _: Reply(200, b'{"metadata": null}')) as server,
        connected(server.url) as cluster,
        pytest.raises(PlatformError, match=server.url),
    ):
        READS[name](cluster)
