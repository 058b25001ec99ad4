"""A server that speaks the API's way to run commands: websocket frames, each with the number of its channel before it."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
SUCCESS = {"metadata": {}, "status": "Success"}
STDOUT, STDERR, ERROR, CLOSE = 1, 2, 3, 255


def exited(code: int) -> dict[str, Any]:
    """What the API says of a command that ended so."""
    causes = [{"reason": "ExitCode", "message": str(code)}]
    return {"status": "Failure", "reason": "NonZeroExitCode", "details": {"causes": causes}}


@dataclass
class Talk:
    """What is answered: with a ``status`` no websocket comes about; else the frames, then the end, or silence."""

    frames: Sequence[tuple[int, Any]] = ((ERROR, SUCCESS),)
    status: int = 101
    body: Any = None
    speaks: str = "v5.channel.k8s.io"
    hangs: bool = False
    asked: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def talking(talk: Talk) -> Iterator[str]:
    """The URL of a server on loopback; each connection is answered as ``talk`` says."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.1)

        def serve() -> None:
            while not over.is_set():
                try:
                    connection, _ = listening.accept()
                except TimeoutError:
                    continue
                with connection:
                    _answer(connection, talk, over)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            over.set()
            thread.join()


def _answer(connection: socket.socket, talk: Talk, over: threading.Event) -> None:
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(4096)
    first, *lines = head.decode().split("\r\n")
    headers = {key.lower(): value for key, _, value in (line.partition(": ") for line in lines if line)}
    parts = urlsplit(first.split()[1])
    talk.asked.append({"method": first.split()[0], "path": parts.path, "query": parse_qsl(parts.query), **headers})
    if talk.status != 101:
        body = json.dumps(talk.body).encode()
        connection.sendall(f"HTTP/1.1 {talk.status} No\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        return
    accept = base64.b64encode(hashlib.sha1((headers["sec-websocket-key"] + MAGIC).encode()).digest()).decode()
    agreed = f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n"
    connection.sendall(f"{agreed}Sec-WebSocket-Protocol: {talk.speaks}\r\n\r\n".encode())
    for channel, said in talk.frames:
        raw = said if isinstance(said, bytes) else json.dumps(said).encode()
        connection.sendall(_frame(2, bytes([channel]) + raw))
    if talk.hangs:
        over.wait(60)
    else:
        connection.sendall(_frame(8, (1000).to_bytes(2, "big")))


def _frame(kind: int, payload: bytes) -> bytes:
    size = bytes([len(payload)]) if len(payload) < 126 else b"\x7e" + len(payload).to_bytes(2, "big")
    return bytes([0x80 | kind]) + size + payload
