"""How files beside the ledger are written: one process at a time, and there after a power cut."""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path

_TRIES = 400
_PAUSE = 0.005


def locked(file: int) -> bool:
    """Lock an open file or folder until it is closed; False when another process keeps it for two seconds."""
    for _ in range(_TRIES):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            threading.Event().wait(_PAUSE)
        else:
            return True
    return False


def sync(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
