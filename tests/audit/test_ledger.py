"""The ledger: durable, chained, safe among processes, and honest about what was changed."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simian_army.audit.ledger import SqlLedger
from simian_army.errors import AlreadyThere, LedgerError
from simian_army.model import AuditEvent, Phase, Verdict

KEY = b"the key of these tests"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def note(phase: Phase = Phase.FIRED, run: str = "r1", target: str = "", **more: object) -> AuditEvent:
    event = AuditEvent(NOW, run, phase, "tester", entry="pods", target=target, leashed=False)
    return replace(event, **more)  # type: ignore[arg-type]


def intent(target: str = "uid-1", run: str = "r1") -> AuditEvent:
    return note(Phase.INTENDED, run, target, data={"kind": "pod-evict", "group": "g", "scope": "s", "undo": None})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "simian.db"


def opened(file: Path, key: bytes = KEY, *, trust: bool = True) -> SqlLedger:
    return SqlLedger.open(f"sqlite:///{file}", key, trust=trust)


def filled(file: Path, rows: int = 10) -> None:
    with opened(file) as ledger:
        for number in range(rows):
            ledger.append(note(run=f"r{number}", data={"number": number}))


def tamper(file: Path, *statements: str) -> None:
    """Change rows as somebody with write access to the file would."""
    with sqlite3.connect(file) as raw:
        for verb in ("update", "delete"):
            raw.execute(f"DROP TRIGGER IF EXISTS events_no_{verb}")
        for statement in statements:
            raw.execute(statement)
    raw.close()


def verified(file: Path) -> list[str]:
    with opened(file, trust=False) as ledger:
        return list(ledger.verify())


def test_events_come_back_as_they_were_written(file: Path) -> None:
    with opened(file) as ledger:
        (written,) = ledger.append(note(data={"a": [1, {"b": "ü"}]}, key="once"))
        assert written.seq == 1
        assert list(ledger.query()) == [written]
        assert ledger.verify() == []


def test_a_key_stands_there_once(file: Path) -> None:
    with opened(file) as ledger:
        ledger.append(note(key="fleet/pods/noon"))
        with pytest.raises(AlreadyThere):
            ledger.append(note(key="fleet/pods/noon"))
        ledger.append(note(), note())
        assert ledger.last_seq() == 3


def test_one_target_holds_one_open_fault(file: Path) -> None:
    with opened(file) as ledger:
        assert ledger.reserve(intent(), lambda _a, _h: [])[0]
        event, verdicts = ledger.reserve(intent(run="r2"), lambda _a, _h: [])
        assert event is None
        assert "r1" in verdicts[0].reason
        ledger.append(note(Phase.REVERTED, target="uid-1"))
        assert ledger.reserve(intent(run="r2"), lambda _a, _h: [])[0]


def test_a_reservation_that_is_denied_writes_nothing(file: Path) -> None:
    with opened(file) as ledger:
        event, verdicts = ledger.reserve(intent(), lambda _a, _h: [Verdict("budget", False, "full")])
        assert event is None
        assert verdicts[0].guard == "budget"
        assert ledger.last_seq() == 0


def test_a_recheck_that_breaks_leaves_nothing_and_no_lock(file: Path) -> None:
    def broken(_a: object, _h: object) -> list[Verdict]:
        raise ZeroDivisionError

    with opened(file) as ledger:
        with pytest.raises(ZeroDivisionError):
            ledger.reserve(intent(), broken)
        assert ledger.append(note())[0].seq == 1


def test_attempts_tell_open_from_ended(file: Path) -> None:
    with opened(file) as ledger:
        ledger.reserve(intent("a", "r1"), lambda _a, _h: [])
        ledger.reserve(intent("b", "r2"), lambda _a, _h: [])
        ledger.append(note(Phase.CLOSED, "r1", "a"))
        found = {(a.target, a.open, a.phase) for a in ledger.attempts(NOW - timedelta(days=1))}
        assert found == {("a", False, Phase.CLOSED), ("b", True, Phase.INTENDED)}
        assert [a.target for a in ledger.attempts(NOW + timedelta(days=1))] == ["b"]
        assert [(event.target, phase) for event, phase in ledger.open_faults()] == [("b", Phase.INTENDED)]


def test_the_latest_word_decides_whether_it_is_halted(file: Path) -> None:
    with opened(file) as ledger:
        assert ledger.halted() is None
        ledger.append(note(Phase.HALTED, data={"reason": "incident"}))
        halt = ledger.halted()
        assert halt and (halt.author, halt.reason) == ("tester", "incident")
        ledger.append(note(Phase.RESUMED))
        assert ledger.halted() is None


def test_another_key_is_found_out_at_once(file: Path) -> None:
    filled(file)
    with pytest.raises(LedgerError, match="not written with this key"):
        opened(file, b"another key altogether")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="does not exist"):
        opened(tmp_path / "nowhere" / "simian.db")


def test_the_database_itself_refuses_to_change_a_row(file: Path) -> None:
    filled(file)
    raw = sqlite3.connect(file)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        raw.execute("UPDATE events SET actor='x' WHERE seq=3")
    raw.close()


@pytest.mark.parametrize(
    ("statement", "row", "word"),
    [
        ("UPDATE events SET data='{}' WHERE seq=4", "row 4:", "edited"),
        ("UPDATE events SET actor='somebody else' WHERE seq=10", "row 10:", "edited"),
        ("DELETE FROM events WHERE seq=5", "row 5:", "deleted"),
        ("DELETE FROM events WHERE seq IN (5,6)", "rows 5 to 6:", "deleted"),
        ("DELETE FROM events WHERE seq>7", "row 8:", "cut"),
        ("UPDATE events SET seq=seq+100 WHERE seq=3", "row 3:", "deleted"),
    ],
)
def test_verify_names_the_row(file: Path, statement: str, row: str, word: str) -> None:
    filled(file)
    tamper(file, statement)
    assert any(line.startswith(row) and word in line for line in verified(file)), verified(file)


def test_two_rows_that_changed_places_are_named(file: Path) -> None:
    filled(file)
    swap = (
        "UPDATE events SET seq=99 WHERE seq=4",
        "UPDATE events SET seq=4 WHERE seq=5",
        "UPDATE events SET seq=5 WHERE seq=99",
    )
    tamper(file, *swap)
    assert any(line.startswith("row 4:") for line in verified(file))


def test_a_row_forged_with_another_key_is_named(file: Path, tmp_path: Path) -> None:
    filled(file)
    filled(tmp_path / "other.db")
    tamper(file, f"ATTACH '{tmp_path / 'other.db'}' AS other")
    with sqlite3.connect(file) as raw:
        raw.execute("UPDATE events SET actor='forger', hash=replace(hash, '0', '1') WHERE seq=6")
    raw.close()
    assert any(line.startswith("row 6:") for line in verified(file))


def test_a_missing_head_is_said(file: Path) -> None:
    filled(file)
    file.with_name("simian.db.head").unlink()
    assert any("head" in line for line in verified(file))


def test_a_head_behind_the_ledger_is_no_fault(file: Path) -> None:
    filled(file, 3)
    head = file.with_name("simian.db.head")
    old = head.read_text()
    filled(file, 3)
    head.write_text(old)
    assert verified(file) == []


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seq=st.integers(1, 8), column=st.sampled_from(["run", "actor", "entry", "target", "data", "phase", "at", "config"])
)
def test_no_edit_of_any_column_goes_unseen(tmp_path_factory: pytest.TempPathFactory, seq: int, column: str) -> None:
    file = tmp_path_factory.mktemp("edit") / "simian.db"
    filled(file, 8)
    tamper(file, f"UPDATE events SET {column} = {column} || 'x' WHERE seq={seq}")
    assert any(line.startswith(f"row {seq}:") for line in verified(file))


WRITER = """
import sys
from datetime import UTC, datetime
from simian_army.audit.ledger import SqlLedger
from simian_army.model import AuditEvent, Phase
with SqlLedger.open("sqlite:///" + sys.argv[1], b"the key of these tests") as ledger:
    for number in range(int(sys.argv[2])):
        (event,) = ledger.append(AuditEvent(datetime.now(UTC), sys.argv[3], Phase.FIRED, "writer"))
        print(event.seq, flush=True)
"""


def writer(file: Path, count: int, name: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(file), str(count), name]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_processes_append_side_by_side_and_the_chain_stays_whole(file: Path) -> None:
    filled(file, 1)
    writers = [writer(file, 30, f"w{number}") for number in range(3)]
    for process in writers:
        process.communicate(timeout=60)
        assert process.returncode == 0
    with opened(file) as ledger:
        assert ledger.last_seq() == 91
        assert ledger.verify() == []


def test_a_killed_writer_loses_nothing_it_was_told_is_safe(file: Path) -> None:
    filled(file, 1)
    for seed in range(3):
        process = writer(file, 10_000, f"w{seed}")
        assert process.stdout
        process.stdout.readline()
        time.sleep(random.Random(seed).random() * 0.3)  # noqa: TID251 - a real process is under way
        process.send_signal(signal.SIGKILL)
        told = [int(line) for line in process.communicate(timeout=30)[0].split()]
        with opened(file) as ledger:
            assert ledger.last_seq() >= max(told, default=0)
            assert ledger.verify() == []


def test_query_filters_by_all_that_is_given(file: Path) -> None:
    with opened(file) as ledger:
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
