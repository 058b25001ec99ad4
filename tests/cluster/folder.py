"""Where one cluster keeps its files: a folder that the next start removes if we could not."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from pathlib import Path

PREFIX = "simian-cluster-"


class Folder:
    """A new folder under the temporary one, held by a lock that dies with us. Call ``remove`` when done."""

    def __init__(self, base: Path | None = None) -> None:
        self._base = base or Path(tempfile.gettempdir())
        _sweep(self._base)
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=self._base))
        fresh = self.path / "lock.new"
        self._lock = fresh.open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        fresh.rename(self.path / "lock")

    def remove(self) -> None:
        """Delete it with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()


def _sweep(base: Path) -> None:
    for lock in base.glob(f"{PREFIX}*/lock"):
        if _abandoned(lock):
            shutil.rmtree(lock.parent, ignore_errors=True)


def _abandoned(lock: Path) -> bool:
    try:
        with lock.open("r+") as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
