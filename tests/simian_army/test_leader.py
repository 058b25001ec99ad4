"""Is there never more than one who may inject."""

from __future__ import annotations

import math
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from simian_army.errors import NotLeader
from simian_army.leader import FileLease
from tests.simian_army.fakes import FakeClock

HOLD = """
import sys, time
from pathlib import Path
from simian_army.clock import SystemClock
from simian_army.leader import FileLease
lease = FileLease(Path(sys.argv[1]), "other@host", SystemClock())
lease.take()
print("held", flush=True)
sys.stdin.read()
"""


def lease(folder: Path) -> FileLease:
    return FileLease(folder / "simian.db.lock", "me@here", FakeClock())


def test_a_lease_is_endless_while_held_and_nothing_before_and_after(tmp_path: Path) -> None:
    mine = lease(tmp_path)
    assert mine.left() == 0.0
    mine.take()
    assert mine.left() == math.inf
    assert mine.holder()["actor"] == "me@here"
    mine.give()
    assert mine.left() == 0.0
    mine.give()


def test_another_process_is_refused_by_name_and_the_kernel_gives_back_what_a_kill_left(tmp_path: Path) -> None:
    words = [sys.executable, "-c", HOLD, str(tmp_path / "simian.db.lock")]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        assert other.stdout.readline() == "held\n"
        mine = lease(tmp_path)
        assert mine.held_by_anyone()
        with pytest.raises(NotLeader, match="other@host holds"):
            mine.take()
        other.send_signal(signal.SIGKILL)
        other.wait()
    assert not mine.held_by_anyone()
    mine.take()
    assert mine.left() == math.inf
    mine.give()


@pytest.mark.parametrize("text", ["", "{", "[1]", "\x00\xff", '{"actor": 1}'])
def test_garbage_in_the_file_keeps_nobody_from_leading(tmp_path: Path, text: str) -> None:
    mine = lease(tmp_path)
    mine.path.write_text(text)
    assert isinstance(mine.holder(), dict)
    mine.take()
    assert mine.holder()["actor"] == "me@here"
    mine.give()


def test_a_refused_lease_stays_ours_but_grants_nothing(tmp_path: Path) -> None:
    mine = lease(tmp_path)
    mine.take()
    mine.refuse()
    assert mine.left() == 0.0
    assert mine.held_by_anyone()
    with pytest.raises(NotLeader):
        lease(tmp_path).take()
    mine.give()
