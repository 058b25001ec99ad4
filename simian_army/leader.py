"""One actor: who may inject, by a lock on a file beside the ledger."""

from __future__ import annotations

import fcntl
import json
import math
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Protocol

from simian_army.clock import Clock
from simian_army.errors import NotLeader

TRIES, BETWEEN = 5, 0.05  # tries to lock, and seconds between two


class Lease(Protocol):
    """The right to inject. Reverts never need it."""

    def left(self) -> float:
        """Seconds the lease is surely ours; 0 when it is not."""
        ...


@dataclass(slots=True)
class FileLease:
    """A lease held as long as this process lives, by ``flock``: the kernel gives it back even on SIGKILL.

    The file also tells a person who holds it and when the holder last showed life.
    """

    path: Path
    actor: str
    clock: Clock
    _file: IO[str] | None = field(default=None, repr=False)
    _refused: bool = False

    def take(self) -> None:
        """Take the lease.

        Raises:
            NotLeader: another process holds it; the text says which.
        """
        file = self.path.open("a+")
        for left in reversed(range(TRIES)):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as taken:
                if left:  # a command that only looks who leads holds it for a moment
                    self.clock.wait(threading.Event(), BETWEEN)
                    continue
                file.close()
                raise NotLeader(f"{self.holder().get('actor', 'another process')} holds {self.path}") from taken
            break
        self._file = file
        self.beat()

    def left(self) -> float:
        """Endless while the lock is held, unless ``refuse`` was called."""
        return math.inf if self._file and not self._refused else 0.0

    def refuse(self) -> None:
        """Grant no injection any more; the lock stays ours until it is given back."""
        self._refused = True

    def beat(self) -> None:
        """Write down that the holder lives; no fsync, since only the living read it."""
        if not self._file:
            return
        text = json.dumps({"actor": self.actor, "pid": os.getpid(), "beat": self.clock.now().isoformat()})
        self._file.seek(0)
        self._file.truncate()
        self._file.write(text)
        self._file.flush()

    def holder(self) -> dict[str, Any]:
        """Who holds or last held it: actor, pid, beat (ISO time); empty when nobody ever did."""
        try:
            found = json.loads(self.path.read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def held_by_anyone(self) -> bool:
        """Whether some process holds it now."""
        if self._file:
            return True
        try:
            with self.path.open("r") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return False

    def give(self) -> None:
        """Give the lease back; harmless when it is not held."""
        if self._file:
            self._file.close()
            self._file = None
