"""How requests come in and answers go out: HTTP/1.1 with keep-alive on 127.0.0.1, a thread for each connection."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from simian_army.embedded.kube.api import Answer
from simian_army.embedded.kube.request import Request
from simian_army.embedded.kube.status import Problem
from simian_army.embedded.kube.watch import Feed

Json = dict[str, Any]
Answering = Callable[[Request], Answer]
LARGEST = 3 * 1024 * 1024
REASONS = {200: "OK", 201: "Created"}


@dataclass(frozen=True, slots=True)
class Write:
    """One write request that was answered; ``path`` has no query. Access reviews write nothing and are not here."""

    method: str
    path: str
    code: int
    user_agent: str
    dry: bool = False


class Wire(ThreadingHTTPServer):
    """The listening socket and its connections; ``writes`` remembers every write answered."""

    daemon_threads = False
    block_on_close = True
    request_queue_size = 128

    def __init__(self, answering: Answering) -> None:
        self.answering = answering
        self.writes: list[Write] = []
        self.feeds: set[Feed] = set()
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        self._closing = False
        super().__init__(("127.0.0.1", 0), Connection)

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection, and remember it so that it can be closed."""
        accepted, address = super().get_request()
        with self._guard:
            self._open.add(accepted)
        return accepted, address

    def shutdown_request(self, request: Any) -> None:
        """Close a connection and forget it."""
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def follow(self, feed: Feed) -> None:
        """Remember a watch until it ends; while the server stops it ends at once."""
        with self._guard:
            self.feeds.add(feed)
            if self._closing:
                feed.close()

    def leave(self, feed: Feed) -> None:
        """Forget a watch."""
        with self._guard:
            self.feeds.discard(feed)

    def close_all(self) -> None:
        """End every watch and connection; their threads then end too."""
        with self._guard:
            self._closing = True
            for feed in self.feeds:
                feed.close()
            for connection in self._open:
                _quietly_shut(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is nobody's error; anything else is printed by the base class."""
        del request, client_address


def _quietly_shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


class Connection(BaseHTTPRequestHandler):
    """One connection and the requests on it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Wire

    def do_GET(self) -> None:  # noqa: N802 - the name http.server calls
        """Answer one request of any method."""
        try:
            self._serve()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = do_GET

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name http.server calls
        """Requests are not logged: ``writes`` remembers what matters."""

    def _serve(self) -> None:
        try:
            request = self._request()
        except Problem as problem:
            self.close_connection = True
            self._send(Answer(problem.code, problem.status()))
            return
        found = self.server.answering(request)
        self._remember(request, found.code)
        if found.feed is None:
            self._send(found)
            return
        self.server.follow(found.feed)
        try:
            self._stream(found.feed)
        finally:
            self.server.leave(found.feed)

    def _request(self) -> Request:
        headers = {key.lower(): value for key, value in self.headers.items()}
        if "transfer-encoding" in headers:
            raise Problem(411, "LengthRequired", "this server reads bodies with a Content-Length only", {})
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > LARGEST:
            raise Problem(413, "RequestEntityTooLarge", f"at most {LARGEST} bytes are read", {})
        body = self.rfile.read(int(length)) if length != "0" else b""
        return Request(self.command, self.path, body, headers)

    def _remember(self, request: Request, code: int) -> None:
        if request.method in ("GET", "HEAD", "OPTIONS") or request.path.endswith("/selfsubjectaccessreviews"):
            return
        agent, dry = request.headers.get("user-agent", ""), "dryRun=All" in request.target or b'"dryRun"' in request.body
        self.server.writes.append(Write(request.method, request.path, code, agent, dry))

    def _send(self, found: Answer) -> None:
        plain = isinstance(found.body, str)
        body = found.body.encode() if isinstance(found.body, str) else _encoded(found.body)
        self._head(found.code, "text/plain" if plain else "application/json", f"Content-Length: {len(body)}")
        self.wfile.write(self._pending + (b"" if self.command == "HEAD" else body))

    def _stream(self, feed: Feed) -> None:
        self._head(200, "application/json", "Transfer-Encoding: chunked")
        self.wfile.write(self._pending)
        for event in feed.events():
            line = _encoded(event) + b"\n"
            self.wfile.write(b"%x\r\n%b\r\n" % (len(line), line))
        self.wfile.write(b"0\r\n\r\n")

    def _head(self, code: int, media: str, length: str) -> None:
        reason = REASONS.get(code) or self.responses.get(code, ("",))[0]  # type: ignore[call-overload]
        lines = [f"HTTP/1.1 {code} {reason}", f"Content-Type: {media}", length, "Cache-Control: no-cache, private"]
        if self.close_connection:
            lines.append("Connection: close")
        self._pending = ("\r\n".join(lines) + "\r\n\r\n").encode()


def _encoded(body: Json) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()
