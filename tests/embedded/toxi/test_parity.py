"""The embedded toxiproxy says and does what a real one does, but for the gaps that are written down."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from simian_army.embedded.toxi import ToxiServer
from tests.cluster.toxi import Toxi
from tests.embedded.toxi import probes_api, probes_ends, probes_flow, probes_state
from tests.embedded.toxi.gaps import GAPS
from tests.embedded.toxi.probes import Probe
from tests.embedded.toxi.scene import Json, Scene

TABLES = (probes_api, probes_state, probes_flow, probes_ends)
PROBES: dict[str, Probe] = {name: row for table in TABLES for name, row in table.probe.rows.items()}


class Parity:
    """Each subclass gives the server to ask, and what is expected of it."""

    expected: Callable[[Probe], Json]

    @pytest.mark.parametrize("probe", PROBES.values(), ids=list(PROBES))
    def test_it_says_what_is_written_down(self, probe: Probe, at: Scene) -> None:
        assert probe.act(at) == self.expected(probe)


class TestEmbedded(Parity):
    @staticmethod
    def expected(probe: Probe) -> Json:
        return GAPS[probe.name].ours if probe.name in GAPS else probe.says

    @pytest.fixture
    def at(self) -> Iterator[Scene]:
        with ToxiServer() as server:
            scene = Scene(server.url)
            yield scene
            scene.close()


@pytest.fixture(scope="module")
def server(real_toxiproxy: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Toxi]:
    """One of its own: what some probes leave behind can never be deleted."""
    with Toxi(tmp_path_factory.mktemp("probed")) as server:
        yield server


class TestReal(Parity):
    @staticmethod
    def expected(probe: Probe) -> Json:
        return GAPS[probe.name].real if probe.name in GAPS else probe.says

    @pytest.fixture
    def at(self, server: Toxi) -> Iterator[Scene]:
        scene = Scene(server.url)
        scene.clear()
        yield scene
        scene.close()


def test_every_gap_is_one_of_a_probe() -> None:
    assert set(GAPS) <= set(PROBES)
    assert [name for name, gap in GAPS.items() if gap.real == gap.ours] == []
