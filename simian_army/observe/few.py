"""How many different values a label may take: the first so many, and ``other`` for whatever comes later."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

OTHER, NONE = "other", "none"


@dataclass(slots=True)
class Few:
    """Keeps a label bounded; ``most`` is how many values it may take."""

    most: int = 100
    _known: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, value: object) -> str:
        """The value as a label."""
        text = str(value) if value else NONE
        with self._lock:
            if text not in self._known and len(self._known) >= self.most:
                return OTHER
            self._known.add(text)
        return text
