"""How an answer is kept in bounds: a connection that ends at one moment, however slowly bytes come, and has a size."""

from __future__ import annotations

import io
import socket
from typing import Any

from simian_army.clock import Clock

LIMIT = 1 << 20
"""Bytes of one answer, its headers included."""


class TooMuchError(OSError):
    """The answer is larger than it may be."""


class Limited:
    """A connected socket, as ``http.client`` uses one. All of it ends at ``ends`` (monotonic seconds)."""

    def __init__(self, wire: socket.socket, ends: float, clock: Clock) -> None:
        self._wire, self._ends, self._clock = wire, ends, clock

    def sendall(self, data: Any) -> None:
        """Send all.

        Raises:
            OSError: not within the time.
        """
        self._wire.settimeout(self._left())
        self._wire.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        """The answer, to be read."""
        del mode
        return io.BufferedReader(_Answer(self))

    def receive_into(self, room: Any) -> int:
        """What comes next."""
        self._wire.settimeout(self._left())
        return self._wire.recv_into(room)

    def close(self) -> None:
        """Nothing: who opened the socket closes it."""

    def _left(self) -> float:
        left = self._ends - self._clock.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class _Answer(io.RawIOBase):
    def __init__(self, source: Limited) -> None:
        super().__init__()
        self._source, self._size = source, 0

    def readable(self) -> bool:
        return True

    def readinto(self, room: Any) -> int:
        got = self._source.receive_into(room)
        self._size += got
        if self._size > LIMIT:
            raise TooMuchError(f"the answer is larger than {LIMIT >> 20} MiB")
        return got
