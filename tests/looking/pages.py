"""A server on loopback that answers one thing: any bytes, at any pace, over TLS or not, or nothing at all."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from tests.cluster.waiting import pause

Say = Callable[[socket.socket], None]


@dataclass
class Page:
    """``said`` is what was asked of it, request by request."""

    port: int
    secure: bool
    said: list[bytes] = field(default_factory=list)

    def url(self, path: str = "/health", user: str = "") -> str:
        return f"http{'s' * self.secure}://{user}127.0.0.1:{self.port}{path}"


def answer(status: int = 200, body: bytes = b"all is well", *headers: str) -> Say:
    """A whole answer."""
    lines = [f"HTTP/1.1 {status} x", f"Content-Length: {len(body)}", *headers, "", ""]
    return lambda to: to.sendall("\r\n".join(lines).encode() + body)


def raw(text: bytes) -> Say:
    """These bytes, and the end."""
    return lambda to: to.sendall(text)


def drip(to: socket.socket) -> None:
    """One byte of a header each tenth of a second, without end."""
    to.sendall(b"HTTP/1.1 200 OK\r\n")
    for _ in range(300):
        to.sendall(b"X")
        pause(0.1)


def flood(to: socket.socket) -> None:
    """A gigabyte."""
    to.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n")
    for _ in range(16384):
        to.sendall(bytes(65536))


def hang(to: socket.socket) -> None:
    """Nothing, until who asked has gone."""
    to.recv(1)


def reset(to: socket.socket) -> None:
    """Half an answer, and then the connection is reset."""
    to.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    to.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


@contextmanager
def page(say: Say, context: ssl.SSLContext | None = None) -> Iterator[Page]:
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        made = Page(listener.getsockname()[1], context is not None)
        ending = threading.Event()

        def attend(to: socket.socket) -> None:
            with suppress(OSError), to:
                to.settimeout(30)
                with context.wrap_socket(to, server_side=True) if context else to as line:
                    made.said.append(_request(line))
                    say(line)

        def serve() -> None:
            while not ending.is_set():
                with suppress(OSError):
                    to, _ = listener.accept()
                    threading.Thread(target=attend, args=(to,), daemon=True).start()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield made
        finally:
            ending.set()
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)


def _request(line: socket.socket) -> bytes:
    got = b""
    while b"\r\n\r\n" not in got and (more := line.recv(65536)):
        got += more
    return got
