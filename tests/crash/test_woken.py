"""Does the undertaker that an agent started by itself outlive that agent, and end its fault in time."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from simian_army.embedded.toxi.server import ToxiServer
from tests.cluster.waiting import until
from tests.crash.grounds import Site, proxies
from tests.crash.points import CASES, Case
from tests.crash.scene import Scene

pytestmark = pytest.mark.slow


@pytest.fixture
def case() -> Case:
    return next(case for case in CASES if case.platform == "toxiproxy")


@pytest.fixture
def site() -> Iterator[Site]:
    with ToxiServer() as server, proxies(server.url, server) as made:
        yield made


def undertakers(config: Path) -> list[int]:
    """The processes that were started for this config, by their command lines."""
    return [int(one.name) for one in Path("/proc").iterdir() if one.name.isdigit() and str(config) in _line(one)]


def _line(process: Path) -> str:
    try:
        return (process / "cmdline").read_text().replace("\0", " ")
    except OSError:  # it ended meanwhile
        return ""


def test_it_outlives_its_agent_and_ends_what_that_held(scene: Scene) -> None:
    scene.write(hold="10s")
    before = scene.view()
    try:
        scene.kill("held", "wakes")
        assert scene.changes(before)
        assert len(undertakers(scene.config)) == 1
        until("it to give the proxy back", lambda: not scene.changes(before), 60)
        until("it to say so", lambda: [kept for kept in scene.kept() if kept.ended], 60)
    finally:
        for pid in undertakers(scene.config):
            os.kill(pid, signal.SIGTERM)
    until("it to end", lambda: not undertakers(scene.config), 60)
