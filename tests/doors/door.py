"""A door before a server, at which requests and answers get lost, are turned away, hang, or break off in the middle."""

from __future__ import annotations

import http.client
import os
import select
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

EVERY = 0
_WAIT = 20  # seconds that the server behind the door may take
_MUTE = 0.2  # seconds before a half-open connection is reset
_OWN = {"host", "content-length", "connection", "accept-encoding", "transfer-encoding"}


@dataclass(frozen=True)
class Asked:
    """One request as it came to the door; ``what`` is what it is called there, ``nth`` how often that came before, plus
    one."""

    what: str
    nth: int
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class How(StrEnum):
    """What befalls an answer."""

    SAID = "said"  # another one is given
    CUT = "cut"  # the connection is closed without a word
    HANG = "hang"  # nothing ever comes
    HALF_OPEN = "half-open"  # nothing comes, and then the connection is reset
    RESET = "reset"  # the connection is reset in the middle of the answer


@dataclass(frozen=True)
class Trouble:
    """What befalls one request; ``after`` tells that it was carried out before."""

    how: How
    after: bool = False
    answer: Answer = Answer(200, b"{}" * 64)


LOST = Trouble(How.CUT, after=True)
"""It was carried out, and nobody was told."""

KEPT = Trouble(How.CUT)
"""It never got in."""


def said(status: int, body: bytes | str, headers: Mapping[str, str] | None = None) -> Trouble:
    """It is turned away with these words."""
    raw = body.encode() if isinstance(body, str) else body
    return Trouble(How.SAID, answer=Answer(status, raw, headers or {}))


@dataclass
class Door:
    """Lets everything through to ``server`` but what meets trouble.

    ``name`` says what a request is called; ``seen`` is told of each as it comes, ``then`` once it was carried out.
    ``met`` tells whether anything met trouble since all was open.
    """

    server: str
    name: Callable[[str, str, bytes], str]
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    seen: Callable[[Asked], object] = lambda _: None
    then: Callable[[Asked], object] = lambda _: None
    met: bool = False
    _plans: dict[tuple[str, int], Trouble] = field(default_factory=dict)
    _counts: Counter[str] = field(default_factory=Counter)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def meet(self, what: str, trouble: Trouble, nth: int = EVERY) -> None:
        """From now on the ``nth`` request of that name, counted from here, meets trouble; without one, all do."""
        with self._guard:
            at = self._counts[what] + nth if nth else EVERY
            self._plans[what, at] = trouble

    def open(self) -> None:
        """From now on everything gets through."""
        with self._guard:
            self._plans.clear()
            self.met = False

    def sent(self, what: str) -> int:
        """How many requests of that name came to the door."""
        return self.names().count(what)

    def names(self) -> list[str]:
        """What came to the door, in order."""
        with self._guard:
            return [one.what for one in self.asked]

    def forget(self) -> None:
        """Begin a new list of what came."""
        with self._guard:
            self.asked.clear()

    def take(self, asked: BaseHTTPRequestHandler, body: bytes) -> tuple[Asked, Trouble | None]:
        """Write a request down; it, and the trouble it meets."""
        method, path = asked.command, asked.path
        headers = {key.lower(): value for key, value in asked.headers.items()}
        what = self.name(method, path, body)
        with self._guard:
            self._counts[what] += 1
            one = Asked(what, self._counts[what], method, path, headers, body)
            self.asked.append(one)
            trouble = self._plans.get((what, one.nth)) or self._plans.get((what, EVERY))
            self.met = self.met or trouble is not None
        self.seen(one)
        return one, trouble

    def through(self, one: Asked) -> Answer:
        """What the server says."""
        where = urlsplit(self.server)
        headers = {key: value for key, value in one.headers.items() if key not in _OWN}
        line = http.client.HTTPConnection(str(where.hostname), where.port, timeout=_WAIT)
        try:
            line.request(one.method, one.path, one.body or None, headers)
            told = line.getresponse()
            kept = {key: value for key, value in told.getheaders() if key.lower() not in _OWN}
            answer = Answer(told.status, told.read(), kept)
        finally:
            line.close()
        self.then(one)
        return answer


@contextmanager
def opened(server: str, name: Callable[[str, str, bytes], str]) -> Iterator[Door]:
    """A door on a free port of loopback before the server at that URL."""
    door = Door(server, name)
    http_server = _Server(("127.0.0.1", 0), _handler(door))
    thread = threading.Thread(target=http_server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    door.url = f"http://127.0.0.1:{http_server.server_address[1]}"
    try:
        yield door
    finally:
        http_server.shutdown()
        http_server.end_connections()
        http_server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self.live: set[socket.socket] = set()

    def end_connections(self) -> None:
        for connection in list(self.live):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no error of ours."""


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    door: Door
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.live.add(self.connection)

    def finish(self) -> None:
        self.server.live.discard(self.connection)
        super().finish()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        pass

    def attend(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        one, trouble = self.door.take(self, body)
        if trouble is None:
            self._send(self.door.through(one))
            return
        answer = self.door.through(one) if trouble.after else trouble.answer
        self._befall(trouble, answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = attend  # noqa: N815 - the base class names them

    def _befall(self, trouble: Trouble, answer: Answer) -> None:
        if trouble.how is How.SAID:
            self._send(trouble.answer)
            return
        self.close_connection = True
        if trouble.how is How.HANG:
            select.select([self.connection], [], [], _WAIT)  # until whoever waits has given up
        if trouble.how is How.RESET:
            self._send(answer, whole=False)
        if trouble.how is How.HALF_OPEN:
            select.select([self.connection], [], [], _MUTE)
        if trouble.how in (How.RESET, How.HALF_OPEN):
            self._reset()

    def _send(self, answer: Answer, *, whole: bool = True) -> None:
        self.send_response_only(answer.status)
        for key, value in answer.headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(answer.body)))
        with suppress(ConnectionError):  # who waited for it may have given up
            self.end_headers()
            self.wfile.write(answer.body if whole else answer.body[: len(answer.body) // 2])

    def _reset(self) -> None:
        # without lingering, closing the very descriptor sends a reset
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())


def _handler(door: Door) -> type[_Handler]:
    return type("Handler", (_Handler,), {"door": door})
