"""Does a file halt by being there, whatever it holds, and is one that cannot be read a doubt."""

from __future__ import annotations

import getpass
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simian_army.halts.file import FileSource
from simian_army.halts.sources import Unreadable

AT = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path) -> FileSource:
    return FileSource(tmp_path / "simian.halt")


def test_no_file_no_halt(file: FileSource) -> None:
    assert file.read(None) == {}


def test_its_text_is_the_reason_its_owner_the_author_its_change_the_time(file: FileSource) -> None:
    file.path.write_text("incident 7:\n the shop is on fire\n")
    os.utime(file.path, (AT.timestamp(), AT.timestamp()))
    halt = file.read(None)[""]
    assert (halt.reason, halt.author, halt.at) == ("incident 7: the shop is on fire", getpass.getuser(), AT)
    assert str(file.path) in halt.ends


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.binary(max_size=5000))
def test_whatever_it_holds_it_halts(file: FileSource, data: bytes) -> None:
    file.path.write_bytes(data)
    halt = file.read(None)[""]
    assert halt.reason
    assert len(halt.reason) <= 2000


def test_an_empty_one_halts_without_words(file: FileSource) -> None:
    file.path.touch()
    assert file.read(None)[""].reason == "no reason given"


def test_a_folder_or_a_pipe_in_its_place_is_a_doubt_and_nobody_waits_for_it(file: FileSource) -> None:
    file.path.mkdir()
    with pytest.raises(Unreadable, match="no regular file"):
        file.read(None)
    file.path.rmdir()
    os.mkfifo(file.path)
    with pytest.raises(Unreadable, match="no regular file"):
        file.read(None)


def test_a_link_to_itself_is_a_doubt_that_names_the_file(file: FileSource) -> None:
    file.path.symlink_to(file.path)
    with pytest.raises(Unreadable, match=str(file.path)):
        file.read(None)


def test_what_is_written_is_read_and_what_is_cleared_is_gone(file: FileSource) -> None:
    file.write("the ledger is away")
    halt = file.read(None)[""]
    assert halt.reason == "the ledger is away"
    file.clear(halt, "over")
    assert file.read(None) == {}
    assert list(file.path.parent.iterdir()) == [], "nothing else is left"
    file.clear(halt, "once more")


def test_one_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="cannot be written: No such file"):
        FileSource(tmp_path / "nowhere" / "simian.halt").write("x")
