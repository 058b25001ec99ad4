"""What people are told when something must not wait for a look at the ledger, and who tells them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from simian_army.model import Json


@dataclass(frozen=True, slots=True)
class Notice:
    """One event in words. ``title`` is one line, ``body`` a few; both are plain text that no service need escape.

    ``severity`` is ``info``, ``warning`` or ``error``. ``facts`` says the same for machines: fleet, phase, run, monkey,
    target, fault, at (ISO time), actor, leashed, embedded.
    """

    title: str
    body: str
    severity: str
    facts: Json


class Notifier(Protocol):
    """Who tells people. Made of what config says under ``with``; called in a thread of its own, one call at a time."""

    def send(self, notice: Notice) -> None:
        """Tell them; whatever is raised counts as not sent, and the same notice comes again a few times."""
        ...


@runtime_checkable
class Checked(Protocol):
    """A notifier that can tell more of its arguments than its making does, which each command waits for."""

    def wrong(self) -> Sequence[tuple[str, str, str]]:
        """What keeps it from sending, as (key below ``with``, message, suggestion); asked when an agent starts."""
        ...
