"""A process that carries one firing through the real house and dies, as by SIGKILL, at the point it is told.

``python -m tests.flow.dying CONFIG ENTRY POINT``; the point is one of POINTS.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any, cast

from simian_army import wiring
from simian_army.contract import FaultKind, Ledger, Recheck
from simian_army.model import AuditEvent, Evidence, Fault, Mark, Phase, Verdict

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
POINTS = ("before-intended", "after-intended", "after-inject", "after-injected", "held", "mid-revert")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class DyingLedger:
    """The real one, but for the points around an append."""

    def __init__(self, real: Ledger, point: str) -> None:
        self._real, self._point = real, point

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def reserve(self, intended: AuditEvent, recheck: Recheck) -> tuple[AuditEvent | None, Sequence[Verdict]]:
        if self._point == "before-intended":
            die()
        made = self._real.reserve(intended, recheck)
        if self._point == "after-intended":
            die()
        return made

    def append(self, *events: AuditEvent) -> tuple[AuditEvent, ...]:
        made = self._real.append(*events)
        if self._point == "after-injected" and events[0].phase is Phase.INJECTED:
            die()
        return made


class DyingKind:
    """The real one, but for the points after an act."""

    def __init__(self, real: FaultKind, point: str) -> None:
        self._real, self._point = real, point

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def inject(self, fault: Fault, mark: Mark) -> None:
        self._real.inject(fault, mark)
        if self._point == "after-inject":
            die()

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        proof = self._real.revert(fault, mark)
        if self._point == "mid-revert":
            die()
        return proof


def main(config: Path, entry: str, point: str) -> None:
    assert point in POINTS
    with wiring.books(wiring.read_config(config)) as books, wiring.house(books) as house:
        books.lease.take()
        ledger = cast(Ledger, DyingLedger(books.ledger, point))
        kinds = {name: cast(FaultKind, DyingKind(kind, point)) for name, kind in house.kinds.items()}
        keeper = house.keeper
        keeper.kinds = kinds
        keeper.start()
        engine = replace(house.engine, ledger=ledger, judge=replace(house.engine.judge, kinds=kinds))
        engine.fire(house.entries[entry], AT)
        if point == "held":
            die()
        keeper.end("", "asked by the test")
        Event().wait(20)
        sys.exit("it should have died")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
