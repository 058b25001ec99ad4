"""What the ledger says while PostgreSQL is away, however it is, and that it goes on by itself when it is back."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from simian_army.audit.head import Head
from simian_army.audit.ledger import SqlLedger
from simian_army.audit.served import ANSWER, Patience, _Dial, _dialled
from simian_army.clock import SystemClock
from simian_army.errors import AlreadyThere, LedgerError
from simian_army.model import Phase
from simian_army.teller import Teller
from tests.audit.places import NOW, Served, filled, intent, note, opened, verified
from tests.audit.wire import Wire
from tests.cluster.postgres import PASSWORD, Postgres
from tests.cluster.waiting import until

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


@pytest.fixture
def served(postgres: Postgres, tmp_path: Path) -> Served:
    return Served(postgres, postgres.database(), tmp_path / "fleet.head")


@pytest.fixture
def wire(postgres: Postgres) -> Iterator[Wire]:
    with Wire(postgres.port) as made:
        yield made


@pytest.fixture
def through(served: Served, wire: Wire) -> Served:
    return replace(served, url=served.url.replace(f":{served.server.port}/", f":{wire.own}/"))


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
    assert CLOCK.monotonic() - begun < PROMISE
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
        assert max(took) < PROMISE
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
            until("us to be let in", lambda: _writes(ledger), 15)
            assert CLOCK.monotonic() - begun < 2 * PROMISE
            other.send_signal(signal.SIGCONT)
            assert other.wait(20) == 3, "it is told that nothing was written"
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


BAD = {
    "another password": ("4711", "4712", "right user and password"),
    "another user": ("boss", "miss", "right user and password"),
    "no such database": ("/test_", "/none_", "CREATE DATABASE"),
    "a raw @": (PASSWORD, "open@sesame", "%40"),
    "a port that is none": ("127.0.0.1:", "127.0.0.1:sesame", "not a database URL"),
}


@pytest.mark.parametrize("what", BAD)
def test_no_message_log_or_traceback_tells_the_password(
    served: Served, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    old, new, fix = BAD[what]
    url = served.url.replace(old, new)
    with pytest.raises(LedgerError, match=fix) as failed:
        opened(replace(served, url=url))
    told = "".join(traceback.format_exception(failed.value)) + caplog.text
    assert "sesame" not in told


@pytest.mark.parametrize("query", ["password=open-sesame", "sslpassword=open-sesame", "sslmode=open-sesame"])
def test_a_secret_in_the_query_is_not_told_either(served: Served, query: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    url = f"{served.url.replace(f':{PASSWORD}', '')}?{query}"
    with pytest.raises(LedgerError) as failed:
        opened(replace(served, url=url))
    told = "".join(traceback.format_exception(failed.value)) + caplog.text
    assert ("sesame" in told) is query.startswith("sslmode"), "only what is no secret is told"


def test_a_password_in_the_query_works_and_is_shown_nowhere(served: Served) -> None:
    url = f"{served.url.replace(f':{PASSWORD}', '')}?password={PASSWORD}"
    with opened(replace(served, url=url)) as ledger:
        assert PASSWORD not in repr(ledger) + repr(ledger.store) + repr(ledger.store.engine) + str(
            ledger.store.engine.url
        )


def test_the_driver_may_be_named(served: Served) -> None:
    with opened(replace(served, url=served.url.replace("postgresql:", "postgresql+psycopg:"))) as ledger:
        assert ledger.append(note())[0].seq == 1


@pytest.mark.parametrize(
    "url", ["postgresql+psycopg2://u:sesame@h/d", "mysql://u:sesame@h/d", "postgres://u:sesame@h/d"]
)
def test_what_cannot_keep_a_ledger_is_refused_with_what_can(served: Served, url: str) -> None:
    with pytest.raises(LedgerError, match="postgresql://") as failed:
        opened(replace(served, url=url))
    assert "sesame" not in "".join(traceback.format_exception(failed.value))


def test_a_second_machine_begins_its_own_head_and_both_see_the_whole_chain(served: Served, tmp_path: Path) -> None:
    filled(served, 3)
    other = replace(served, head=tmp_path / "other.head")
    with opened(other) as there, opened(served) as here:
        assert other.head.exists()
        for number in range(4):
            (there if number % 2 else here).append(note(run=f"x{number}"))
        assert here.verify() == there.verify() == []
    assert verified(served) == verified(other) == []
    served.tamper("DELETE FROM events WHERE seq > 5")
    assert any("cut" in line for line in verified(served))
    assert any("cut" in line for line in verified(other))


def test_a_head_that_is_missing_is_not_begun_anew_by_who_verifies(served: Served) -> None:
    filled(served, 3)
    served.head.unlink()
    assert any("is missing" in line for line in verified(served))
    assert not served.head.exists()


def test_the_table_cannot_be_emptied(served: Served) -> None:
    filled(served, 3)
    with pytest.raises(psycopg.Error, match="append-only"):
        served.raw("TRUNCATE events")


def test_a_row_is_on_the_disk_whatever_the_database_is_set_to(served: Served) -> None:
    name = served.url.rpartition("/")[2]
    served.raw(
        f"ALTER DATABASE {name} SET synchronous_commit = off",
        f"ALTER DATABASE {name} SET default_transaction_isolation = serializable",
    )
    with opened(served) as ledger, ledger._writing() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
        assert connection.exec_driver_sql("SHOW transaction_isolation").scalar() == "read committed"
    served.raw(f"ALTER DATABASE {name} SET synchronous_commit = remote_apply")
    with opened(served) as ledger, ledger._reading() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "remote_apply", "stricter stays"
        assert connection.exec_driver_sql("SHOW transaction_isolation").scalar() == "repeatable read"


def test_a_database_that_cannot_keep_every_name_is_refused(postgres: Postgres, tmp_path: Path) -> None:
    postgres.run("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    with pytest.raises(LedgerError, match="UTF8"):
        opened(Served(postgres, postgres.url("latin"), tmp_path / "latin.head"))


def test_an_attempt_to_connect_that_never_ends_is_left_and_closed_when_it_does() -> None:
    go = threading.Event()
    closed = threading.Event()

    class Late:
        def close(self) -> None:
            closed.set()

    def make() -> Late:
        go.wait(10)
        return Late()

    with pytest.raises(psycopg.OperationalError, match="no answer"):
        _dialled(make, 0.05)
    go.set()
    assert closed.wait(5)


def test_an_attempt_that_succeeds_too_late_is_closed_by_who_left() -> None:
    closed: list[bool] = []

    class Late:
        def close(self) -> None:
            closed.append(True)

    dial = _Dial(Late)
    dial.run()
    dial.leave()
    assert closed == [True]


def test_all_calls_inside_share_one_time_and_it_ends_with_them() -> None:
    patience = Patience(CLOCK)
    assert patience.left() == ANSWER
    with patience.briefly():
        first = patience.left()
        threading.Event().wait(0.02)
        with patience.briefly():
            assert patience.left() < first
    assert patience.left() == ANSWER


def test_a_head_that_cannot_be_placed_for_want_of_the_ledger_undoes_no_append(served: Served) -> None:
    def gone(_seq: int) -> str:
        raise LedgerError("gone")

    with opened(served) as ledger:
        ledger.append(note())
        with opened(served) as other:
            (newest,) = other.append(note())  # another process moved the head, so ours looks where it belongs
        ledger.anchor.advance(Head(newest.seq + 1, "f" * 64), gone)
        assert ledger.append(note())[0].seq == 3
    assert verified(served) == []
