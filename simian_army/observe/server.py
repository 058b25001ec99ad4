"""Who answers: a small HTTP server for a few paths, which no slow, noisy or unknown client can keep busy."""

from __future__ import annotations

import hmac
import logging
import socket
import socketserver
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPException, HTTPMessage, parse_headers
from io import BytesIO
from ipaddress import ip_address
from typing import Any

from simian_army.clock import Clock

THREADS = 16
WAITING = 16  # connections that wait for a thread; what comes on top is closed at once
SLOW = 3.0  # seconds for a whole request to come, and for a whole answer to be taken
LARGEST = 8192  # bytes of a request


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered."""

    status: HTTPStatus
    kind: str
    body: bytes
    more: Mapping[str, str] = field(default_factory=dict)

    def bytes(self, *, head: bool) -> bytes:
        """As it is sent; ``head`` leaves the body out."""
        fields = {
            "Content-Type": self.kind,
            "Content-Length": str(len(self.body)),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Connection": "close",
            **self.more,
        }
        lines = [f"HTTP/1.1 {self.status.value} {self.status.phrase}", *(f"{k}: {v}" for k, v in fields.items())]
        return "\r\n".join([*lines, "", ""]).encode() + (b"" if head else self.body)


Routes = Mapping[str, Callable[[], Reply]]


def refusal(status: HTTPStatus, **more: str) -> Reply:
    """A no in two words."""
    return Reply(status, "text/plain; charset=utf-8", f"{status.phrase}\n".encode(), more)


class Server(socketserver.TCPServer):
    """Answers GET and HEAD of ``routes``; with a ``token`` only who bears it. One request a connection."""

    allow_reuse_address = True
    request_queue_size = 128  # for the kernel: who is turned away must first be taken

    def __init__(self, place: tuple[str, int], routes: Routes, clock: Clock, token: str = "") -> None:
        """Listen.

        Raises:
            OSError: the port is taken, or the address is not of this machine.
        """
        self.address_family = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
        self._routes, self._clock, self._token = routes, clock, token
        self._room = threading.BoundedSemaphore(THREADS + WAITING)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="observe")
        self._open: set[socket.socket] = set()
        self._thread: threading.Thread | None = None
        super().__init__(place, socketserver.BaseRequestHandler)

    @property
    def url(self) -> str:
        """Where it listens."""
        host, port = self.server_address[:2]
        shown = f"[{host!s}]" if ip_address(str(host)).version == 6 else str(host)
        return f"http://{shown}:{port}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread = threading.Thread(target=self.serve_forever, args=(0.1,), name="observe", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Answer no more; whoever is being answered is cut off."""
        if self._thread:
            self.shutdown()
            self._thread.join()
        self.server_close()
        for request in list(self._open):
            with suppress(OSError):
                request.shutdown(socket.SHUT_RDWR)
        self._pool.shutdown(wait=True)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Have a thread answer, unless too many wait already."""
        if not self._room.acquire(blocking=False):
            self.shutdown_request(request)
            return
        self._open.add(request)
        self._pool.submit(self._serve, request, client_address)

    def _serve(self, request: socket.socket, client_address: Any) -> None:
        try:
            self._answer(request)
        except OSError:
            pass  # whoever asked has left, or is too slow to be told so
        except Exception:
            logging.getLogger(__name__).exception("an answer to %s broke", client_address)
        finally:
            self._open.discard(request)
            self.shutdown_request(request)
            self._room.release()

    def _answer(self, request: socket.socket) -> None:
        asked = self._read(request)
        head = asked.startswith(b"HEAD ")
        reply = self._reply(asked)
        request.settimeout(SLOW)
        request.sendall(reply.bytes(head=head))

    def _read(self, request: socket.socket) -> bytes:
        """The head of a request; what is too slow ends as a TimeoutError, what is too long without its end."""
        limit, seen = self._clock.monotonic() + SLOW, b""
        while b"\r\n\r\n" not in seen and len(seen) <= LARGEST:
            left = limit - self._clock.monotonic()
            if left <= 0:
                raise TimeoutError
            request.settimeout(left)
            more = request.recv(4096)
            if not more:
                raise ConnectionAbortedError
            seen += more
        return seen

    def _reply(self, asked: bytes) -> Reply:
        line, _, rest = asked.partition(b"\r\n")
        if b"\r\n\r\n" not in asked:
            return refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        words = line.decode("latin-1").split(" ")
        try:
            headers = parse_headers(BytesIO(rest))
        except HTTPException:
            return refusal(HTTPStatus.BAD_REQUEST)
        if len(words) != 3 or not words[2].startswith("HTTP/1."):
            return refusal(HTTPStatus.BAD_REQUEST)
        if not self._may(headers):
            return refusal(HTTPStatus.UNAUTHORIZED, **{"WWW-Authenticate": "Bearer"})
        return self._routed(words[0], words[1].partition("?")[0])

    def _may(self, headers: HTTPMessage) -> bool:
        if not self._token:
            return True
        scheme, _, given = str(headers.get("Authorization", "")).partition(" ")
        right = hmac.compare_digest(given.strip().encode("utf-8", "replace"), self._token.encode())
        return right and scheme.lower() == "bearer"

    def _routed(self, method: str, path: str) -> Reply:
        route = self._routes.get(path)
        if route is None:
            return refusal(HTTPStatus.NOT_FOUND)
        if method not in ("GET", "HEAD"):
            return refusal(HTTPStatus.METHOD_NOT_ALLOWED, Allow="GET, HEAD")
        try:
            return route()
        except Exception:  # what breaks in there is told to the log, not to whoever asks
            logging.getLogger(__name__).exception("an answer to %s broke", path)
            return refusal(HTTPStatus.INTERNAL_SERVER_ERROR)
