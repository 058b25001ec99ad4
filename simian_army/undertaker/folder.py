"""Records as files in a folder, where there is no cluster to keep them."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from simian_army.undertaker.store import Kept, RecordsError, Who

RECORD, ACKNOWLEDGED, ENDED = ".json", ".seen", ".ended"


@dataclass(slots=True)
class Folder:
    """The records of one fleet in one folder, for processes of one machine; mode 0700, every file fsynced."""

    path: Path
    pace: float = 0.1
    _lock: IO[str] | None = field(default=None, repr=False)

    @property
    def place(self) -> str:
        return f"the folder {self.path}"

    def put(self, name: str, text: str) -> None:
        self._write(name + RECORD, text)

    def get(self, name: str) -> Kept | None:
        with self._explained():
            return self._kept(name)

    def all(self) -> Sequence[Kept]:
        with self._explained():
            names = sorted(file.stem for file in self.path.glob(f"*{RECORD}"))
            return [kept for name in names if (kept := self._kept(name))]

    def acknowledge(self, name: str) -> None:
        self._write(name + ACKNOWLEDGED, "")

    def end(self, name: str, detail: str) -> None:
        self._write(name + ENDED, detail)

    def drop(self, name: str) -> None:
        with self._explained():
            # the record last: without it the others mean nothing
            for suffix in (ACKNOWLEDGED, ENDED, RECORD):
                (self.path / (name + suffix)).unlink(missing_ok=True)

    def beat(self, who: Who, text: str) -> None:
        self._write(f"{who}.beat", text, durable=False)

    def beaten(self, who: Who) -> str:
        with self._explained():
            return _read(self.path / f"{who}.beat") or ""

    def claim(self) -> bool:
        """Be the one undertaker of this folder, as long as this process lives; False when another is."""
        with self._explained():
            self._make()
            lock = (self.path / "undertaker.lock").open("a+")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                lock.close()
                return False
            self._lock = lock
            return True

    def give_up(self) -> None:
        """Let another process be the undertaker."""
        if self._lock:
            self._lock.close()
            self._lock = None

    def _kept(self, name: str) -> Kept | None:
        text = _read(self.path / (name + RECORD))
        if text is None:
            return None
        seen = (self.path / (name + ACKNOWLEDGED)).exists()
        return Kept(name, text, seen, _read(self.path / (name + ENDED)) or "")

    def _write(self, name: str, text: str, *, durable: bool = True) -> None:
        with self._explained():
            self._make()
            fresh = self.path / f".{name}.{os.getpid()}.new"
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(text)
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
            fresh.rename(self.path / name)
            if durable:
                self._sync()

    def _make(self) -> None:
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _sync(self) -> None:
        folder = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise RecordsError(f"the records in {self.path} cannot be used: {error.strerror or error}") from error


def _read(file: Path) -> str | None:
    with suppress(FileNotFoundError):
        return file.read_text(errors="replace")  # what is no text is no record of ours either
    return None
