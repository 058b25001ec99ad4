"""Is the lock the one that others would lock."""

from __future__ import annotations

from pathlib import Path

import pytest

from simian_army.errors import NotLeader
from simian_army.leader import Leader
from simian_army.leader.by_file import FileSeat
from tests.simian_army.leader.grounds import CLOCK


def lease(folder: Path) -> Leader:
    return Leader(FileSeat(folder / "simian.db.lock", "me@here", CLOCK), CLOCK, 15.0, 0.2)


@pytest.mark.parametrize("text", ["", "{", "[1]", "\x00\xff", '{"actor": 1}'])
def test_garbage_in_the_file_keeps_nobody_from_leading(tmp_path: Path, text: str) -> None:
    mine = lease(tmp_path)
    (tmp_path / "simian.db.lock").write_text(text)
    assert isinstance(mine.holder(), dict)
    mine.take()
    assert mine.holder()["actor"] == "me@here"
    mine.give()


@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_is_deleted_or_replaced_is_noticed_before_another_can_lock_the_new_one(
    tmp_path: Path, replaced: bool
) -> None:
    mine, yours = lease(tmp_path), lease(tmp_path)
    mine.take()
    (tmp_path / "simian.db.lock").unlink()
    if replaced:
        (tmp_path / "simian.db.lock").touch()
    assert mine.left() == 0.0
    yours.take()
    assert yours.left() > 0.0
    assert not mine.try_take()
    mine.beat()
    assert mine.left() == 0.0
    yours.give()
    assert mine.try_take()
    mine.give()


def test_a_folder_that_cannot_be_written_is_told_with_its_fix(tmp_path: Path) -> None:
    mine = Leader(FileSeat(tmp_path / "no" / "simian.db.lock", "me@here", CLOCK), CLOCK, 15.0, 2.0)
    with pytest.raises(NotLeader, match="No such file or directory: give this user write permission"):
        mine.take()
