"""How one part of the real ground runs: as a child that cannot outlive us, stopped by its pid."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

GRACE = 10.0
PORTS = range(20000, 30000)
"""Below the range the kernel hands out to outgoing connections, so a port found free stays free."""

SHARES, SHARE = 9, 1000

# The kernel kills the part when the process that started it is gone, however it went; exec keeps that wish.
ORPHANS_DIE = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 9)
if os.getppid() != int(sys.argv[1]):
    sys.exit("its parent is gone")
os.execv(sys.argv[2], sys.argv[2:])
"""


class PartDiedError(Exception):
    """A part of the cluster ended by itself; the text holds the end of its log."""


class Part:
    """One running child, in a session of its own so that Ctrl-C reaches us alone and we stop it in order.

    ``fds`` are the open files that it is handed. Start it in a thread that lives as long as the part is needed: the kernel watches that thread.
    """

    def __init__(self, command: Sequence[str], log: Path, fds: Sequence[int] = ()) -> None:
        self.name = log.stem
        self.log = log
        words = [sys.executable, "-I", "-S", "-c", ORPHANS_DIE, str(os.getpid()), *command]
        with log.open("ab") as out:
            self._child = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=log.parent,
                start_new_session=True,
                pass_fds=fds,
            )

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._child.pid

    def check(self) -> None:
        """Raise if it has ended.

        Raises:
            PartDiedError: with the last lines of its log.
        """
        if self._child.poll() is not None:
            tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-8:])
            raise PartDiedError(f"{self.name} ended with {self._child.returncode}:\n{tail}")

    def ask_to_stop(self) -> None:
        """Send SIGTERM, without waiting."""
        if self._child.poll() is None:
            self._child.terminate()

    @property
    def code(self) -> int | None:
        """The exit code, negative when a signal ended it; None while it runs."""
        return self._child.poll()

    def kill(self) -> None:
        """SIGKILL, as a crash would be; returns when it is gone."""
        self._child.kill()
        self._child.wait()

    def stop(self) -> None:
        """SIGTERM, then SIGKILL after ten seconds; returns when it is gone."""
        self.ask_to_stop()
        try:
            self._child.wait(GRACE)
        except subprocess.TimeoutExpired:
            self.kill()


def free_port() -> int:
    """A port on 127.0.0.1 that nobody listens on."""
    for port in random.sample(_ours(), 200):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no free port between 20000 and 30000 on 127.0.0.1")


def _ours() -> range:
    """The ports of this worker: one found free is bound only later, and no other worker may find it meanwhile."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw")
    first = PORTS.start + (int(worker) % SHARES + 1) * SHARE if worker.isdigit() else PORTS.start
    return range(first, first + SHARE)
