"""Whether a process without a server of its own is alive: it writes the moment into a file, again and again."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from simian_army.clock import Clock

LATE = 60.0
"""Seconds; every request that keeps it waiting has a timeout well below."""


@dataclass(frozen=True, slots=True)
class Beat:
    """One file; its moments are monotonic seconds, which all processes of a machine share, whatever its clock says."""

    file: Path
    clock: Clock

    def __call__(self) -> None:
        """Write the moment; that it could not be written shows by itself."""
        fresh = self.file.with_name(f"{self.file.name}.new")
        try:
            fresh.write_text(f"{self.clock.monotonic()}\n")
            fresh.replace(self.file)
        except OSError as error:
            logging.getLogger(__name__).warning("no sign of life could be written to %s: %s", self.file, error)

    def trouble(self) -> str:
        """Why it is not known to be alive; empty when it is."""
        try:
            age = self.clock.monotonic() - float(self.file.read_text())
        except OSError as error:
            return f"{self.file} cannot be read: {error.strerror or error}"
        except ValueError:
            return f"{self.file} says no moment"
        return "" if 0 <= age < LATE else f"the last sign of life in {self.file} is {age:.0f} s old"
