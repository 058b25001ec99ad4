"""The table of probes: a sentence, what to do, and what a toxiproxy says to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.embedded.toxi.scene import Json, Scene

Act = Callable[[Scene], Json]


@dataclass(frozen=True)
class Probe:
    """``says`` is what both servers say; None where they differ: then gaps.py tells what each of them says."""

    name: str
    act: Act
    says: Json


class Table:
    """Probes by name, in order; modules add theirs."""

    def __init__(self) -> None:
        self.rows: dict[str, Probe] = {}

    def __call__(self, name: str, says: Json = None) -> Callable[[Act], Act]:
        def register(act: Act) -> Act:
            assert name not in self.rows, f"two probes are named {name!r}"
            self.rows[name] = Probe(name, act, says)
            return act

        return register
