"""Is a process without a server known to live by what it writes, whatever the clock says."""

from __future__ import annotations

from pathlib import Path

import pytest

from simian_army.observe.beating import LATE, Beat
from simian_army.testing.fakes import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def test_it_lives_while_it_writes_and_not_when_it_is_late(tmp_path: Path, clock: FakeClock) -> None:
    beat = Beat(tmp_path / "beat", clock)
    assert "cannot be read: No such file" in beat.trouble()
    beat()
    assert beat.trouble() == ""
    clock.advance(LATE - 1)
    assert beat.trouble() == ""
    clock.advance(2)
    assert "61 s old" in beat.trouble()
    beat()
    assert beat.trouble() == ""


def test_what_says_no_moment_or_one_to_come_is_no_life(tmp_path: Path, clock: FakeClock) -> None:
    beat = Beat(tmp_path / "beat", clock)
    beat.file.write_text("soon")
    assert beat.trouble().endswith("says no moment")
    beat.file.write_text(f"{clock.monotonic() + 100}")
    assert "-100 s old" in beat.trouble()


def test_that_nothing_can_be_written_ends_nobody(tmp_path: Path, clock: FakeClock) -> None:
    beat = Beat(tmp_path / "no-such" / "beat", clock)
    beat()
    assert "cannot be read" in beat.trouble()
