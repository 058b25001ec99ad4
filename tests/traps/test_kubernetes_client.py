"""What the kubernetes client does that would hurt, measured on the pinned version, and that our adapter is not hurt."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import urllib3
from kubernetes import client
from kubernetes.client import Configuration
from pydantic import ValidationError

from simian_army.errors import PlatformError, Unknown
from simian_army.model import Selector
from simian_army.targets.k8s import Kubernetes
from simian_army.targets.kube.place import Place
from tests.cluster.waiting import until
from tests.targets.kube.stub import Reply, connected, serving

Watch: Any = import_module("kubernetes.watch").Watch
election: Any = import_module("kubernetes.leaderelection.leaderelection")  # ships no types
Config: Any = import_module("kubernetes.leaderelection.electionconfig").Config
Record: Any = import_module("kubernetes.leaderelection.leaderelectionrecord").LeaderElectionRecord
HOME = Path(__file__).parents[2]
QUICK = 0.3  # seconds a request may take here


class Hung:
    """Takes every connection and counts the requests that come in; never answers."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.seen: list[str] = []
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._take, daemon=True)
        self._thread.start()

    def _take(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            connection.settimeout(60)
            self.seen.append(connection.recv(65536).split(b" ")[0].decode())

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for connection in self._open:
            connection.close()


@pytest.fixture
def hung() -> Iterator[Hung]:
    server = Hung()
    yield server
    server.close()


@contextmanager
def official(url: str, **options: Any) -> Iterator[client.CoreV1Api]:
    configuration = Configuration(host=url)
    for name, value in options.items():
        setattr(configuration, name, value)
    with client.ApiClient(configuration) as api:
        yield client.CoreV1Api(api)


def test_the_measured_version_is_the_pinned_one() -> None:
    assert version("kubernetes") == "37.0.1"
    assert '"kubernetes==37.0.1"' in (HOME / "pyproject.toml").read_text()


def test_a_request_has_no_timeout_unless_one_is_given_and_ours_all_have_one(hung: Hung) -> None:
    with official(hung.url) as api:
        thread = threading.Thread(target=_quietly, args=(api.list_namespace,), daemon=True)
        thread.start()
        thread.join(2 * QUICK)
        assert thread.is_alive(), "it waits, and would for ever"
    with connected(hung.url, timeout=QUICK) as cluster, pytest.raises(PlatformError):
        cluster.identities()


@pytest.mark.parametrize(
    ("verb", "act", "times"),
    [
        ("GET", lambda api: api.read_namespaced_pod("a", "b", _request_timeout=QUICK), 4),
        ("DELETE", lambda api: api.delete_namespaced_pod("a", "b", _request_timeout=QUICK), 4),
        (
            "POST",
            lambda api: api.create_namespaced_pod_eviction("a", "b", client.V1Eviction(), _request_timeout=QUICK),
            1,
        ),
        ("PATCH", lambda api: api.patch_namespaced_pod("a", "b", {}, _request_timeout=QUICK), 1),
    ],
)
def test_a_deletion_without_an_answer_is_sent_four_times_by_default(
    hung: Hung, verb: str, act: Callable[[Any], object], times: int
) -> None:
    with official(hung.url) as api, pytest.raises(urllib3.exceptions.HTTPError):
        act(api)
    until("the last of them to arrive", lambda: len(hung.seen) >= times, 30)
    assert hung.seen == [verb] * times


def test_our_acts_without_an_answer_are_sent_once(hung: Hung) -> None:
    from tests.targets.kube.test_wire import WEB

    with connected(hung.url, timeout=QUICK) as cluster:
        for act in (cluster.evict, cluster.delete):
            with pytest.raises(Unknown):
                act(WEB)
    until("the last of them to arrive", lambda: len(hung.seen) >= 2, 30)
    assert hung.seen == ["POST", "DELETE"]


def test_an_error_of_the_network_is_none_of_the_clients_own_and_ours_is_of_our_tree() -> None:
    with official("http://127.0.0.1:1", retries=False) as api, pytest.raises(urllib3.exceptions.HTTPError) as caught:
        api.list_namespace(_request_timeout=QUICK)
    assert not isinstance(caught.value, client.ApiException)
    with connected("http://127.0.0.1:1", timeout=QUICK) as cluster, pytest.raises(PlatformError):
        cluster.identities()


BAD = {"apiVersion": "v1", "kind": "PodList", "metadata": {"resourceVersion": "1"}, "items": []}


def _pods(*, partial: bool) -> dict[str, Any]:
    good = {"name": "web-1", "namespace": "shop", "uid": "u1", "creationTimestamp": "2026-01-01T00:00:00Z"}
    broken = {"metadata": {"name": "web-2", "namespace": "shop", "uid": "u2", "creationTimestamp": None}}
    if partial:
        return {**BAD, "kind": "PartialObjectMetadataList", "items": [{"metadata": good}, broken]}
    return {**BAD, "items": [{"metadata": good, "spec": {"containers": None}}, broken]}


def test_one_malformed_object_breaks_the_whole_typed_list_and_none_of_ours() -> None:
    with serving(lambda _: Reply(200, _pods(partial=False), {"Content-Type": "application/json"})) as server:
        with official(server.url) as api, pytest.raises(ValidationError):
            api.list_pod_for_all_namespaces(_request_timeout=30)

    def talk(request: Any) -> Reply:
        if request.path.endswith("/pods"):
            return Reply(200, _pods(partial=True))
        kind = "PartialObjectMetadata"
        meta = {"name": "shop", "uid": "n", "creationTimestamp": "2026-01-01T00:00:00Z"}
        return Reply(200, {"kind": kind, "metadata": meta})

    with serving(talk) as server, connected(server.url, namespaces=("shop",)) as cluster:
        assert [target.name for target in cluster.find(Selector("pod"))] == ["web-1"]
        assert cluster.unreadable == 1


def test_a_watch_on_a_silent_connection_says_nothing_until_a_request_timeout_ends_it_and_we_have_none(
    hung: Hung,
) -> None:
    with official(hung.url, retries=False) as api:
        stream = Watch().stream(api.list_namespace, timeout_seconds=1, _request_timeout=(QUICK, QUICK))
        with pytest.raises(urllib3.exceptions.HTTPError):
            next(iter(stream))
    sources = [*(HOME / "simian_army").rglob("*.py"), *(HOME / "scheduler").rglob("*.py")]
    assert [f for f in sources if "watch.Watch" in f.read_text() or "informer" in f.read_text().lower()] == []


class Lock:
    """A lock that is got once; afterwards its server is away."""

    name, namespace, identity = "simian", "default", "me"

    def __init__(self) -> None:
        self.calls = 0

    def get(self, _name: str, _namespace: str) -> tuple[bool, Any]:
        self.calls += 1
        if self.calls > 1:
            raise urllib3.exceptions.MaxRetryError(None, "/", OSError("away"))  # type: ignore[arg-type]
        return True, Record("me", "5", "now", "now")

    def update(self, _name: str, _namespace: str, _record: Any) -> bool:
        return True


def test_its_leader_election_never_says_that_the_lease_was_lost_so_we_do_not_use_it() -> None:
    stopped, lock = threading.Event(), Lock()
    works = threading.Event()
    config = Config(
        lock,
        lease_duration=5,
        renew_deadline=3,
        retry_period=1,
        onstarted_leading=lambda: works.wait(30),
        onstopped_leading=stopped.set,
    )
    with pytest.raises(urllib3.exceptions.MaxRetryError):
        election.LeaderElection(config).run()
    assert not stopped.is_set(), "the leader goes on and nobody told it"
    works.set()
    with pytest.raises(SystemExit):
        Config(None, 5, 3, 1, print, print)
    sources = (HOME / "simian_army").rglob("*.py")
    assert [file for file in sources if "leaderelection" in file.read_text()] == []


def test_its_import_is_paid_only_by_who_connects() -> None:
    code = (
        "import sys\nfrom simian_army.targets.k8s import Kubernetes\nassert 'kubernetes' not in sys.modules\n"
        "import simian_army.engine, simian_army.cli.app\nassert 'kubernetes' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
    assert Kubernetes.connect(Place(url="http://127.0.0.1:1")) is not None


def _quietly(act: Callable[[], object]) -> None:
    with suppress(Exception):  # the server goes away at the end of the test
        act()
