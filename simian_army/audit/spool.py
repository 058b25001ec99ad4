"""Where events wait for a ledger that is away: a file of signed lines, safe on return, read by the next process too."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simian_army.audit.files import locked, sync
from simian_army.audit.rows import canonical, from_row, to_row
from simian_army.clock import Clock
from simian_army.errors import LedgerError
from simian_army.model import AuditEvent, Phase

MODE = 0o600
SHOWN = 80  # characters of a damaged line that a person is shown


@dataclass(frozen=True, slots=True)
class FileSpool:
    """JSON Lines, one event each, under an HMAC with the fleet key. Several processes may share it.

    A line that cannot be read keeps no other back: it is told as STUCK, and kept in ``PATH.damaged``.
    """

    path: Path
    key: bytes = field(repr=False)
    clock: Clock
    actor: str

    def waiting(self) -> bool:
        """Whether there is anything in it."""
        try:
            return self.path.stat().st_size > 0
        except OSError:
            return False

    def add(self, *events: AuditEvent) -> None:
        """Keep the events, in order; durable on return.

        Raises:
            LedgerError: they could not be kept.
        """
        text = "".join(self._line(event) for event in events).encode()
        with self._alone(), _opened(self.path) as file:
            end = os.lseek(file, 0, os.SEEK_END)
            # the last line may have been cut by a crash: it must not take ours with it
            text = text if _ends_a_line(file, end) else b"\n" + text
            try:
                _write(file, text)
                os.fsync(file)
            except OSError:
                os.ftruncate(file, end)
                raise

    def read(self) -> tuple[Sequence[AuditEvent], int]:
        """What is in it, in order, and how many bytes that were: to be dropped when it is told.

        Raises:
            LedgerError: the file cannot be read.
        """
        with self._alone():
            held = self.path.read_bytes() if self.path.exists() else b""
        lines = held.decode(errors="replace").split("\n")
        return [self._read(line, number) for number, line in enumerate(lines, 1) if line.strip()], len(held)

    def drop(self, size: int) -> None:
        """Forget the first ``size`` bytes; what came after them stays.

        Raises:
            LedgerError: the file cannot be written; the same lines will be read again.
        """
        with self._alone():
            held = self.path.read_bytes()
            self._keep_damaged(held[:size])
            new = self.path.with_name(f"{self.path.name}.new")
            new.unlink(missing_ok=True)
            with _opened(new) as file:
                _write(file, held[size:])
                os.fsync(file)
            new.replace(self.path)
            sync(self.path.parent)

    def _line(self, event: AuditEvent) -> str:
        row = to_row(event)
        return canonical({"event": row, "mac": self._mac(row)}) + "\n"

    def _mac(self, row: Any) -> str:
        return hmac.digest(self.key, canonical({"spool": row}).encode(), "sha256").hex()

    def _read(self, line: str, number: int) -> AuditEvent:
        try:
            return self._checked(line)
        except (ValueError, TypeError, KeyError, RecursionError, LedgerError) as error:
            return self._damaged(line, f"line {number} of {self.path}: {error}")

    def _checked(self, line: str) -> AuditEvent:
        said = json.loads(line)
        row, mac = said["event"], str(said["mac"])
        if not hmac.compare_digest(mac.encode(errors="replace"), self._mac(row).encode()):
            raise ValueError("it was not written with this key, or was changed since")
        return from_row({**row, "hash": ""})

    def _damaged(self, line: str, why: str) -> AuditEvent:
        name = hashlib.sha256(line.encode()).hexdigest()[:32]
        detail = (
            f"an event that waited for the ledger cannot be read ({why}): it says {line[:SHOWN]!r} and is kept in "
            f"{self.path.name}.damaged; look there for what was reverted"
        )
        data = {"detail": detail, "kind": "", "reason": "spool"}
        return AuditEvent(
            self.clock.now(), "", Phase.STUCK, self.actor, leashed=False, key=f"damaged/{name}", data=data
        )

    def _keep_damaged(self, held: bytes) -> None:
        lines = [line for line in held.split(b"\n") if line.strip() and not self._is_whole(line)]
        if not lines:
            return
        with _opened(self.path.with_name(f"{self.path.name}.damaged")) as file:
            os.lseek(file, 0, os.SEEK_END)
            _write(file, b"".join(line + b"\n" for line in lines))
            os.fsync(file)

    def _is_whole(self, line: bytes) -> bool:
        try:
            self._checked(line.decode())
        except (ValueError, TypeError, KeyError, RecursionError, LedgerError):
            return False
        return True

    @contextmanager
    def _alone(self) -> Iterator[None]:
        # the lock is a file of its own, for ours is replaced
        try:
            with _opened(self.path.with_name(f"{self.path.name}.lock")) as lock:
                if not locked(lock):
                    raise LedgerError(f"the spool {self.path} is kept by another process: find it with fuser")
                yield
        except OSError as error:
            raise LedgerError(f"the spool {self.path}: {error}: give this user write permission there") from error


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    fresh = not path.exists()
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, MODE)
    try:
        if fresh:
            sync(path.parent)
        yield file
    finally:
        os.close(file)


def _ends_a_line(file: int, end: int) -> bool:
    return end == 0 or os.pread(file, 1, end - 1) == b"\n"


def _write(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]
