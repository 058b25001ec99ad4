"""An annotation on a namespace: a team stops what strikes it, and nobody else."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from simian_army.errors import Refused
from simian_army.model import Halt
from simian_army.ports import HaltPort


@dataclass(frozen=True, slots=True)
class NamespaceSource:
    """Halts what strikes a namespace while that bears the annotation ``simian-army/halt``, whatever its value."""

    port: HaltPort
    platform: str
    name: ClassVar[str] = "namespaces"
    where: ClassVar[str] = "the annotation simian-army/halt on namespaces"
    every: ClassVar[float] = 2.0

    def read(self, scopes: Collection[str] | None) -> Mapping[str, Halt]:
        found = self.port.on_namespaces(scopes)
        return {scope: self._ours(scope, halt) for scope, halt in found.items()}

    def clear(self, halt: Halt, reason: str) -> None:
        del reason
        raise Refused(f"namespace {halt.scope} was halted by its own team, which ends it")

    def command(self, scope: str) -> str:
        return f"kubectl annotate namespace {scope} simian-army/halt-"

    def _ours(self, scope: str, halt: Halt) -> Halt:
        return replace(halt, source=self.name, scope=scope, ends=f"`{self.command(scope)}` ends it")
