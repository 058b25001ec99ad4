"""How far the chain went: the newest row, noted outside the database so that a cut tail is missed."""

from __future__ import annotations

import hmac
import json
import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from simian_army.audit.files import locked, sync
from simian_army.audit.rows import canonical
from simian_army.errors import LedgerError

HashAt = Callable[[int], str | None]
"""The hash of the row with this seq; None when there is no such row."""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest row: its seq (0 = none yet) and hash."""

    seq: int
    hash: str


class Anchor:
    """The head file. It only moves forward along the chain; one that does not fit the chain is kept as evidence."""

    def __init__(self, path: Path, key: bytes) -> None:
        self.path = path
        self._key = key
        self._mine: Head | None = None
        self._lock = threading.Lock()

    def read(self) -> Head | None:
        """What the file says; None when there is none.

        Raises:
            LedgerError: it cannot be read, or was not written with this key.
        """
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise LedgerError(f"the head {self.path} cannot be read: {error}") from error
        return self._checked(text)

    def plant(self, head: Head) -> None:
        """Write the first head, unless there is a file already.

        Raises:
            LedgerError: the file cannot be written.
        """
        try:
            with self._alone() as alone:
                if alone and not self.path.exists():
                    self._write(head)
        except OSError as error:
            raise LedgerError(f"the head {self.path} cannot be written: {error}") from error

    def advance(self, head: Head, hash_at: HashAt) -> None:
        """Note a newer row. Never raises for want of a file or a ledger: the row is durable, a head behind no fault."""
        try:
            with self._alone() as alone:
                if alone and self._follows(head, hash_at):
                    self._write(head)
        except (OSError, LedgerError) as error:
            logging.getLogger(__name__).warning("head not written: %s: %s", self.path, error)

    def _follows(self, head: Head, hash_at: HashAt) -> bool:
        try:
            current = self.read()
        except LedgerError:
            return False
        if current is None or current.seq >= head.seq:
            return False
        return current in (self._mine, Head(0, current.hash)) or hash_at(current.seq) == current.hash

    def _checked(self, text: str) -> Head:
        try:
            said = json.loads(text)
            head = Head(int(said["seq"]), str(said["hash"]))
            good = hmac.compare_digest(str(said["mac"]).encode(), self._mac(head).encode())
        except (ValueError, TypeError, KeyError) as error:
            raise LedgerError(f"the head {self.path} was damaged: it is no head of ours") from error
        if not good:
            raise LedgerError(f"the head {self.path} was forged: it was not written with this key")
        return head

    def _mac(self, head: Head) -> str:
        return hmac.digest(self._key, canonical({"head": [head.seq, head.hash]}).encode(), "sha256").hex()

    def _write(self, head: Head) -> None:
        new = self.path.with_name(f"{self.path.name.removesuffix('.head')}-head.new")
        text = canonical({"seq": head.seq, "hash": head.hash, "mac": self._mac(head)})
        with new.open("w", encoding="utf-8") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.path)
        sync(self.path.parent)
        self._mine = head

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        # the folder is what is locked, for the file itself is replaced at each write
        with self._lock:
            folder = os.open(self.path.parent, os.O_RDONLY)
            try:
                yield locked(folder)
            finally:
                os.close(folder)
