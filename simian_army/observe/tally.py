"""What is open and stuck, whose line is stopped, and how long each step of a fault took, as events tell it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias

from simian_army.model import ENDS, AuditEvent, Phase
from simian_army.standing import Attempt

MOST = 10_000  # open faults that are followed; a budget allows far fewer

Key: TypeAlias = tuple[str, str]
"""Run and target id."""


@dataclass(frozen=True, slots=True)
class Open:
    """One open fault. ``injected`` is None while nobody here saw it happen."""

    kind: str
    intended: datetime
    stuck: bool = False
    injected: datetime | None = None


@dataclass(slots=True)
class Tally:
    """Follows faults from INTENDED to their end; ``learn`` corrects it by what the ledger says."""

    _open: dict[Key, Open] = field(default_factory=dict)
    _lines: dict[Key, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def hear(self, event: AuditEvent) -> Mapping[str, float]:
        """Follow one event; returns the seconds it ends: ``injection`` and ``held``, each only when it is known."""
        self._hear_lines(event)
        if event.leashed or not event.target:
            return {}
        key = (event.run, event.target)
        with self._lock:
            known = self._open.get(key)
            if event.phase in ENDS:
                self._open.pop(key, None)
            elif known or event.phase is Phase.INTENDED:
                self._open[key] = _moved(known, event)
            if len(self._open) > MOST:
                self._open.pop(next(iter(self._open)))
        return _seconds(known, event) if known else {}

    def learn(self, attempts: Iterable[Attempt]) -> None:
        """Take over what the ledger says is open, and what it says is stopped."""
        told = list(attempts)
        found = {(a.run, a.target): a for a in told if a.open}
        stopped = {(a.run, a.target): a for a in told if a.line}
        with self._lock:
            self._lines = {key: a.group or a.target for key, a in stopped.items()}
            seen = {key: self._open[key].injected for key in found if key in self._open}
            self._open = {
                key: Open(a.kind, a.at, a.phase is Phase.STUCK, seen.get(key)) for key, a in list(found.items())[:MOST]
            }

    def by_kind(self) -> Counter[str]:
        """How many faults of each kind are open."""
        with self._lock:
            return Counter(one.kind for one in self._open.values())

    def lines(self) -> int:
        """How many groups' lines are stopped."""
        with self._lock:
            return len(set(self._lines.values()))

    def stuck(self) -> int:
        """How many of them could not be reverted so far."""
        with self._lock:
            return sum(one.stuck for one in self._open.values())

    def _hear_lines(self, event: AuditEvent) -> None:
        with self._lock:
            if event.phase is Phase.ANALYSED:
                self._lines = {key: line for key, line in self._lines.items() if key[0] != event.run}
            elif event.phase is Phase.JUDGED and event.data.get("outcome") != "clean":
                self._lines[event.run, event.target] = str(event.data.get("group") or event.target)


def _moved(known: Open | None, event: AuditEvent) -> Open:
    now = known or Open(str(event.data.get("kind", "")), event.at)
    if event.phase is Phase.INJECTED:
        return replace(now, injected=event.at)
    return replace(now, stuck=now.stuck or event.phase is Phase.STUCK)


def _seconds(known: Open, event: AuditEvent) -> Mapping[str, float]:
    if event.phase is Phase.INJECTED:
        return {"injection": max(0.0, (event.at - known.intended).total_seconds())}
    if event.phase is Phase.REVERTED and known.injected:
        return {"held": max(0.0, (event.at - known.injected).total_seconds())}
    return {}
