"""The ledger: durable, chained, safe among processes, and honest about what was changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simian_army.audit.tables import open_faults
from simian_army.errors import AlreadyThere, LedgerError
from simian_army.model import Phase, Verdict
from tests.audit.places import NOW, File, Place, filled, intent, note, opened, verified

REFUSALS = (psycopg.Error, sqlite3.IntegrityError)


def test_events_come_back_as_they_were_written(place: Place) -> None:
    with opened(place) as ledger:
        (written,) = ledger.append(note(data={"a": [1, {"b": "ü"}]}, key="once"))
        assert written.seq == 1
        assert list(ledger.query()) == [written]
        assert ledger.verify() == []


def test_a_key_stands_there_once(place: Place) -> None:
    with opened(place) as ledger:
        ledger.append(note(key="fleet/pods/noon"))
        with pytest.raises(AlreadyThere):
            ledger.append(note(key="fleet/pods/noon"))
        ledger.append(note(), note())
        assert ledger.last_seq() == 3


def test_one_target_holds_one_open_fault(place: Place) -> None:
    with opened(place) as ledger:
        assert ledger.reserve(intent(), lambda _a, _h: [])[0]
        event, verdicts = ledger.reserve(intent(run="r2"), lambda _a, _h: [])
        assert event is None
        assert "r1" in verdicts[0].reason
        ledger.append(note(Phase.REVERTED, target="uid-1"))
        assert ledger.reserve(intent(run="r2"), lambda _a, _h: [])[0]


def test_a_reservation_that_is_denied_writes_nothing(place: Place) -> None:
    with opened(place) as ledger:
        event, verdicts = ledger.reserve(intent(), lambda _a, _h: [Verdict("budget", False, "full")])
        assert event is None
        assert verdicts[0].guard == "budget"
        assert ledger.last_seq() == 0


def test_a_recheck_that_breaks_leaves_nothing_and_no_lock(place: Place) -> None:
    def broken(_a: object, _h: object) -> list[Verdict]:
        raise ZeroDivisionError

    with opened(place) as ledger:
        with pytest.raises(ZeroDivisionError):
            ledger.reserve(intent(), broken)
        assert ledger.append(note())[0].seq == 1


def test_attempts_tell_open_from_ended(place: Place) -> None:
    with opened(place) as ledger:
        ledger.reserve(intent("a", "r1"), lambda _a, _h: [])
        ledger.reserve(intent("b", "r2"), lambda _a, _h: [])
        ledger.append(note(Phase.CLOSED, "r1", "a"))
        found = {(a.target, a.open, a.phase) for a in ledger.attempts(NOW - timedelta(days=1))}
        assert found == {("a", False, Phase.CLOSED), ("b", True, Phase.INTENDED)}
        assert [a.target for a in ledger.attempts(NOW + timedelta(days=1))] == ["b"]
        assert [(event.target, phase) for event, phase in ledger.open_faults()] == [("b", Phase.INTENDED)]


def test_the_latest_word_decides_whether_it_is_halted(place: Place) -> None:
    with opened(place) as ledger:
        assert ledger.halted() is None
        ledger.append(note(Phase.HALTED, data={"reason": "incident"}))
        halt = ledger.halted()
        assert halt and (halt.author, halt.reason) == ("tester", "incident")
        ledger.append(note(Phase.RESUMED))
        assert ledger.halted() is None


def test_another_key_is_found_out_at_once(place: Place) -> None:
    filled(place)
    with pytest.raises(LedgerError, match="not written with this key"):
        opened(place, b"another key altogether")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="does not exist"):
        opened(File(tmp_path / "nowhere" / "simian.db"))


@pytest.mark.parametrize("statement", ["UPDATE events SET actor='x' WHERE seq=3", "DELETE FROM events WHERE seq=3"])
def test_the_database_itself_refuses_to_change_a_row(place: Place, statement: str) -> None:
    filled(place)
    with pytest.raises(REFUSALS, match="append-only"):
        place.raw(statement)
    with opened(place) as ledger, pytest.raises(LedgerError, match="append-only.*nothing may") as error:
        with ledger._writing() as connection:
            connection.execute(sa.text(statement))
    assert not isinstance(error.value, AlreadyThere)


def test_the_database_itself_refuses_two_open_faults_on_one_target(place: Place) -> None:
    with opened(place) as ledger:
        ledger.append(intent(run="r1"))
        with pytest.raises(AlreadyThere):
            ledger.append(intent(run="r2"))
        with ledger._reading() as connection:
            assert [row.run for row in connection.execute(sa.select(open_faults))] == ["r1"]
        assert ledger.last_seq() == 1


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
def test_verify_names_the_row(place: Place, statement: str, row: str, word: str) -> None:
    filled(place)
    place.tamper(statement)
    assert any(line.startswith(row) and word in line for line in verified(place)), verified(place)


def test_two_rows_that_changed_places_are_named(place: Place) -> None:
    filled(place)
    swap = (
        "UPDATE events SET seq=99 WHERE seq=4",
        "UPDATE events SET seq=4 WHERE seq=5",
        "UPDATE events SET seq=5 WHERE seq=99",
    )
    place.tamper(*swap)
    assert any(line.startswith("row 4:") for line in verified(place))


def test_a_row_forged_with_another_key_is_named(place: Place) -> None:
    filled(place)
    place.tamper("UPDATE events SET actor='forger', hash=replace(hash, '0', '1') WHERE seq=6")
    assert any(line.startswith("row 6:") for line in verified(place))


def test_a_missing_head_is_said(place: Place) -> None:
    filled(place)
    place.head.unlink()
    assert any("head" in line for line in verified(place))


def test_a_head_behind_the_ledger_is_no_fault(place: Place) -> None:
    filled(place, 3)
    old = place.head.read_text()
    filled(place, 3)
    place.head.write_text(old)
    assert verified(place) == []


COLUMNS = ["run", "actor", "entry", "target", "data", "phase", "at", "config"]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(seq=st.integers(1, 8), column=st.sampled_from(COLUMNS))
def test_no_edit_of_any_column_goes_unseen(
    new_place: Callable[[Path], Place], tmp_path_factory: pytest.TempPathFactory, seq: int, column: str
) -> None:
    place = new_place(tmp_path_factory.mktemp("edit"))
    filled(place, 8)
    place.tamper(f"UPDATE events SET {column} = 'x' || substr({column}, 2) WHERE seq={seq}")
    assert any(line.startswith(f"row {seq}:") for line in verified(place))
