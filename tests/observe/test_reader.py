"""Does what the ledger says reach the metrics without a scrape waiting for it, and are others heard."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from simian_army.audit.ledger import SqlLedger
from simian_army.clock import SystemClock
from simian_army.errors import LedgerError
from simian_army.model import AuditEvent, Phase
from simian_army.observe.reader import FRESH, Reader
from simian_army.records import Scribe
from simian_army.standing import Attempt
from tests.cluster.waiting import until

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class Hands(SystemClock):
    """A clock whose monotonic time is set by hand."""

    def __init__(self) -> None:
        self.at = 100.0

    def monotonic(self) -> float:
        return self.at


class Ears:
    def __init__(self) -> None:
        self.learned: list[Sequence[Attempt]] = []
        self.heard: list[AuditEvent] = []
        self.leads = True


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqlLedger]:
    with SqlLedger.open(f"sqlite:///{tmp_path / 'simian.db'}", b"k" * 32) as made:
        yield made


def reader(ledger: SqlLedger, ears: Ears, clock: SystemClock | None = None) -> Reader:
    return Reader(ledger, clock or SystemClock(), ears.learned.append, ears.heard.append, lambda: ears.leads)


def halt(ledger: SqlLedger, reason: str) -> None:
    ledger.append(Scribe(SystemClock(), "ann@host").note(Phase.HALTED, reason=reason))


def test_nothing_is_known_before_the_first_answer(ledger: SqlLedger) -> None:
    made = reader(ledger, Ears())
    assert made.trouble() == "it was not asked yet"
    made.read()
    assert made.trouble() == ""


def test_what_others_write_is_heard_and_what_stood_there_before_is_not(ledger: SqlLedger) -> None:
    ears = Ears()
    made = reader(ledger, ears)
    halt(ledger, "before")
    made.read()
    halt(ledger, "after")
    made.read()
    made.read()
    assert [event.data["reason"] for event in ears.heard] == ["after"]


def test_an_agent_that_stands_by_tells_nothing_and_leaves_out_what_the_leader_told(ledger: SqlLedger) -> None:
    ears = Ears()
    made = reader(ledger, ears)
    made.read()
    ears.leads = False
    halt(ledger, "told by the leader")
    made.read()
    ears.leads = True
    halt(ledger, "told by us")
    made.read()
    assert [event.data["reason"] for event in ears.heard] == ["told by us"]


def test_what_is_open_is_learned(ledger: SqlLedger) -> None:
    note = Scribe(SystemClock(), "ann").note(Phase.INTENDED, kind="node-cordon", name="n", scope="", group="")
    event = AuditEvent(note.at, "run-1", Phase.INTENDED, "ann", "nodes", "uid-1", leashed=False, data=note.data)
    ledger.reserve(event, lambda _recent, _halt: [])
    ears = Ears()
    reader(ledger, ears).read()
    ((attempt,),) = ears.learned
    assert (attempt.kind, attempt.target) == ("node-cordon", "uid-1")


def test_a_ledger_that_fails_is_told_and_one_that_is_back_too(
    ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = reader(ledger, Ears())

    def away(*_: object) -> Sequence[Attempt]:
        raise LedgerError("connection refused")

    with monkeypatch.context() as patch:
        patch.setattr(SqlLedger, "attempts", away)
        made.read()
        assert made.trouble() == "connection refused"
    made.read()
    assert made.trouble() == ""


def test_a_ledger_that_hangs_is_told_too(ledger: SqlLedger) -> None:
    clock = Hands()
    made = reader(ledger, Ears(), clock)
    made.read()
    clock.at += FRESH
    assert made.trouble() == ""
    clock.at += 1
    assert made.trouble() == f"the last answer came {FRESH + 1:.0f} s ago"


def test_it_reads_on_its_own_until_it_is_closed(ledger: SqlLedger) -> None:
    ears = Ears()
    made = reader(ledger, ears)
    made.start()
    until("the first read", lambda: ears.learned, 30)
    made.close()
    assert "observe" not in [thread.name for thread in threading.enumerate()]
