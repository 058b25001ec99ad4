"""A real receiver of web hooks on loopback, which answers as it is told to: well, with an error, or never."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Receiver:
    """``answers`` are the status codes to come, then 200; ``hang`` keeps every answer back until ``free`` is set."""

    port: int = 0
    answers: list[int] = field(default_factory=list)
    hang: bool = False
    free: threading.Event = field(default_factory=threading.Event)
    got: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    def url(self, secret: str = "hook", **more: str) -> str:
        asked = "".join(f"&{name}={value}" for name, value in more.items())
        return f"json://127.0.0.1:{self.port}/{secret}?rto=30&cto=20{asked}"


@contextmanager
def receiver() -> Iterator[Receiver]:
    made = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.paths.append(self.path)
            made.got.append(json.loads(body))
            if made.hang:
                made.free.wait(30)
            status = made.answers.pop(0) if made.answers else 200
            self.send_response(status)
            if status == 302:
                self.send_header("Location", f"http://127.0.0.1:{made.port}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            """Where a redirect leads."""
            made.paths.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        made.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield made
        finally:
            made.free.set()
            server.shutdown()
            thread.join()


class Breaks:
    """A notifier of a stranger, which never works."""

    def send(self, notice: object) -> None:
        raise RuntimeError(f"cannot send {notice!r}")
