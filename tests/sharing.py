"""Which worker runs which test: those over a real cluster in few bundles, so that few clusters are started, and first."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from zlib import crc32

from xdist.scheduler import LoadScopeScheduling

HERE = Path(__file__).parent
NODE, CLUSTER = ("real_node", "agents_image"), "real_cluster"
OWN = ("helm", "e2e")  # folders whose tests over a cluster take long enough for a cluster of their own
BUNDLES = (*OWN, "node", "cluster")
PARTS = 4  # parts of any other file, which different workers may take


class Shared(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no types
    """Hands out whole bundles and parts of files, in the order of the collection."""

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)


def scope_of(nodeid: str) -> str:
    """Tests of one scope are run by one worker, one after the other. What is found wrong here costs time, no more."""
    file = nodeid.partition("::")[0]
    needs, mixed = _needs(file)
    if needs and ("Real" in nodeid.rpartition("::")[0] or not mixed):
        return needs
    return f"{file}, part {crc32(nodeid.encode()) % PARTS}"


def place_of(nodeid: str) -> int:
    """What is to begin first: bundles before all else."""
    scope = scope_of(nodeid)
    return BUNDLES.index(scope) if scope in BUNDLES else len(BUNDLES)


@cache
def _needs(file: str) -> tuple[str, bool]:
    """The bundle of a file, and whether only its classes named ``TestReal...`` belong to it."""
    path = HERE.parent / file
    text = path.read_text() if path.is_file() else ""
    mixed = "\nclass TestReal" in text
    if any(name in text for name in NODE):
        return "node", mixed
    folder = Path(file).parts[1:2]
    return (folder[0] if folder and folder[0] in OWN else "cluster") if CLUSTER in text else "", mixed
