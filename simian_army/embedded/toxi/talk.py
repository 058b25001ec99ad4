"""How requests come in: as much of HTTP/1.1 as clients of a toxiproxy speak."""

from __future__ import annotations

import asyncio
import posixpath
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TypeAlias
from urllib.parse import unquote

_MOST = 1 << 20  # bytes of a body


@dataclass(frozen=True, slots=True)
class Request:
    """``path`` is decoded and without its query; the names of ``headers`` are in small letters."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Answer: TypeAlias = Callable[[Request], Awaitable[Reply]]


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: Answer) -> None:
    """Answer every request of one connection, until either side has enough of it."""
    with suppress(OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        while await _one(reader, writer, answer):
            pass


def cleaned(path: str) -> str:
    """The path without empty and dotted steps, as routers redirect to."""
    plain = posixpath.normpath("/" + path.lstrip("/"))
    return plain if plain == "/" or not path.endswith("/") else f"{plain}/"


async def _one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: Answer) -> bool:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, protocol = first.split(" ")
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines) if name
    }
    length = int(headers.get("content-length") or 0)
    stays = protocol == "HTTP/1.1" and headers.get("connection", "").lower() != "close"
    if length > _MOST or "transfer-encoding" in headers:
        writer.write(_written(method, Reply(413, b"send a small body with its length\n"), stays=False))
        await writer.drain()
        return False
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = await reader.readexactly(length)
    reply = await answer(Request(method, unquote(target.partition("?")[0], errors="replace"), headers, body))
    writer.write(_written(method, reply, stays=stays))
    await writer.drain()
    return stays


def _written(method: str, reply: Reply, *, stays: bool) -> bytes:
    lines = [f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in reply.headers.items()]
    if reply.status != 204:
        lines.append(f"Content-Length: {len(reply.body)}")
    if not stays:
        lines.append("Connection: close")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (b"" if method == "HEAD" else reply.body)
