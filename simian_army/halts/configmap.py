"""An annotation on one ConfigMap in our own namespace, for who has nothing but kubectl."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from simian_army.model import Halt
from simian_army.ports import HaltPort


@dataclass(frozen=True, slots=True)
class ConfigMapSource:
    """Halts while the ConfigMap bears the annotation ``simian-army/halt``, whatever its value."""

    port: HaltPort
    namespace: str
    configmap: str
    name: ClassVar[str] = "configmap"
    platform: ClassVar[str] = ""
    every: ClassVar[float] = 2.0

    @property
    def where(self) -> str:
        return f"the annotation simian-army/halt on configmap {self.namespace}/{self.configmap}"

    def read(self, scopes: Collection[str] | None) -> Mapping[str, Halt]:
        del scopes
        halt = self.port.on_configmap(self.namespace, self.configmap)
        if halt is None:
            return {}
        return {"": replace(halt, source=self.name, ends=f"`simian resume`, or `{self.command('')}`, ends it")}

    def clear(self, halt: Halt, reason: str) -> None:
        del reason
        self.port.clear(self.namespace, self.configmap, halt)

    def command(self, scope: str) -> str:
        del scope
        return f"kubectl -n {self.namespace} annotate configmap {self.configmap} simian-army/halt-"
