"""A file that halts by being there: its text is the reason, its owner the author, its last change the time."""

from __future__ import annotations

import os
import pwd
import shlex
import stat
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from simian_army.halts.sources import NO_REASON, Unreadable
from simian_army.model import Halt

MOST = 2000  # bytes of a reason


@dataclass(frozen=True, slots=True)
class FileSource:
    """Halts while ``path`` is there, whatever it holds."""

    path: Path
    name: ClassVar[str] = "file"
    platform: ClassVar[str] = ""
    every: ClassVar[float] = 0.5

    @property
    def where(self) -> str:
        return f"the file {self.path}"

    def read(self, scopes: Collection[str] | None) -> Mapping[str, Halt]:
        del scopes
        try:
            return self._read()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise Unreadable(f"{self.where}: {error.strerror or error}: give this user read permission") from error

    def write(self, reason: str) -> None:
        """Halt the fleet; durable on return.

        Raises:
            Unreadable: the file cannot be written.
        """
        fresh = self.path.with_name(f".{self.path.name}.{os.getpid()}.new")
        try:
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), "w") as file:
                file.write(reason + "\n")
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self.path)
            _sync(self.path.parent)
        except OSError as error:
            raise Unreadable(f"{self.where} cannot be written: {error.strerror or error}") from error
        finally:
            with suppress(OSError):
                fresh.unlink(missing_ok=True)

    def clear(self, halt: Halt, reason: str) -> None:
        del halt, reason
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise Unreadable(f"{self.where} cannot be removed: {error.strerror or error}") from error

    def command(self, scope: str) -> str:
        del scope
        return f"rm {shlex.quote(str(self.path))}"

    def _read(self) -> Mapping[str, Halt]:
        # not blocking: a pipe in its place would never be opened
        number = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            about = os.fstat(number)
            if not stat.S_ISREG(about.st_mode):
                raise Unreadable(f"{self.where} is no regular file: remove it, or name another one under halt.file")
            text = os.read(number, MOST).decode(errors="replace")
        finally:
            os.close(number)
        words = " ".join(text.split()) or NO_REASON
        at = datetime.fromtimestamp(about.st_mtime, UTC)
        ends = f"`simian resume`, or to remove {self.path}, ends it"
        return {"": Halt(_name(about.st_uid), words, at, self.name, ends=ends)}


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _sync(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
