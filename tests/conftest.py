"""Which real parts tests may ask for by name, and how such tests are marked and kept together."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from tests.cluster import agent_image, build, machine
from tests.cluster.node import Node
from tests.cluster.plane import Cluster
from tests.cluster.policy import needs
from tests.cluster.postgres import Postgres, binaries
from tests.cluster.telling import teller
from tests.cluster.toxi import Toxi
from tests.sharing import Shared, place_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xdist.remote import Producer

# two workers share two busy cores: how long one example takes says nothing of the code
settings.register_profile("ours", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ours")

REAL_SECONDS = 300
AT_HOME = ("127.", "::1", "localhost")
FAKE = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_SESSION_TOKEN": "testing",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "KUBECONFIG": os.devnull,
}
"""What tests and their children see instead of the credentials of whoever runs them."""


@pytest.fixture(scope="session", autouse=True)
def nothing_leaves_the_machine() -> Iterator[None]:
    """Refuse every connection outside loopback, and hide the user's own credentials."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in FAKE.items():
            patch.setenv(name, value)
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
        yield


def _guarded(real: Callable[[socket.socket, Any], Any]) -> Callable[[socket.socket, Any], Any]:
    def connect(self: socket.socket, address: Any) -> Any:
        if self.family != socket.AF_UNIX and not str(address[0]).startswith(AT_HOME):
            raise PermissionError(f"a test tried to leave the machine: {address}")
        return real(self, address)

    return connect


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Shared:
    """What shares the tests out among workers."""
    return Shared(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test over a real part; each worker that has one of them starts a cluster of its own. Those come first."""
    items.sort(key=lambda item: place_of(item.nodeid))
    for item in items:
        names = getattr(item, "fixturenames", ())
        if "real_toxiproxy" in names or "postgres" in names:
            item.add_marker(pytest.mark.real)
        if not {"real_cluster", "real_node"}.intersection(names):
            continue
        item.add_marker(pytest.mark.real)
        if item.get_closest_marker("timeout") is None:
            # the first test's set-up may build Kubernetes: minutes that are not the test's own
            item.add_marker(pytest.mark.timeout(REAL_SECONDS, func_only=True))


@pytest.fixture(scope="session")
def real_cluster(pytestconfig: pytest.Config) -> Iterator[Cluster]:
    """A started real cluster with four nodes, shared by the whole run: work in a namespace of your own."""
    say = teller(pytestconfig)
    try:
        build.plane(say)
        build.kwok(say)
        build.kubectl(say)
    except build.CannotBuildError as error:
        needs(f"the real Kubernetes cannot be built: {error}")
    with Cluster(say=say) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def real_node(pytestconfig: pytest.Config) -> Iterator[Node]:
    """A started real node with its own control plane, shared by the whole run: work in a namespace of your own."""
    say = teller(pytestconfig)
    machine.ready()
    try:
        for part in (build.plane, build.node, build.kubectl):
            part(say)
    except build.CannotBuildError as error:
        needs(f"the real node cannot be built: {error}")
    with Node(say) as node:
        yield node


@pytest.fixture(scope="session")
def agents_image(real_node: Node, pytestconfig: pytest.Config) -> str:
    """The name of the agent's own image, built from this tree, which the real node has."""
    try:
        made = agent_image.agent(teller(pytestconfig))
    except build.CannotBuildError as error:
        needs(f"the agent's image cannot be built: {error}")
    real_node.load(made)
    return made.name


@pytest.fixture(scope="session")
def real_toxiproxy(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a started real toxiproxy, shared by the whole run: remove the proxies you make."""
    try:
        build.toxiproxy(teller(pytestconfig))
    except build.CannotBuildError as error:
        needs(f"the real toxiproxy cannot be built: {error}")
    with Toxi(tmp_path_factory.mktemp("toxiproxy")) as server:
        yield server.url


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A started PostgreSQL, shared by the whole run: work in a database of your own; leave it running."""
    with Postgres(binaries()) as server:
        yield server
