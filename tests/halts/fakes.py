"""A source that says what it is told, may break, and may hang; and a fleet of them on a fake clock."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from simian_army.clock import Clock
from simian_army.errors import Refused, SimianError
from simian_army.halts.halts import Halts
from simian_army.halts.sources import Unreadable
from simian_army.model import Halt
from tests.simian_army.fakes import NOW, FakeClock, here


@dataclass
class Saying:
    """Halts what ``says`` halts, by scope. ``breaks`` is raised instead; while ``hangs`` is given, nothing returns."""

    name: str = "file"
    platform: str = ""
    says: dict[str, Halt] = field(default_factory=dict)
    breaks: Exception | None = None
    hangs: threading.Event | None = None
    reads: list[frozenset[str] | None] = field(default_factory=list)
    theirs: bool = False
    every: float = 2.0

    @property
    def where(self) -> str:
        return f"the {self.name}"

    def read(self, scopes: Collection[str] | None) -> Mapping[str, Halt]:
        self.reads.append(None if scopes is None else frozenset(scopes))
        if self.hangs:
            self.hangs.wait(60)
        if self.breaks:
            raise self.breaks
        return {scope: halt for scope, halt in self.says.items() if scopes is None or scope in scopes or not scope}

    def clear(self, halt: Halt, reason: str) -> None:
        if self.theirs:
            raise Refused("it is theirs")
        self.says.pop(halt.scope)

    def command(self, scope: str) -> str:
        return f"end {self.name} {scope}".rstrip()

    def halt(self, reason: str = "incident 7", scope: str = "") -> None:
        self.says[scope] = Halt("ann", reason, NOW, self.name, scope, f"`end {self.name}` ends it")


def joined(*sources: Any, clock: Clock | None = None, spawn: Any = here) -> Halts:
    return Halts(sources, clock or FakeClock(), None, spawn)


def away(text: str = "the disk is gone") -> SimianError:
    return Unreadable(text)
