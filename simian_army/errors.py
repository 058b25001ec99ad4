"""What can go wrong, as one tree; each class says who can fix it.

SimianError
├── ConfigError          the author of simian.yaml (exit 2)
├── UsageError           who typed the command (exit 2)
├── Refused              nobody needs to: a guard or the platform said no and nothing was changed (exit 3)
├── PlatformError        who runs the platform (exit 1)
│   ├── Forbidden            who grants permissions
│   ├── Gone                 nobody: the object is not there, or is another of the same name
│   ├── Conflict             nobody: it changed meanwhile, look again
│   └── Unknown              nobody can say whether the act happened: look before anything else
├── CalendarError        who keeps the calendar: what is quiet cannot be told (a guard says no)
├── PluginError          the author of the plug-in (exit 2)
├── LedgerError          who runs the ledger's database (exit 1)
│   └── AlreadyThere         nobody: the event was written before
└── NotLeader            nobody: another process holds the lease
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class SimianError(Exception):
    """Anything this project raises on purpose; ``exit_code`` is what the CLI ends with."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing wrong in a config file. ``path`` is the key path (``monkeys[0].with.minuets``), ``line`` is from 1."""

    file: str
    line: int
    path: str
    message: str
    suggestion: str = ""

    def __str__(self) -> str:
        """``simian.yaml:12 monkeys[0].with.minuets: unknown key, did you mean minutes?``"""
        place = f"{self.file}:{self.line}" if self.line else self.file
        middle = f" {self.path}" if self.path else ""
        return f"{place}{middle}: {self.message}" + (f", {self.suggestion}" if self.suggestion else "")


class ConfigError(SimianError):
    """The configuration cannot be used; ``mistakes`` lists all of them at once."""

    exit_code = 2

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


class UsageError(SimianError):
    """The command was given something it cannot use."""

    exit_code = 2


class Refused(SimianError):
    """A no that changed nothing; the text is the reason."""

    exit_code = 3


class PlatformError(SimianError):
    """A platform did not do as asked; the text names the call and the fix where one is known."""


class Forbidden(PlatformError):
    """Our identity may not do this."""


class Gone(PlatformError):
    """The object is not there any more, or another of the same name took its place."""


class Conflict(PlatformError):
    """The object changed since it was read."""


class Unknown(PlatformError):
    """The act was sent and no answer came: it may or may not have happened."""


class CalendarError(SimianError):
    """What a calendar says of a time cannot be told; the text names the calendar and the fix."""


class PluginError(SimianError):
    """A plug-in cannot be used."""

    exit_code = 2


class LedgerError(SimianError):
    """The ledger could not be read or written."""


class AlreadyThere(LedgerError):
    """An event with this key stands in the ledger."""


class NotLeader(SimianError):
    """Another process holds the lease."""
