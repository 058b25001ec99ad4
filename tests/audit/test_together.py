"""What the ledger keeps when several processes write at once, or one is killed."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest
import sqlalchemy as sa

from simian_army.errors import AlreadyThere, LedgerError
from simian_army.model import Phase
from tests.audit.places import NOW, Place, filled, intent, note, opened

REFUSALS = (psycopg.Error, sqlite3.IntegrityError)


WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from simian_army.audit.ledger import SqlLedger
from simian_army.model import AuditEvent, Phase
url, head, count, name = sys.argv[1:]
with SqlLedger.open(url, b"the key of these tests", head=Path(head)) as ledger:
    for number in range(int(count)):
        (event,) = ledger.append(AuditEvent(datetime.now(UTC), name, Phase.FIRED, "writer"))
        print(event.seq, flush=True)
"""


def writer(place: Place, count: int, name: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", WRITER, place.url, str(place.head), str(count), name]
    # unbuffered: what a buffer of ours holds after the first line, communicate() never sees
    return subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0)


def test_processes_append_side_by_side_and_the_chain_stays_whole(place: Place) -> None:
    filled(place, 1)
    writers = [writer(place, 30, f"w{number}") for number in range(3)]
    for process in writers:
        process.communicate(timeout=120)
        assert process.returncode == 0
    with opened(place) as ledger:
        assert ledger.last_seq() == 91
        assert ledger.verify() == []


RESERVER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from simian_army.audit.ledger import SqlLedger
from simian_army.model import AuditEvent, Phase, Verdict
url, head, limit, name = sys.argv[1:]
with SqlLedger.open(url, b"the key of these tests", head=Path(head)) as ledger:
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(10):
        def recheck(recent, halt):
            return [Verdict("budget", sum(one.open for one in recent) < int(limit), "full")]
        target = f"{name}-{number}" if number % 2 else f"shared-{number}"
        event = AuditEvent(datetime.now(UTC), name, Phase.INTENDED, "tester", target=target, leashed=False,
                           data={"kind": "k", "group": "g", "scope": "s"})
        written, _ = ledger.reserve(event, recheck)
        print(int(written is not None), flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("limit", [1, 12])
def test_eight_processes_at_once_never_pass_a_budget(place: Place, limit: int) -> None:
    filled(place, 1)
    command = [sys.executable, "-c", RESERVER, place.url, str(place.head), str(limit)]
    asked = [
        subprocess.Popen([*command, f"p{n}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for n in range(8)
    ]
    for process in asked:
        assert process.stdout and process.stdout.readline() == "ready\n"
    granted = 0
    for process in asked:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in asked:
        granted += sum(int(word) for word in process.communicate(timeout=120)[0].split())
        assert process.returncode == 0
    assert granted == limit
    with opened(place) as ledger:
        assert len(ledger.open_faults()) == limit
        assert len(list(ledger.query(phase="intended"))) == limit
        assert ledger.verify() == []


def test_a_number_that_is_taken_does_not_mean_that_the_event_is_there(place: Place) -> None:
    filled(place, 1)
    with opened(place) as ledger, pytest.raises(LedgerError) as failed:
        with ledger._writing() as connection:
            connection.execute(sa.text("INSERT INTO events SELECT * FROM events"))
    assert not isinstance(failed.value, AlreadyThere), "it must be told again"


def test_processes_may_all_be_the_first(place: Place) -> None:
    writers = [writer(place, 5, f"w{number}") for number in range(4)]
    for process in writers:
        process.communicate(timeout=120)
        assert process.returncode == 0
    with opened(place) as ledger:
        assert ledger.last_seq() == 20
        assert ledger.verify() == []


def test_the_same_intent_is_written_once_however_often_it_is_reserved(place: Place) -> None:
    with opened(place) as ledger:
        assert ledger.reserve(intent(), lambda _a, _h: [])[0]
        event, verdicts = ledger.reserve(intent(), lambda _a, _h: [])
        assert event is None
        assert verdicts[0].guard == "lock"
        ledger.append(note(Phase.REVERTED, target="uid-1"))
        with pytest.raises(AlreadyThere):
            ledger.reserve(intent(), lambda _a, _h: [])
        assert len(list(ledger.query(phase="intended"))) == 1


def test_what_one_database_cannot_keep_neither_does(place: Place) -> None:
    with opened(place) as ledger:
        with pytest.raises(LedgerError, match="NUL"):
            ledger.append(note(run="a\0b"))
        (kept,) = ledger.append(note(data={"odd": "a\0b \ud800 \U0001f412"}, run="\U0001f412"))
        assert list(ledger.query()) == [kept]
        assert ledger.verify() == []


def test_a_ledger_that_is_shown_tells_no_key(place: Place) -> None:
    with opened(place) as ledger:
        shown = repr(ledger)
    assert "the key of these tests" not in shown
    assert "sesame" not in shown


def test_a_killed_writer_loses_nothing_it_was_told_is_safe(place: Place) -> None:
    filled(place, 1)
    for seed in range(3):
        process = writer(place, 10_000, f"w{seed}")
        assert process.stdout
        process.stdout.readline()
        time.sleep(random.Random(seed).random() * 0.3)  # noqa: TID251 - a real process is under way
        process.send_signal(signal.SIGKILL)
        told = [int(line) for line in process.communicate(timeout=60)[0].split()]
        with opened(place) as ledger:
            assert ledger.last_seq() >= max(told, default=0)
            assert ledger.verify() == []


def test_query_filters_by_all_that_is_given(place: Place) -> None:
    with opened(place) as ledger:
        ledger.append(
            note(run="a"),
            note(run="b", target="uid-9", data={"target": {"name": "pod shop/web-1"}}),
            note(Phase.FOUND, "b"),
        )
        by: Callable[..., list[int]] = lambda **w: [e.seq for e in ledger.query(**w)]  # noqa: E731
        assert by(run="b") == [2, 3]
        assert by(target="web-1") == by(target="pod shop/web-1") == by(target="uid-9") == [2]
        assert by(phase="found") == by(after=2) == [3]
        assert by(since=NOW + timedelta(seconds=1)) == []
