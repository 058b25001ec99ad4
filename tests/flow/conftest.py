"""The ground of the flow's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flow.ground import Ground, ground
from tests.flow.lives import Scene


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    with ground(tmp_path) as made:
        made.write()
        yield made


@pytest.fixture
def scene(shop: Ground, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    made = Scene(shop)
    monkeypatch.setattr(type(shop), "wake", lambda _: made.wake())
    yield made
    for one in made.undertakers:
        one.stopping.set()
