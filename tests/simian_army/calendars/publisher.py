"""A web server on loopback that publishes a calendar, and does what the test tells it to."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Publisher:
    """What it answers: ``body`` with ``code`` and ``headers``, not before ``go`` is set; ``asked`` are the requests."""

    body: bytes = b""
    code: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    go: threading.Event = field(default_factory=threading.Event)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/private-0123456789/freeze.ics"


@contextmanager
def publishing(body: bytes) -> Iterator[Publisher]:
    said = Publisher(body)
    said.go.set()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            said.asked.append((self.path, self.headers.get("Authorization")))
            said.go.wait(60)
            self.send_response(said.code)
            for name, value in said.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(said.body)))
            self.end_headers()
            self.wfile.write(said.body)

        def log_message(self, *said: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        said.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=[0.02], daemon=True)
        thread.start()
        try:
            yield said
        finally:
            said.go.set()
            server.shutdown()
            thread.join()
