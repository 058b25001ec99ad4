"""What a ground shows while others work on it, seen from outside at short intervals."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Self


class Watcher:
    """Looks again and again at what is broken; ``began`` counts for each name how often it came to be so.

    ``most`` is the largest number at once; ``looks`` how often it looked.
    """

    def __init__(self, look: Callable[[], set[str]], every: float = 0.05) -> None:
        self.began: Counter[str] = Counter()
        self.most = 0
        self.looks = 0
        self.trouble: BaseException | None = None
        self._look, self._every = look, every
        self._now: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watcher", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()
        if self.trouble is not None and error is None:
            raise self.trouble

    def _watch(self) -> None:
        try:
            while not self._stop.wait(self._every):
                seen = self._look()
                self.began.update(seen - self._now)
                self._now = seen
                self.most = max(self.most, len(seen))
                self.looks += 1
        except BaseException as error:  # noqa: BLE001 - carried to the test, which raises it
            self.trouble = error
