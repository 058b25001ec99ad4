"""A way to a server, on loopback, that a test can hold up, cut, or cut just when the server has answered a COMMIT."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self


class Wire:
    """Forwards to ``port`` inside ``with``; ``own`` is where it listens.

    While ``held`` is set nothing passes, in either direction, and nobody is told. While ``lossy`` is set the answer
    to a COMMIT never arrives: the connection ends instead.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self.held = threading.Event()
        self.lossy = threading.Event()
        self._cut = threading.Event()
        self._ends: list[socket.socket] = []

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.own: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cut()
        self._listener.close()

    def cut(self) -> None:
        """End every connection now; later ones are ended as they come, until ``mend``."""
        self._cut.set()
        for end in self._ends:
            _end(end)
        self._ends.clear()

    def mend(self) -> None:
        """Let everything pass again."""
        self._cut.clear()
        self.held.clear()
        self.lossy.clear()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                self._join(self._listener.accept()[0])

    def _join(self, near: socket.socket) -> None:
        try:
            if self._cut.is_set():
                raise ConnectionError("cut")
            far = socket.create_connection(("127.0.0.1", self._port))
        except OSError:
            _end(near)
            return
        self._ends += [near, far]
        Link(self, near, far)


class Link:
    """One connection: two threads."""

    def __init__(self, wire: Wire, near: socket.socket, far: socket.socket) -> None:
        self._wire, self._near, self._far = wire, near, far
        self._committing = False
        for source, sink in ((near, far), (far, near)):
            threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                while self._wire.held.is_set():
                    threading.Event().wait(0.02)
                if source is self._near:
                    self._committing = self._wire.lossy.is_set() and data.endswith(b"COMMIT\0")
                elif self._committing:
                    break
                sink.sendall(data)
        _end(self._near)
        _end(self._far)


def _end(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
