"""What happens to data on its way: one direction of one connection, through the toxics that strike it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random

from simian_army.embedded.toxi.toxics import Toxic

_CHUNK = 1 << 15  # bytes
_DEPTH = 1024  # chunks that may be under way
_STEP = 0.1  # seconds: data beyond a bandwidth goes on in pieces of so much time
_MS = 1000


@dataclass(slots=True)
class _Chunk:
    """``since`` is the loop's time from which the next delay counts."""

    data: bytes
    since: float


class Link:
    """Reads from one side and writes to the other, until one of them ends or a toxic cuts it off."""

    def __init__(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, dice: Random) -> None:
        self._source, self._sink, self._dice = source, sink, dice
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[_Chunk | None] = asyncio.Queue(_DEPTH)
        self._struck: list[Toxic] = []
        self._free: dict[Toxic, float] = {}
        self._alarms: dict[Toxic, asyncio.TimerHandle] = {}
        self._task: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Pass on what comes, to the end; then the other side is closed altogether."""
        self._task = asyncio.current_task()
        reading = asyncio.create_task(self._read())
        try:
            with suppress(OSError):
                while chunk := await self._queue.get():
                    await self._pass(chunk, tuple(self._struck))
                await self._end()
        finally:
            for alarm in self._alarms.values():
                alarm.cancel()
            reading.cancel()
            self._sink.close()
            await asyncio.gather(reading, return_exceptions=True)

    def add(self, toxics: Iterable[Toxic]) -> None:
        """Let toxics strike from now on, if the dice say so for this connection."""
        for toxic in toxics:
            if self._dice.random() < toxic.toxicity:
                self._struck.append(toxic)
                self._arm(toxic)

    def remove(self, toxic: Toxic) -> None:
        """Take a toxic off. A connection whose data one kept back cannot go on, so it ends."""
        if toxic not in self._struck:
            return
        self._forget(toxic)
        if toxic.type == "timeout":
            self._cut()

    def change(self, toxic: Toxic) -> None:
        """A toxic is another than before: the dice are thrown anew."""
        if toxic in self._struck:
            self._forget(toxic)
        self.add([toxic])

    def _forget(self, toxic: Toxic) -> None:
        self._struck.remove(toxic)
        self._free.pop(toxic, None)
        alarm = self._alarms.pop(toxic, None)
        if alarm:
            alarm.cancel()

    def _arm(self, toxic: Toxic) -> None:
        """A timeout runs from its beginning, and anew from each time that it swallows something."""
        if toxic.type != "timeout" or toxic.attributes["timeout"] <= 0:
            return
        old = self._alarms.pop(toxic, None)
        if old:
            old.cancel()
        self._alarms[toxic] = self._loop.call_later(toxic.attributes["timeout"] / _MS, self._cut)

    def _cut(self) -> None:
        if self._task:
            self._task.cancel()

    async def _read(self) -> None:
        with suppress(OSError):
            while data := await self._source.read(_CHUNK):
                await self._queue.put(_Chunk(data, self._loop.time()))
        await self._queue.put(None)

    async def _end(self) -> None:
        for toxic in tuple(self._struck):
            if toxic.type == "reset_peer":
                await self._wait(toxic, toxic.attributes["timeout"] / _MS)

    async def _pass(self, chunk: _Chunk, toxics: Sequence[Toxic]) -> None:
        """Through each of ``toxics`` that is still there, and out."""
        for at, toxic in enumerate(toxics):
            if toxic not in self._struck:
                continue
            if toxic.type == "timeout":
                self._arm(toxic)
                return
            if toxic.type == "reset_peer":
                await self._reset(toxic)
            elif toxic.type == "bandwidth":
                await self._squeeze(chunk, toxic, toxics[at + 1 :])
                return
            else:
                await self._delay(chunk, toxic)
        await self._write(chunk.data)

    async def _write(self, data: bytes) -> None:
        if self._sink.is_closing():
            raise ConnectionResetError("the other side is closed")
        self._sink.write(data)
        await self._sink.drain()

    async def _reset(self, toxic: Toxic) -> None:
        await self._wait(toxic, toxic.attributes["timeout"] / _MS)
        raise ConnectionResetError("reset by a toxic")

    async def _delay(self, chunk: _Chunk, toxic: Toxic) -> None:
        latency, jitter = toxic.attributes["latency"], toxic.attributes["jitter"]
        if jitter > 0:
            latency += self._dice.randrange(-jitter, jitter)
        chunk.since += latency / _MS
        await self._wait(toxic, chunk.since - self._loop.time())

    async def _squeeze(self, chunk: _Chunk, toxic: Toxic, rest: Sequence[Toxic]) -> None:
        """Send on in pieces, each when the rate allows it; all that is left at once when the toxic is over."""
        data = chunk.data
        while data and toxic in self._struck:
            rate = toxic.attributes["rate"] * _MS  # bytes a second
            if rate <= 0:
                await toxic.over.wait()
                continue
            piece = data[: max(1, int(rate * _STEP))]
            ready = max(self._free.get(toxic, 0.0), self._loop.time()) + len(piece) / rate
            self._free[toxic] = ready
            if await self._wait(toxic, ready - self._loop.time()):
                continue
            data = data[len(piece) :]
            await self._pass(_Chunk(piece, self._loop.time()), rest)
        if data:
            await self._pass(_Chunk(data, self._loop.time()), rest)

    async def _wait(self, toxic: Toxic, seconds: float) -> bool:
        """Wait so long because of a toxic; True if it was over before."""
        if seconds <= 0:
            return False
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await toxic.over.wait()
                return True
        return False
