"""Who works for the keeper: reverts, looks at targets, the ledger and judging each have threads of their own."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, TypeAlias

Room: TypeAlias = Literal["reverts", "looks", "books", "judging"]
ROOMS: Mapping[Room, int] = {"reverts": 8, "looks": 8, "books": 1, "judging": 1}
"""How many threads each has: no look ever stands before a revert."""


class Pools:
    """The threads, by what they are for."""

    def __init__(self) -> None:
        self._pools = {room: ThreadPoolExecutor(size, room) for room, size in ROOMS.items()}

    def of(self, room: Room) -> ThreadPoolExecutor:
        """The pool that does such work."""
        return self._pools[room]

    def close(self) -> None:
        """Let what is under way end; what only waits is dropped, for the next process."""
        for pool in self._pools.values():
            pool.shutdown(wait=True, cancel_futures=True)
