"""How servers live: one event loop in a thread of its own, which leaves nothing behind."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
_PATIENCE = 30.0  # seconds


class LoopThread:
    """An event loop that other threads hand work to."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """Whether it turns."""
        return self._loop is not None

    def start(self) -> None:
        """Begin to turn."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=self._name, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do it in the loop; what it gives, or raises, when it is done."""
        if self._loop is None:
            work.close()
            raise RuntimeError(f"{self._name} is not started")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE)

    def stop(self) -> None:
        """Cancel all that is still under way, end the thread and close the loop; nothing when it is not started."""
        if self._loop is None or self._thread is None:
            return
        self.run(_cancel_others())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()
        self._loop = self._thread = None


async def _cancel_others() -> None:
    await _breathe()  # who was begun just now must have started, or nobody would clean up after it
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await _breathe()  # transports that were closed just now take leave in the next round


async def _breathe() -> None:
    for _ in range(5):
        await asyncio.sleep(0)
