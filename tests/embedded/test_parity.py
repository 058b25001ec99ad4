"""The embedded API server says what a real one says, but for the gaps that are written down."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from simian_army.embedded.kube import KubeServer
from tests.cluster.plane import Cluster
from tests.cluster.world import node
from tests.embedded.gaps import GAPS
from tests.embedded.probes import Probe
from tests.embedded.probes_lists import forgotten
from tests.embedded.scene import NODE, Scene
from tests.embedded.table import PROBES
from tests.targets.kube.grounds import OpenApi

Json = Any


class Parity:
    """Each subclass gives the server to ask, and what is expected of it."""

    expected: Callable[[Probe], Json]

    @pytest.mark.parametrize("probe", PROBES.values(), ids=list(PROBES))
    def test_it_says_what_is_written_down(self, probe: Probe, at: Scene) -> None:
        assert probe.act(at) == self.expected(probe)


@pytest.fixture(scope="module")
def server() -> Iterator[KubeServer]:
    with KubeServer([node(NODE, {})], startup=0.05) as server:
        yield server


class TestEmbedded(Parity):
    @staticmethod
    def expected(probe: Probe) -> Json:
        return GAPS[probe.name].ours if probe.name in GAPS else probe.says

    @pytest.fixture
    def at(self, server: KubeServer) -> Iterator[Scene]:
        scene = Scene(OpenApi(server.url), server.expire)
        scene.begin()
        yield scene
        scene.end()

    @pytest.mark.parametrize("past", forgotten.rows.values(), ids=list(forgotten.rows))
    def test_what_is_forgotten_is_said_to_be(self, past: Probe, at: Scene) -> None:
        assert past.act(at) == past.says


class TestReal(Parity):
    @staticmethod
    def expected(probe: Probe) -> Json:
        return GAPS[probe.name].real if probe.name in GAPS else probe.says

    @pytest.fixture
    def at(self, real_cluster: Cluster) -> Iterator[Scene]:
        scene = Scene(real_cluster.admin)
        scene.begin()
        yield scene
        scene.end()


def test_every_gap_is_one_of_a_probe_and_stands_in_the_docs() -> None:
    said = (Path(__file__).parents[2] / "docs" / "embedded.md").read_text()
    assert set(GAPS) <= set(PROBES)
    assert [gap.why for gap in GAPS.values() if gap.why not in said] == []
    assert [name for name, gap in GAPS.items() if gap.real == gap.ours] == []
