"""Which real parts tests may ask for by name, and how such tests are marked and kept together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cluster import build
from tests.cluster.plane import Cluster
from tests.cluster.policy import needs
from tests.cluster.telling import teller

if TYPE_CHECKING:
    from collections.abc import Iterator

REAL_SECONDS = 300


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test over the real cluster, and give all of them to one worker, so that one cluster is started."""
    for item in items:
        if "real_cluster" not in getattr(item, "fixturenames", ()):
            continue
        item.add_marker(pytest.mark.real)
        item.add_marker(pytest.mark.xdist_group("cluster"))
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
