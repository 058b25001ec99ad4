"""The real monitoring that the tests of this folder share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flow.ground import Ground, ground
from tests.looking.monitoring import Alertmanager, Prometheus


@pytest.fixture(scope="module")
def alertmanager() -> Iterator[Alertmanager]:
    with Alertmanager() as server:
        yield server


@pytest.fixture(scope="module")
def prometheus(alertmanager: Alertmanager) -> Iterator[Prometheus]:
    with Prometheus(f"127.0.0.1:{alertmanager.port}") as server:
        yield server


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    with ground(tmp_path) as made:
        made.write()
        yield made
