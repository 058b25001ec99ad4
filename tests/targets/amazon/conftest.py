"""One embedded AWS for these tests, empty before each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simian_army.embedded.cloud import CloudServer
from tests.targets.amazon.world import World


@pytest.fixture(scope="session")
def cloud() -> Iterator[CloudServer]:
    with CloudServer() as server:
        yield server


@pytest.fixture
def world(cloud: CloudServer) -> World:
    cloud.reset()
    return World(cloud)
