"""What the ledger says while PostgreSQL is away, however it is, and that it goes on by itself when it is back."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from simian_army.audit.ledger import SqlLedger
from simian_army.clock import SystemClock
from simian_army.errors import AlreadyThere, LedgerError
from simian_army.model import Phase
from simian_army.teller import Teller
from tests.audit.places import NOW, Served, filled, intent, note, opened
from tests.audit.wire import Wire
from tests.cluster.postgres import PASSWORD, Postgres
from tests.cluster.waiting import BUSY, until

CLOCK = SystemClock()
PROMISE = 5.0
CALLS: dict[str, Callable[[SqlLedger], object]] = {
    "append": lambda ledger: ledger.append(note()),
    "reserve": lambda ledger: ledger.reserve(intent(), lambda _a, _h: []),
    "halted": lambda ledger: ledger.halted(),
    "attempts": lambda ledger: ledger.attempts(NOW),
    "open_faults": lambda ledger: ledger.open_faults(),
    "last_seq": lambda ledger: ledger.last_seq(),
    "query": lambda ledger: ledger.query(),
    "verify": lambda ledger: ledger.verify(),
}


@contextmanager
def away(how: str, server: Postgres, wire: Wire) -> Iterator[None]:
    ways: dict[str, tuple[Callable[[], None], Callable[[], None]]] = {
        "stopped": (server.stop, server.start),
        "killed": (server.kill, server.start),
        "frozen": (server.freeze, server.thaw),
        "held up": (wire.held.set, wire.mend),
        "cut": (wire.cut, wire.mend),
    }
    go, come = ways[how]
    go()
    try:
        yield
    finally:
        come()


def failing(work: Callable[[], object]) -> LedgerError:
    """What it fails with; it must be within the promised time."""
    begun = CLOCK.monotonic()
    with pytest.raises(LedgerError) as failed:
        work()
    assert CLOCK.monotonic() - begun < PROMISE + BUSY
    assert PASSWORD not in str(failed.value)
    return failed.value


@pytest.mark.slow
@pytest.mark.parametrize("how", ["stopped", "killed", "frozen", "held up", "cut"])
def test_every_call_fails_in_time_and_the_same_ledger_goes_on_afterwards(through: Served, wire: Wire, how: str) -> None:
    filled(through, 3)
    with opened(through) as ledger:
        with away(how, through.server, wire):
            for name, call in CALLS.items():
                error = failing(lambda call=call: call(ledger))  # type: ignore[misc]
                assert not isinstance(error, AlreadyThere), name
            failing(lambda: opened(through))
        for call in CALLS.values():
            call(ledger)
        assert [event.phase for event in ledger.query(after=3)] == [Phase.FIRED, Phase.INTENDED]
        assert ledger.verify() == []


@pytest.mark.slow
def test_many_who_ask_at_once_all_fail_in_time(through: Served, wire: Wire) -> None:
    took: list[float] = []

    def ask(ledger: SqlLedger) -> None:
        begun = CLOCK.monotonic()
        with pytest.raises(LedgerError):
            ledger.halted()
        took.append(CLOCK.monotonic() - begun)

    with opened(through) as ledger:
        wire.held.set()
        threads = [threading.Thread(target=ask, args=(ledger,)) for _ in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        wire.mend()
        assert len(took) == 40
        assert max(took) < PROMISE + BUSY
        assert ledger.halted() is None


def test_a_connection_that_ends_in_mid_transaction_leaves_nothing(served: Served) -> None:
    def ended(_a: object, _h: object) -> list[Any]:
        served.raw(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return []

    with opened(served) as ledger:
        error = failing(lambda: ledger.reserve(intent(), ended))
        assert "the server went away" in str(error)
        assert ledger.last_seq() == 0
        assert ledger.open_faults() == []
        assert ledger.reserve(intent(), lambda _a, _h: [])[0]
        assert ledger.verify() == []


def test_an_intent_whose_answer_was_lost_stands_once(through: Served, wire: Wire) -> None:
    with opened(through) as ledger:
        wire.lossy.set()
        failing(lambda: ledger.reserve(intent(), lambda _a, _h: []))
        wire.mend()
        assert [event.target for event, _ in ledger.open_faults()] == ["uid-1"], "it was written all the same"
        written, denied = ledger.reserve(intent(), lambda _a, _h: [])
        assert (written, denied[0].guard) == (None, "lock")
        ledger.append(note(Phase.REVERTED, target="uid-1"))
        with pytest.raises(AlreadyThere):
            ledger.reserve(intent(), lambda _a, _h: [])
        assert len(list(ledger.query(phase="intended"))) == 1
        assert ledger.verify() == []


def test_what_is_told_again_after_a_lost_answer_stands_once(through: Served, wire: Wire) -> None:
    with opened(through) as ledger:
        teller = Teller(ledger)
        wire.lossy.set()
        teller.say(note(Phase.REVERTED, target="a"))
        assert teller.behind
        wire.mend()
        assert ledger.last_seq() == 1, "it was written all the same"
        teller.say(note(Phase.REVERTED, target="b"))
        teller.retry()
        assert not teller.behind
        assert [event.target for event in ledger.query()] == ["a", "b"]
        assert ledger.verify() == []


STOPPER = """
import os, signal, sys
from pathlib import Path
from tests.audit.places import KEY, intent
from simian_army.audit.ledger import SqlLedger
from simian_army.errors import LedgerError
def stop(_recent, _halt):
    os.kill(os.getpid(), signal.SIGSTOP)
    return []
with SqlLedger.open(sys.argv[1], KEY, head=Path(sys.argv[2])) as ledger:
    try:
        ledger.reserve(intent(), stop)
    except LedgerError:
        sys.exit(3)
"""


@pytest.mark.slow
def test_one_that_is_stopped_in_mid_transaction_keeps_the_others_out_for_seconds_only(served: Served) -> None:
    with opened(served) as ledger:
        command = [sys.executable, "-c", STOPPER, served.url, str(served.head)]
        other = subprocess.Popen(command, cwd=Path(__file__).parents[2])
        try:
            state = Path(f"/proc/{other.pid}/stat")
            until("the other to stop", lambda: state.read_text().rpartition(")")[2].split()[0] == "T")
            begun = CLOCK.monotonic()
            until("us to be let in", lambda: _writes(ledger), 60)
            assert CLOCK.monotonic() - begun < 2 * PROMISE + BUSY
            other.send_signal(signal.SIGCONT)
            assert other.wait(60) == 3, "it is told that nothing was written"
        finally:
            other.kill()
            other.wait()
        assert ledger.open_faults() == []
        assert ledger.verify() == []


def _writes(ledger: SqlLedger) -> bool:
    try:
        ledger.append(note())
    except LedgerError:
        return False
    return True
