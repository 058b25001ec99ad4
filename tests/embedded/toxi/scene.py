"""Where probes of a toxiproxy play: its API, an echo behind its proxies, and clients before them."""

from __future__ import annotations

import json
import re
import socket
import threading
from contextlib import suppress
from http.client import HTTPConnection
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from simian_army.clock import SystemClock

Json = Any
CLOCK = SystemClock()
PATIENCE = 30.0


class Echo:
    """Says back what it hears, and ends when the other side does."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._take, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def _take(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            self._threads.append(threading.Thread(target=self._serve, args=(connection,), daemon=True))
            self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            while heard := connection.recv(65536):
                connection.sendall(heard)


class Client:
    """One connection through a proxy."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self.born = self.spoke = CLOCK.monotonic()
        self._socket = socket.create_connection((host, int(port)), PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def say(self, words: bytes = b"x") -> None:
        self.spoke = CLOCK.monotonic()
        self._socket.sendall(words)

    def flood(self) -> None:
        """Say so much that every buffer on the way there and back is full."""
        self._socket.settimeout(0.3)
        with suppress(TimeoutError):
            for _ in range(20):
                self._socket.sendall(b"x" * 1_000_000)
        self._socket.settimeout(PATIENCE)

    def hear(self, length: int = 1) -> float:
        """Seconds until so many bytes are there."""
        began, heard = CLOCK.monotonic(), 0
        while heard < length:
            part = len(self._socket.recv(65536))
            assert part, f"the connection ended after {heard} of {length} bytes"
            heard += part
        return CLOCK.monotonic() - began

    def trip(self, words: bytes = b"x") -> float:
        """Seconds there and back."""
        began = CLOCK.monotonic()
        self.say(words)
        self.hear(len(words))
        return CLOCK.monotonic() - began

    def end(self, wait: float = PATIENCE, since: float = 0.0) -> list[Json]:
        """How the connection ends: ``closed``, ``reset`` or ``open`` when it does not, and after how many seconds from
        now, or from ``since``: the other side may have begun to count before we are let on."""
        began = since or CLOCK.monotonic()
        self._socket.settimeout(wait)
        try:
            how = "data" if self._socket.recv(65536) else "closed"
        except TimeoutError:
            how = "open"
        except ConnectionResetError:
            how = "reset"
        return [how, CLOCK.monotonic() - began]


class Scene:
    """One server, embedded or real; ``begin`` and ``end`` clear it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.echo = Echo()

    def close(self) -> None:
        self.clear()
        self.echo.close()

    def clear(self) -> None:
        # a name with a slash cannot be deleted on either server: it is left alone
        for name in self.ask("GET", "/proxies")[1]:
            self.ask("DELETE", f"/proxies/{name}")

    def raw(self, method: str, path: str, body: bytes | None = None, **headers: str) -> list[Json]:
        """Status, headers by small letters, and the body."""
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=PATIENCE)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return [answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()]
        finally:
            connection.close()

    def ask(self, method: str, path: str, body: Json = None, **headers: str) -> list[Json]:
        """Status and body, as JSON if it is that."""
        sent = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        status, _, said = self.raw(method, path, sent, **headers)
        try:
            return [status, json.loads(said)]
        except ValueError:
            return [status, said.decode()]

    def proxy(self, name: str = "p", **more: Json) -> Json:
        said = {"name": name, "listen": "127.0.0.1:0", "upstream": self.echo.address, **more}
        status, made = self.ask("POST", "/proxies", said)
        assert status == 201, made
        return made

    def toxic(self, kind: str, proxy: str = "p", **more: Json) -> Json:
        fields = {"name": "t", "stream": "downstream", "toxicity": 1.0}
        said = {name: more.pop(name, value) for name, value in fields.items()}
        status, made = self.ask("POST", f"/proxies/{proxy}/toxics", {**said, "type": kind, "attributes": more})
        assert status == 200, made
        return made

    def untoxic(self, name: str = "t", proxy: str = "p") -> None:
        assert self.ask("DELETE", f"/proxies/{proxy}/toxics/{name}")[0] == 204

    def client(self, name: str = "p") -> Client:
        return Client(self.ask("GET", f"/proxies/{name}")[1]["listen"])


def near(seconds: float, wanted: float, more: float = 2.0) -> float:
    """``wanted`` if it is that, and more for a machine that others keep busy; else what it is."""
    return wanted if wanted - 0.01 <= seconds <= wanted + more else seconds


def told(answer: list[Json]) -> list[Json]:
    """An answer without what is another each time: ports, and the words of the parser."""
    status, body = answer
    text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", json.dumps(body))
    text = re.sub(r'(bad request body: (?!EOF))[^"\\]*(\\.[^"\\]*)*', r"\1...", text)
    return [status, json.loads(text)]
