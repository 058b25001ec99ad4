"""A process that tells events through a spool to a ledger, and dies, as by SIGKILL, at the point it is told.

``python -m tests.audit.dying_teller URL HEAD SPOOL POINT``; the point is one of POINTS, or ``none`` to live until it is
killed: then each word's number is printed when it is safe.
"""

from __future__ import annotations

import os
import random
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from simian_army.audit import spool as spools
from simian_army.audit.ledger import SqlLedger
from simian_army.audit.spool import FileSpool
from simian_army.clock import SystemClock
from simian_army.contract import Ledger
from simian_army.errors import LedgerError
from simian_army.model import AuditEvent, Phase
from simian_army.teller import Teller
from tests.audit.places import KEY, NOW

POINTS = (
    "before-add",
    "mid-add",
    "after-add",
    "before-append",
    "after-append",
    "mid-drop",
    "before-replace",
    "after-drop",
)


def word(number: int) -> AuditEvent:
    return AuditEvent(NOW, f"run-{number:05}", Phase.REVERTED, "test", target=f"uid-{number:05}", leashed=False)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Fickle:
    """The real ledger, which is away as told, or as chance wills: then some answers are lost after the writing."""

    def __init__(self, real: SqlLedger, point: str) -> None:
        self._real, self._point = real, point
        self.away = True
        self._dice = random.Random(os.getpid())

    def append(self, *events: AuditEvent) -> tuple[AuditEvent, ...]:
        chance = self._dice.random() if self._point == "none" else (0.0 if self.away else 1.0)
        if chance < 0.4:
            raise LedgerError("away")
        if self._point == "before-append":
            die()
        made = self._real.append(*events)
        if self._point == "after-append":
            die()
        if chance < 0.6:
            raise LedgerError("the answer was lost")
        return made


def dying(point: str) -> None:
    """Have the spool's own steps end in death at the point."""
    write: Callable[[int, bytes], None] = spools._write
    replace: Any = Path.replace

    def half(file: int, data: bytes) -> None:
        if data and point == "mid-add":
            write(file, data[: len(data) // 2])
            die()
        write(file, data)

    def never(path: Path, target: Path) -> Path:
        if point == "before-replace":
            die()
        made = replace(path, target)
        if point == "mid-drop":
            die()
        return cast(Path, made)

    spools._write = half
    Path.replace = never  # type: ignore[assignment, method-assign]


def main(url: str, head: Path, spool: Path, point: str) -> None:
    clock = SystemClock()
    with SqlLedger.open(url, KEY, head=head) as real:
        ledger = Fickle(real, point)
        teller = Teller(cast(Ledger, ledger), FileSpool(spool, KEY, clock, "test"))
        if point == "none":
            for number in range(100_000):
                teller.say(word(number))
                teller.retry()
                print(number, flush=True)
        for number in range(3):
            teller.say(word(number))
        if point == "before-add":
            die()
        dying(point)
        teller.say(word(3))
        if point == "after-add":
            die()
        ledger.away = False
        teller.retry()
        if point == "after-drop":
            die()
        sys.exit("it should have died")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4])
