"""A process that leads, carries one firing through the real house, and is stopped, as by SIGSTOP, inside its injection.

``python -m tests.flow.stopping CONFIG ENTRY POINT``; the point is one of POINTS. It prints how its injection ended.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from simian_army import wiring
from simian_army.contract import FaultKind
from simian_army.faults.k8s.node_cordon import NodeCordon
from simian_army.model import Fault, Json, Mark, Target
from simian_army.ports import KubernetesManyPort

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
POINTS = ("before-reading", "before-sending")


def stop() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


class StoppingPort:
    """The real one, but for the moment before its first act."""

    def __init__(self, real: KubernetesManyPort) -> None:
        self._real, self._stopped = real, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def patch(self, target: Target, operations: Sequence[Json]) -> dict[str, Any]:
        if not self._stopped:
            self._stopped = True
            stop()
        return self._real.patch(target, operations)


class StoppingKind:
    """The real one, stopped at the point."""

    def __init__(self, real: NodeCordon, point: str) -> None:
        port = cast(KubernetesManyPort, StoppingPort(real.port))
        self._real = replace(real, port=port) if point == "before-sending" else real
        self._point = point

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def inject(self, fault: Fault, mark: Mark) -> None:
        if self._point == "before-reading":
            stop()
        self._real.inject(fault, mark)


def main(config: Path, entry: str, point: str) -> None:
    assert point in POINTS
    with wiring.books(wiring.read_config(config)) as books, wiring.house(books) as house:
        books.lease.take()
        real = house.kinds["node-cordon"]
        assert isinstance(real, NodeCordon)
        kinds = {**house.kinds, "node-cordon": cast(FaultKind, StoppingKind(real, point))}
        house.keeper.kinds = kinds
        house.keeper.start()
        engine = replace(house.engine, judge=replace(house.engine.judge, kinds=kinds))
        outcome = engine.fire(house.entries[entry], AT)
        print(f"taken {len(outcome.taken)}: {[d.verdicts[-1].reason for d in outcome.denied]}", flush=True)
        print(f"left {books.lease.left()}", flush=True)
        house.keeper.stop(10)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
