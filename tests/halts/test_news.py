"""Is a halt that began elsewhere told to the ledger once, with source, author and reason, and its end too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from simian_army.audit.ledger import SqlLedger
from simian_army.errors import AlreadyThere, LedgerError
from simian_army.halts.halts import Halts
from simian_army.halts.ledger import LedgerSource
from simian_army.halts.news import News
from simian_army.model import AuditEvent, Phase
from simian_army.records import Scribe
from tests.halts.fakes import Saying, away
from tests.simian_army.fakes import FakeClock, here


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqlLedger]:
    with SqlLedger.open(f"sqlite:///{tmp_path / 'simian.db'}", b"0123456789abcdef") as made:
        yield made


class Fleet:
    """One process of a fleet: it reads the sources, and tells the ledger what is new."""

    def __init__(self, ledger: SqlLedger, *sources: Saying) -> None:
        self.ledger, self.clock = ledger, FakeClock()
        scribe = Scribe(self.clock, "agent")
        self.halts = Halts([LedgerSource(ledger, scribe), *sources], self.clock, News(ledger, scribe), here)

    def goes_on(self) -> list[AuditEvent]:
        self.clock.advance(2.5)
        self.halts.watch()
        events = list(self.halts.news())
        for event in events:
            try:
                self.ledger.append(event)
            except AlreadyThere:
                events.remove(event)
        return events


def test_a_halt_is_told_once_and_its_end_once(ledger: SqlLedger) -> None:
    file = Saying()
    fleet = Fleet(ledger, file)
    assert fleet.goes_on() == []
    file.halt("incident 7")
    (begun,) = fleet.goes_on()
    assert begun.phase is Phase.HALTED
    assert (begun.data["source"], begun.data["author"], begun.data["reason"]) == ("file", "ann", "incident 7")
    assert fleet.goes_on() == []
    file.says.clear()
    (ended,) = fleet.goes_on()
    assert ended.phase is Phase.RESUMED
    assert "halts no longer" in ended.data["reason"]
    assert fleet.goes_on() == []


def test_what_was_told_is_told_no_more_after_a_restart_but_its_end_is(ledger: SqlLedger) -> None:
    file, teams = Saying(), Saying("namespaces", platform="kubernetes")
    first = Fleet(ledger, file, teams)
    file.halt("incident 7")
    teams.halt("ours", "shop")
    first.halts.known("kubernetes", {"shop"})
    assert len(first.goes_on()) == 2
    second = Fleet(ledger, file, teams)
    assert second.goes_on() == []
    file.says.clear()
    teams.says.clear()
    told = [event for _ in range(3) for event in second.goes_on()]
    assert sorted((str(e.phase), e.data["source"], e.data["scope"]) for e in told) == [
        ("resumed", "file", ""),
        ("resumed", "namespaces", "shop"),
    ]


def test_of_two_processes_that_see_it_one_tells_it(ledger: SqlLedger) -> None:
    file = Saying()
    leader, standby = Fleet(ledger, file), Fleet(ledger, file)
    leader.goes_on()
    standby.goes_on()
    file.halt()
    assert (len(leader.goes_on()), len(standby.goes_on())) == (1, 0)
    file.says.clear()
    assert (len(leader.goes_on()), len(standby.goes_on())) == (1, 0)


def test_another_reason_is_told_as_another_halt(ledger: SqlLedger) -> None:
    file = Saying()
    fleet = Fleet(ledger, file)
    file.halt("incident 7")
    fleet.goes_on()
    file.halt("incident 8")
    (again,) = fleet.goes_on()
    assert again.data["reason"] == "incident 8"


def test_what_cannot_be_read_has_not_ended(ledger: SqlLedger) -> None:
    file = Saying()
    fleet = Fleet(ledger, file)
    file.halt()
    fleet.goes_on()
    file.breaks = away()
    file.says.clear()
    assert fleet.goes_on() == []


def test_what_is_told_of_another_source_halts_nothing_by_itself_nor_ends_what_does(ledger: SqlLedger) -> None:
    file = Saying()
    fleet = Fleet(ledger, file)
    file.halt()
    fleet.goes_on()
    assert ledger.halted() is None, "it ends with the file, not with a word in the ledger"
    ledger.append(Scribe(fleet.clock, "ben").note(Phase.HALTED, reason="mine", source="cli"))
    file.says.clear()
    assert len(fleet.goes_on()) == 1
    halt = ledger.halted()
    assert halt is not None and halt.reason == "mine"


def test_while_the_ledger_cannot_be_read_nothing_is_told_and_later_it_is(ledger: SqlLedger) -> None:
    file = Saying()
    fleet = Fleet(ledger, file)
    real = SqlLedger.query

    def gone(*_: object, **__: object) -> list[AuditEvent]:
        raise LedgerError("away")

    file.halt()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SqlLedger, "query", gone)
        with pytest.raises(LedgerError):
            fleet.goes_on()
    assert SqlLedger.query is real
    assert len(fleet.goes_on()) == 1
