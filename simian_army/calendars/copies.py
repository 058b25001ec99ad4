"""Where the last reading of a calendar outlives the process: a file beside the ledger, for its owner only."""

from __future__ import annotations

import hashlib
import logging
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Copy:
    """The copy of one calendar. What cannot be kept or read back is fetched anew, so trouble with it is only logged."""

    file: Path

    @classmethod
    def of(cls, ical: str, folder: Path) -> Copy:
        """The one of this URL in ``folder``, whose name does not tell it."""
        return cls(folder / f"{hashlib.sha256(ical.encode()).hexdigest()[:16]}.ics")

    def read(self) -> tuple[bytes, datetime | None]:
        """What was read, and when; None when there is nothing that can be used."""
        try:
            head, _, text = self.file.read_bytes().partition(b"\n")
            at = datetime.fromisoformat(head.decode())
        except (OSError, ValueError):
            return b"", None
        return text, at if at.tzinfo else None

    def write(self, text: bytes, at: datetime) -> None:
        """Keep it, whole or not at all."""
        part = self.file.with_suffix(f".{os.getpid()}.part")
        try:
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            part.unlink(missing_ok=True)
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(at.isoformat().encode() + b"\n" + text)
            part.replace(self.file)
        except OSError as error:
            logging.getLogger(__name__).warning("a calendar's copy could not be kept: %s", error.strerror)
