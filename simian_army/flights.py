"""Which faults are being begun right now: no longer nobody's, and not yet the keeper's."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class Flights:
    """Lets recovery tell an intent that a crash left from one that this process is about to carry out."""

    _keys: set[tuple[str, str]] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def under_way(self, run: str, target: str) -> Iterator[None]:
        """From before the intent is written until the keeper holds the fault, or nothing came of it."""
        key = (run, target)
        with self._lock:
            self._keys.add(key)
        try:
            yield
        finally:
            with self._lock:
                self._keys.discard(key)

    def now(self) -> frozenset[tuple[str, str]]:
        """Run and target id of each."""
        with self._lock:
            return frozenset(self._keys)
