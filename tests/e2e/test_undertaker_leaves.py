"""Does no undertaker stay behind when the command that started it has ended in order."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.cluster.fleet import SIMIAN
from tests.cluster.waiting import until
from tests.e2e.lives import LINGERS, NEVER, Fleet, living, nobody_is_left
from tests.flow.ground import ground

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_the_demo_leaves_nobody_behind(tmp_path: Path) -> None:
    with nobody_is_left(tmp_path):
        env = {**os.environ, "TMPDIR": str(tmp_path)}
        child = subprocess.Popen([SIMIAN, "demo"], cwd=tmp_path, env=env, stdout=subprocess.PIPE, text=True)
        until("an undertaker", lambda: living(tmp_path, "undertaker"), 60)
        said, _ = child.communicate(timeout=150)
        assert child.returncode == 0, said


@pytest.mark.parametrize("how", [None, signal.SIGINT, signal.SIGTERM], ids=["by itself", "SIGINT", "SIGTERM"])
def test_once_leaves_nobody_behind_however_it_ends(tmp_path: Path, how: signal.Signals | None) -> None:
    with ground(tmp_path) as shop, nobody_is_left(tmp_path):
        fleet = Fleet(shop)
        fleet.write(NEVER, "10m" if how else "6s")
        once = fleet.start("once", "nodes")
        fleet.held()
        assert fleet.undertaker()
        if how:
            once.send_signal(how)
        fleet.given_back(60)
        assert once.wait(timeout=60) == 0, fleet.logs()


def test_a_second_once_takes_the_undertaker_that_the_first_has_not_yet_dismissed(tmp_path: Path) -> None:
    with ground(tmp_path) as shop, nobody_is_left(tmp_path):
        fleet = Fleet(shop)
        fleet.write(NEVER, "5s")  # long enough to be seen
        for _ in range(2):
            once = fleet.start("once", "nodes")
            fleet.held()
            assert len(living(tmp_path, "undertaker")) == 1
            assert once.wait(timeout=60) == 0, fleet.logs()
        until("both reverts to be told", lambda: len(fleet.events("reverted")) == 2, LINGERS)
        assert not fleet.cordoned()
