"""Is what somebody has to look at told once, also to a ledger that writes and gives no answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from simian_army.alarms import Alarms
from simian_army.contract import Ledger
from simian_army.errors import LedgerError, PlatformError
from simian_army.model import AuditEvent, Phase
from simian_army.undertaker.folder import Folder
from tests.simian_army.yard import World


class Deaf:
    """A ledger that writes and loses its answers."""

    def __init__(self, real: Ledger) -> None:
        self.real = real

    def append(self, *events: AuditEvent) -> tuple[AuditEvent, ...]:
        self.real.append(*events)
        raise LedgerError("no answer: nobody can say whether it was written")

    def last_seq(self) -> int:
        return self.real.last_seq()


class Stubborn(Folder):
    """Records that can be read and not dropped."""

    def drop(self, name: str) -> None:
        raise PlatformError(f"403: delete {name}")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.ledger.close()


def test_what_cannot_be_read_is_told_once_although_the_ledger_gave_no_answer(world: World) -> None:
    alarms = Alarms(cast(Ledger, Deaf(world.ledger)), world.scribe, world.clock)
    for _ in range(3):
        alarms.away("the marks on yard", "500: list levers")
    (alarm,) = world.found()
    assert alarm["detail"] == "the marks on yard: 500: list levers; asked again within a minute"


def test_what_can_be_read_again_is_told_anew_when_it_cannot(world: World) -> None:
    alarms = Alarms(world.ledger, world.scribe, world.clock)
    for why in ("500: list levers", "403: list levers"):
        alarms.away("the marks on yard", why)
        alarms.back("the marks on yard")
    assert ["403" in alarm["detail"] for alarm in world.found()] == [False, True]


def test_a_record_that_cannot_be_dropped_is_told_once(world: World, tmp_path: Path) -> None:
    world.tell("run", "a", Phase.INTENDED, Phase.INJECTED, Phase.REVERTED)
    name = world.keep("run", "a")
    world.folder = Stubborn(tmp_path / "records")
    world.process()
    for _ in range(3):
        assert world.recover() == 0
    (alarm,) = world.found()
    assert f"403: delete {name}" in alarm["detail"]
