"""The real monitoring that the tests of this folder share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.looking.monitoring import Alertmanager, Prometheus


@pytest.fixture(scope="module")
def alertmanager() -> Iterator[Alertmanager]:
    with Alertmanager() as server:
        yield server


@pytest.fixture(scope="module")
def prometheus(alertmanager: Alertmanager) -> Iterator[Prometheus]:
    with Prometheus(f"127.0.0.1:{alertmanager.port}") as server:
        yield server
