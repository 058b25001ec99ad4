"""How notices reach one notifier: in threads of its own, within a time, tried a few times, never waited for."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from simian_army.clock import Clock
from simian_army.notice import Notice, Notifier

MOST = 100  # notices that wait; what comes on top is dropped, for the first tell most
BACKOFF = (1.0, 5.0, 25.0)  # seconds before each further try
IDLE = 60.0  # seconds after which a thread without work looks whether it missed something

Count = Callable[[str], None]
"""Told of each result: sent, retried, failed, dropped."""


@dataclass(slots=True)
class Channel:
    """The way to one notifier. ``timeout`` is how long one try may take, in seconds; ``mask`` takes out secrets.

    A call that hangs cannot be ended: it is left alone, and no other is made before it came back.
    """

    name: str
    notifier: Notifier
    clock: Clock
    count: Count
    mask: Callable[[str], str]
    timeout: float = 10.0
    backoff: tuple[float, ...] = BACKOFF
    _waiting: deque[Notice] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _wake: threading.Event = field(default_factory=threading.Event)
    _closing: threading.Event = field(default_factory=threading.Event)
    _hangs: threading.Event | None = None
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to send."""
        self._thread = threading.Thread(target=self._work, name=f"notices {self.name}", daemon=True)
        self._thread.start()

    def put(self, notice: Notice) -> None:
        """Have it sent; returns at once, whatever the notifier does."""
        with self._lock:
            full = len(self._waiting) >= MOST
            if not full:
                self._waiting.append(notice)
        if full:
            self.count("dropped")
            self._warn("a notice was dropped", notice, f"{MOST} others wait")
        self._wake.set()

    def close(self, grace: float = 5.0) -> None:
        """Send what waits, each once and all within ``grace`` seconds, then send no more."""
        self._closing.set()
        self._wake.set()
        if self._thread:
            self._thread.join(grace)
        with self._lock:
            left = list(self._waiting)
            self._waiting.clear()
        for notice in left:
            self.count("failed")
            self._warn("a notice was not sent", notice, "the agent ended")

    def _work(self) -> None:
        while True:
            self._wake.clear()
            while self._waiting:
                with self._lock:
                    notice = self._waiting.popleft() if self._waiting else None
                if notice:
                    self._deliver(notice)
            if self._closing.is_set():
                return
            self.clock.wait(self._wake, IDLE)

    def _deliver(self, notice: Notice) -> None:
        why = self._try(notice)
        for pause in self.backoff:
            if not why or self.clock.wait(self._closing, pause):
                break
            self.count("retried")
            why = self._try(notice)
        self.count("failed" if why else "sent")
        if why:
            self._warn("a notice was not sent", notice, why)

    def _try(self, notice: Notice) -> str:
        """Why it was not sent; empty when it was."""
        if self._hangs and not self._hangs.is_set():
            return f"an earlier call has not come back for more than {self.timeout:g} s"
        done, outcome = threading.Event(), ["it ended without a word"]

        def call() -> None:
            try:
                self.notifier.send(notice)
                outcome[0] = ""
            except BaseException as error:  # noqa: BLE001 - the plug-in border, in a thread of its own: it ends no agent
                outcome[0] = f"{type(error).__name__}: {error}"
            finally:
                done.set()

        threading.Thread(target=call, name=f"notice {self.name}", daemon=True).start()
        if self.clock.wait(done, self.timeout):
            return outcome[0]
        self._hangs = done
        return f"no answer within {self.timeout:g} s"

    def _warn(self, what: str, notice: Notice, why: str) -> None:
        import structlog

        structlog.get_logger().warning(what, notifier=self.name, title=notice.title, why=self.mask(why))
