"""What a source of halts is, and what stands for one that cannot even be asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

from simian_army.errors import Refused, SimianError
from simian_army.model import Halt

NO_REASON = "no reason given"
"""What a halt says that somebody left without words: it halts all the same."""


class Unreadable(SimianError):
    """A source could not be read, so nobody knows whether it halts."""


class Source(Protocol):
    """One place where somebody may say halt.

    ``where`` names it for people. ``platform`` is empty when it speaks for the whole fleet; else it speaks for single
    scopes of that platform. ``every`` is the seconds between two looks at it.
    """

    @property
    def name(self) -> str: ...

    @property
    def where(self) -> str: ...

    @property
    def platform(self) -> str: ...

    @property
    def every(self) -> float: ...

    def read(self, scopes: Collection[str] | None) -> Mapping[str, Halt]:
        """The halts in force, by scope (empty: the fleet's); of these scopes only, or of all when None.

        Raises:
            SimianError: it cannot be read. Whatever else it raises is taken as that too.
        """
        ...

    def clear(self, halt: Halt, reason: str) -> None:
        """End that halt.

        Raises:
            SimianError: it is not ours to end, or could not be ended.
        """
        ...

    def command(self, scope: str) -> str:
        """What a person types to end it."""
        ...


@dataclass(frozen=True, slots=True)
class Broken:
    """Stands for a source that cannot be asked at all: doubt means no, until ``error`` is mended."""

    name: str
    where: str
    error: str
    platform: str = ""
    every: ClassVar[float] = 2.0

    def read(self, scopes: Collection[str] | None) -> Mapping[str, Halt]:
        """Always fails."""
        del scopes
        raise Unreadable(self.error)

    def clear(self, halt: Halt, reason: str) -> None:
        del halt, reason
        raise Refused(self.error)

    def command(self, scope: str) -> str:
        del scope
        return f"mend it first: {self.error}"
