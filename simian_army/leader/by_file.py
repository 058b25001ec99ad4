"""The lease as a lock on a file beside the ledger: for the agents of one machine."""

from __future__ import annotations

import fcntl
import json
import os
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from simian_army.clock import Clock
from simian_army.errors import LedgerError

TRIES, BETWEEN = 5, 0.05  # tries to lock, and seconds between two


@dataclass(slots=True)
class FileSeat:
    """Held by ``flock``: the kernel gives it back even on SIGKILL. A holder that is stopped (SIGSTOP) keeps it.

    The file also tells a person who holds it and when the holder last showed life. Over a file system of another
    machine locks are not to be relied upon.
    """

    path: Path
    actor: str
    clock: Clock
    _file: IO[str] | None = field(default=None, repr=False)

    @property
    def place(self) -> str:
        return str(self.path)

    def claim(self) -> bool:
        file = self._open()
        if not self._lock(file):
            file.close()
            return False
        self._file = file
        return self.renew()

    def renew(self) -> bool:
        file = self._file
        if file is None or not self.intact():
            return False
        text = json.dumps({"actor": self.actor, "pid": os.getpid(), "beat": self.clock.now().isoformat()})
        with suppress(OSError):  # only people read it: a full disk costs no lease, and without an fsync no time
            file.seek(0)
            file.truncate()
            file.write(text)
            file.flush()
        return True

    def intact(self) -> bool:
        """Whether the file that we locked is still the one that others would lock."""
        file = self._file
        if file is None:
            return False
        try:
            return os.path.samestat(os.fstat(file.fileno()), self.path.stat())
        except (OSError, ValueError):  # deleted, or closed meanwhile
            return False

    def leave(self) -> None:
        file, self._file = self._file, None
        if file:
            with suppress(OSError):
                file.close()

    def holder(self) -> dict[str, Any]:
        try:
            found = json.loads(self.path.read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def occupied(self) -> bool | None:
        try:
            with self.path.open("r") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return False

    def _open(self) -> IO[str]:
        try:
            return self.path.open("a+")
        except OSError as error:
            hint = "give this user write permission on it and its folder"
            raise LedgerError(f"the lock {self.path}: {error.strerror}: {hint}") from error

    def _lock(self, file: IO[str]) -> bool:
        for left in reversed(range(TRIES)):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                if left:  # a command that only looks who leads holds it for a moment
                    self.clock.wait(threading.Event(), BETWEEN)
                continue
            return True
        return False
