"""The ledger's own halt: what ``simian halt`` writes and ``simian resume`` ends."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import ClassVar

from simian_army.contract import Ledger
from simian_army.model import Halt, Phase
from simian_army.records import Scribe


@dataclass(frozen=True, slots=True)
class LedgerSource:
    """Halts what the latest word in the ledger halts."""

    ledger: Ledger
    scribe: Scribe
    name: ClassVar[str] = "ledger"
    where: ClassVar[str] = "the ledger"
    platform: ClassVar[str] = ""
    every: ClassVar[float] = 0.5

    def read(self, scopes: Collection[str] | None) -> Mapping[str, Halt]:
        del scopes
        halt = self.ledger.halted()
        return {"": halt} if halt else {}

    def clear(self, halt: Halt, reason: str) -> None:
        del halt
        self.ledger.append(self.scribe.note(Phase.RESUMED, reason=reason, source="cli"))

    def command(self, scope: str) -> str:
        del scope
        return "simian resume --reason TEXT"
