"""The embedded toxiproxy: its HTTP API and its proxies on 127.0.0.1, at free ports."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from email.utils import format_datetime
from random import Random
from types import TracebackType
from typing import Any, Self

from simian_army.clock import Clock, SystemClock
from simian_army.embedded.toxi.api import Api
from simian_army.embedded.toxi.door import Door
from simian_army.embedded.toxi.forms import object_of
from simian_army.embedded.toxi.loop import LoopThread
from simian_army.embedded.toxi.talk import Reply, Request, serve

SEED = 20261123  # the same seed throws the same dice


@dataclass(frozen=True, slots=True)
class Write:
    """One write that was answered."""

    method: str
    path: str
    code: int
    user_agent: str


class ToxiServer:
    """A small toxiproxy with the proxies of ``seed``, in the form of its API; ``port`` 0 is a free one.

    ``writes`` records every write request answered.
    """

    def __init__(self, seed: Sequence[Mapping[str, Any]] = (), *, port: int = 0, clock: Clock | None = None) -> None:
        self.writes: list[Write] = []
        self._seed = seed
        self._port = port
        self._clock = clock or SystemClock()
        self._loop = LoopThread("toxi")
        self._api = Api(Random(SEED))  # noqa: S311 - a repeatable world
        self._door = Door(self._talk)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where its API listens, once it is started."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Listen.

        Raises:
            OSError: the port is taken.
            Problem: a proxy of the seed cannot be.
        """
        self._loop.start()
        try:
            self._loop.run(self._open())
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Cut every connection, close every socket and end the thread; toxics and proxies are forgotten."""
        if self._loop.running:
            self._loop.run(self._close())
        self._loop.stop()

    def apply(self, proxy: Mapping[str, Any]) -> dict[str, Any]:
        """Make a proxy as an administrator would; it as the API gives it, with the address it listens on.

        Raises:
            Problem: it cannot be.
        """
        return self._loop.run(self._made(proxy))

    async def _open(self) -> None:
        self._port = self._door.open("127.0.0.1", self._port)[1]
        for proxy in self._seed:
            await self._made(proxy)

    async def _close(self) -> None:
        await self._door.close()
        await self._api.close()
        self._api.proxies.clear()

    async def _made(self, proxy: Mapping[str, Any]) -> dict[str, Any]:
        return self._api.made(object_of(dict(proxy), "a proxy")).shown()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await serve(reader, writer, self._answer)

    async def _answer(self, request: Request) -> Reply:
        reply = await self._api.answer(request)
        if request.method != "GET":
            agent = request.headers.get("user-agent", "")
            self.writes.append(Write(request.method, request.path, reply.status, agent))
        date = format_datetime(self._clock.now(), usegmt=True)
        return replace(reply, headers={**reply.headers, "Date": date})
