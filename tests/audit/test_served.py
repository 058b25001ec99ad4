"""What a ledger on PostgreSQL tells nobody, refuses, and keeps."""

from __future__ import annotations

import logging
import threading
import traceback
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from simian_army.audit.head import Head
from simian_army.audit.served import ANSWER, Patience, _Dial, _dialled
from simian_army.clock import SystemClock
from simian_army.errors import LedgerError
from tests.audit.places import Served, filled, note, opened, verified
from tests.cluster.postgres import PASSWORD, Postgres

CLOCK = SystemClock()
PROMISE = 5.0


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
        go.wait(60)
        return Late()

    with pytest.raises(psycopg.OperationalError, match="no answer"):
        _dialled(make, 0.05)
    go.set()
    assert closed.wait(30)


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
