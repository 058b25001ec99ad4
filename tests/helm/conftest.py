"""The chart's tool, built once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cluster import build
from tests.cluster.policy import needs
from tests.cluster.telling import teller
from tests.helm.chart import KEY, Helm

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def helm(pytestconfig: pytest.Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Helm:
    try:
        binary = build.helm(teller(pytestconfig))
    except build.CannotBuildError as error:
        needs(f"Helm cannot be built: {error}")
    monkeypatch.setenv("SIMIAN_KEY", KEY)
    return Helm(binary, tmp_path)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "helm" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.real)
