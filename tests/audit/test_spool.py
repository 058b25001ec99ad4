"""Does the spool keep what it was given, tell what it cannot read, and lose nothing wherever a process dies."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simian_army.audit.spool import FileSpool
from simian_army.clock import SystemClock
from simian_army.errors import LedgerError
from simian_army.model import AuditEvent, Phase
from simian_army.teller import Teller
from tests.audit.dying_teller import POINTS, word
from tests.audit.places import KEY, Place, note, opened
from tests.cluster.waiting import pause

CLOCK = SystemClock()
HOME = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "simian.db.spool"


def spool(path: Path, key: bytes = KEY) -> FileSpool:
    return FileSpool(path, key, CLOCK, "test")


def names(events: object) -> list[str]:
    assert isinstance(events, list)
    return [event.target or str(event.phase) for event in events]


def test_what_was_added_comes_back_as_it_was_in_order(path: Path) -> None:
    odd = note(Phase.REVERTED, target="ü", data={"why": "a\nb\u2028", "undo": {"a": [1, None]}}, key="once/1")
    spool(path).add(odd)
    spool(path).add(word(1), word(2))
    events, size = spool(path).read()
    assert events == [odd, word(1), word(2)]
    assert size == path.stat().st_size


def test_only_its_owner_can_read_it_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        spool(path).add(word(1))
        spool(path).drop(0)
    finally:
        os.umask(before)
    for file in path.parent.iterdir():
        assert file.stat().st_mode & 0o777 == 0o600, file


def test_what_was_read_is_dropped_and_what_came_meanwhile_stays(path: Path) -> None:
    one = spool(path)
    one.add(word(1), word(2))
    _, size = one.read()
    spool(path).add(word(3))
    one.drop(size)
    assert names(one.read()[0]) == ["uid-00003"]
    one.drop(one.read()[1])
    assert not one.waiting()
    one.add(word(4))
    assert names(one.read()[0]) == ["uid-00004"]


@given(cut=st.integers(1, 10_000), data=st.binary(min_size=1, max_size=12))
def test_no_damage_keeps_a_whole_line_back_and_none_passes(
    tmp_path_factory: pytest.TempPathFactory, cut: int, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("spool") / "spool"
    one = spool(path)
    one.add(*(word(number) for number in range(5)))
    held = path.read_bytes()
    at = cut % len(held)
    path.write_bytes(held[:at] + data + held[at + len(data) :])
    whole = [line for line in path.read_bytes().split(b"\n") if line in held.split(b"\n") and line]
    events, size = one.read()
    told = [event for event in events if event.phase is Phase.REVERTED]
    assert len(told) == len(whole)
    assert {event.target for event in told} <= {word(number).target for number in range(5)}
    damaged = [event for event in events if event.phase is Phase.STUCK]
    assert bool(damaged) == (path.read_bytes() != held)
    one.drop(size)
    kept = path.with_name("spool.damaged")
    assert kept.exists() == bool(damaged)


def test_a_damaged_line_is_told_with_its_place_and_kept_and_the_others_go_on(place: Place, path: Path) -> None:
    spool(path).add(*(word(number) for number in range(3)))
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], lines[1].replace("00001", "99999"), lines[2]]) + "\n")
    with opened(place) as ledger:
        teller = Teller(ledger, spool(path))
        teller.retry()
        assert [(event.target, str(event.phase)) for event in ledger.query()] == [
            ("uid-00000", "reverted"),
            ("", "stuck"),
            ("uid-00002", "reverted"),
        ]
        (stuck,) = ledger.query(phase="stuck")
        assert "line 2 of" in stuck.data["detail"]
        assert "not written with this key" in stuck.data["detail"]
        assert ledger.verify() == []
    assert "99999" in path.with_name(f"{path.name}.damaged").read_text()
    assert not spool(path).waiting()


def test_a_line_of_another_fleet_or_an_old_one_put_back_changes_nothing(place: Place, path: Path) -> None:
    with opened(place) as ledger:
        teller = Teller(ledger, spool(path))
        spool(path, b"another key").add(word(7))
        teller.retry()
        assert [str(event.phase) for event in ledger.query()] == ["stuck"]
        first = replace(word(1), key="once/1")
        spool(path).add(first)
        old = path.read_bytes()
        teller.retry()
        path.write_bytes(old)
        teller.retry()
        assert [event.target for event in ledger.query(phase="reverted")] == ["uid-00001"]


def test_a_line_that_a_crash_cut_takes_no_later_one_with_it(path: Path) -> None:
    spool(path).add(word(1), word(2))
    path.write_bytes(path.read_bytes()[:-20])
    spool(path).add(word(3))
    assert names(spool(path).read()[0]) == ["uid-00001", "stuck", "uid-00003"]


def test_a_spool_that_cannot_be_written_says_so_with_the_fix(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="write permission"):
        spool(tmp_path / "nowhere" / "spool").add(word(1))


def test_what_a_full_disk_cut_off_is_taken_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(file: int, data: bytes) -> None:
        os.write(file, data[:30])
        raise OSError(28, "No space left on device")

    spool(path).add(word(1))
    with monkeypatch.context() as patch:
        patch.setattr("simian_army.audit.spool._write", full)
        with pytest.raises(LedgerError, match="No space left"):
            spool(path).add(word(2))
    assert names(spool(path).read()[0]) == ["uid-00001"]


def test_what_cannot_be_stored_is_said_at_once(path: Path) -> None:
    with pytest.raises(LedgerError, match="not JSON"):
        spool(path).add(AuditEvent(word(1).at, "r", Phase.REVERTED, "me", data={"odd": object()}))


def run_until_death(place: Place, path: Path, point: str) -> list[int]:
    """Let a child tell, and die; the numbers that it was told are safe."""
    command = [sys.executable, "-m", "tests.audit.dying_teller", place.url, str(place.head), str(path), point]
    # unbuffered: what a buffer of ours holds after the first line, communicate() never sees
    with subprocess.Popen(command, cwd=HOME, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0) as child:
        first = b""
        if point == "none":
            assert child.stdout
            first = child.stdout.readline()
            pause(random.Random(str(path)).random() * 0.5)
            child.send_signal(signal.SIGKILL)
        out, err = child.communicate(timeout=120)
    assert child.returncode == -9, err.decode()
    return [int(number) for number in (first + out).split()]


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
def test_a_death_at_any_point_loses_nothing_and_doubles_nothing(place: Place, path: Path, point: str) -> None:
    run_until_death(place, path, point)
    with opened(place) as ledger:
        teller = Teller(ledger, spool(path))
        teller.retry()
        teller.retry()
        told = [event.target for event in ledger.query(phase="reverted")]
        whole = 3 if point in ("before-add", "mid-add") else 4
        assert told == [word(number).target for number in range(whole)]
        assert all(event.data["late"] for event in ledger.query(phase="reverted"))
        assert len(list(ledger.query(phase="stuck"))) == (point == "mid-add"), "half a word is told as damaged"
        assert not teller.behind
        assert ledger.verify() == []


@pytest.mark.slow
@pytest.mark.parametrize("round_", range(3))
def test_a_death_at_any_time_loses_nothing_that_was_said_and_doubles_nothing(
    place: Place, path: Path, round_: int
) -> None:
    safe = run_until_death(place, path, "none")
    with opened(place) as ledger:
        Teller(ledger, spool(path)).retry()
        told = [event.target for event in ledger.query(phase="reverted")]
        assert told[: len(safe)] == [word(number).target for number in safe]
        assert len(told) - len(safe) <= 1, "the one under way may be there too"
        assert ledger.verify() == []
