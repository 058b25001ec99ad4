"""Where connections come in: a listener that gives each to a task, and ends all of them when it is closed."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeAlias

Serve: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
_WAITING = 128


class Door:
    """A listener of our own: that of asyncio loses a connection which comes in while it is closed."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self._socket: socket.socket | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self, host: str, port: int) -> tuple[str, int]:
        """Listen; the address it then is, with the port that was chosen when it was 0.

        Raises:
            OSError, OverflowError: nothing can listen there.
        """
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, port), family=family, backlog=_WAITING)
        self._socket.setblocking(False)  # noqa: FBT003 - the standard library's signature
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._take, self._socket)
        name = self._socket.getsockname()
        return name[0], name[1]

    async def close(self) -> None:
        """Listen no more, and cut every connection; nothing when it is not open."""
        if self._socket is None:
            return
        asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._socket.close()
        self._socket = None
        await asyncio.sleep(0)  # a task that never began could not clean up
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _take(self, listener: socket.socket) -> None:
        with suppress(OSError):
            connection, _ = listener.accept()
            task = asyncio.create_task(self._attend(connection))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _attend(self, connection: socket.socket) -> None:
        connection.setblocking(False)  # noqa: FBT003 - the standard library's signature
        reader, writer = await asyncio.open_connection(sock=connection)
        try:
            await self._serve(reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()
            raise
        finally:
            writer.close()
