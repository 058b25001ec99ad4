"""What a proxy leads to in demos: a shop that says ok, and how long one request to it takes."""

from __future__ import annotations

import asyncio
from http.client import HTTPConnection
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from simian_army.clock import SystemClock
from simian_army.embedded.toxi.door import Door
from simian_army.embedded.toxi.loop import LoopThread
from simian_army.embedded.toxi.talk import Reply, Request, serve

_PATIENCE = 30.0  # seconds


class Backend:
    """Answers 200 ``ok`` to whatever is asked, on 127.0.0.1."""

    def __init__(self) -> None:
        self._loop = LoopThread("shop")
        self._door = Door(self._talk)
        self.address = ""

    def __enter__(self) -> Self:
        self._loop.start()
        self._loop.run(self._open())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._loop.run(self._door.close())
        self._loop.stop()

    @property
    def url(self) -> str:
        """Where it listens; ``address`` is the same as ``host:port``, for a proxy's ``upstream``."""
        return f"http://{self.address}"

    async def _open(self) -> None:
        self.address = "{}:{}".format(*self._door.open("127.0.0.1", 0))

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await serve(reader, writer, self._answer)

    async def _answer(self, request: Request) -> Reply:
        del request
        return Reply(200, b"ok", {"Content-Type": "text/plain"})


def seconds(url: str) -> float:
    """How long one request takes, over a connection of its own, to the last byte of the answer.

    Raises:
        OSError, http.client.HTTPException: there was no answer.
    """
    clock, parts = SystemClock(), urlsplit(url)
    began = clock.monotonic()
    connection = HTTPConnection(parts.netloc, timeout=_PATIENCE)
    try:
        connection.request("GET", parts.path or "/")
        connection.getresponse().read()
    finally:
        connection.close()
    return clock.monotonic() - began
