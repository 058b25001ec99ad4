"""Where connections come in and go on to: one proxy with its toxics."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from contextlib import suppress
from random import Random

from simian_army.embedded.toxi.door import Door
from simian_army.embedded.toxi.forms import Json, Problem
from simian_army.embedded.toxi.link import Link
from simian_army.embedded.toxi.toxics import STREAMS, Toxic

_RESET = struct.pack("ii", 1, 0)  # linger for no time: closing drops what is unsent and resets
_LOCAL = {"": "127.0.0.1", "localhost": "127.0.0.1", "::1": "::1"}


class Proxy:
    """Listens on loopback only. Its toxics stay when it is stopped and started again."""

    def __init__(self, name: str, listen: str, upstream: str, dice: Random) -> None:
        self.name, self.listen, self.upstream = name, listen, upstream
        self.enabled = False
        self.toxics: list[Toxic] = []
        self._dice = dice
        self._door = Door(self._attend)
        self._links: list[tuple[str, Link]] = []

    def shown(self) -> Json:
        """As the API gives it: the toxics of the way up come first."""
        toxics = [toxic.shown() for stream in STREAMS for toxic in self.toxics if toxic.direction == stream]
        return {
            "name": self.name,
            "listen": self.listen,
            "upstream": self.upstream,
            "enabled": self.enabled,
            "toxics": toxics,
        }

    def differs(self, listen: str, upstream: str) -> bool:
        """Whether it would have to be started anew to be so.

        Raises:
            Problem: nothing can listen there.
        """
        return self.listen != joined(*place_of(listen)) or self.upstream != upstream

    def start(self) -> None:
        """Listen; the port is chosen now when it is 0.

        Raises:
            Problem: nothing can listen there.
        """
        host, port = place_of(self.listen)
        try:
            self.listen = joined(*self._door.open(host, port))
        except (OSError, OverflowError) as error:
            raise Problem(500, f"listen tcp {joined(host, port)}: bind: {_words(error)}") from error
        self.enabled = True

    async def stop(self) -> None:
        """Listen no more, and cut every connection."""
        self.enabled = False
        await self._door.close()

    def find(self, name: str) -> Toxic:
        """One of its toxics.

        Raises:
            Problem: it has none of that name.
        """
        for toxic in self.toxics:
            if toxic.name == name:
                return toxic
        raise Problem(404, "toxic not found")

    def add(self, toxic: Toxic) -> None:
        """Put a toxic on it, which strikes the connections there are as well.

        Raises:
            Problem: it has one of that name.
        """
        if any(toxic.name == other.name for other in self.toxics):
            raise Problem(409, "toxic already exists")
        self.toxics.append(toxic)
        for link in self._of(toxic):
            link.add([toxic])

    def remove(self, toxic: Toxic) -> None:
        """Take a toxic off; data that it kept back goes on at once."""
        self.toxics.remove(toxic)
        for link in self._of(toxic):
            link.remove(toxic)
        toxic.over.set()

    def changed(self, toxic: Toxic) -> None:
        """A toxic is another than before."""
        for link in self._of(toxic):
            link.change(toxic)

    def _of(self, toxic: Toxic) -> list[Link]:
        return [link for stream, link in self._links if stream == toxic.direction]

    async def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, ValueError):  # the upstream is not there: the connection ends
            await self._lead_on(reader, writer)

    async def _lead_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, _, port = self.upstream.rpartition(":")
        there, upstream = await asyncio.open_connection(host.strip("[]"), int(port))
        ways = [("upstream", Link(reader, upstream, self._dice)), ("downstream", Link(there, writer, self._dice))]
        for stream, link in ways:
            link.add(toxic for toxic in self.toxics if toxic.direction == stream)
        if any(toxic.type == "reset_peer" for toxic in self.toxics):
            for side in (writer, upstream):
                side.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._links += ways
        try:
            await asyncio.gather(*(link.run() for _, link in ways), return_exceptions=True)
        except asyncio.CancelledError:
            upstream.transport.abort()
            raise
        finally:
            for way in ways:
                self._links.remove(way)
            upstream.close()


def place_of(listen: str) -> tuple[str, int]:
    """Host and port of an address to listen on.

    Raises:
        Problem: it is none, or not on loopback.
    """
    if not listen:
        return "127.0.0.1", 0
    host, colon, port = listen.rpartition(":")
    if not colon or not port.isdigit():
        raise Problem(500, f"listen tcp: address {listen}: missing port in address")
    must_be_local(listen)
    host = host.strip("[]")
    return _LOCAL.get(host, host), int(port)


def must_be_local(listen: str) -> None:
    """Let nobody else than this machine reach a proxy.

    Raises:
        Problem: the address has another host than loopback's.
    """
    host = listen.rpartition(":")[0].strip("[]")
    if host not in _LOCAL and not host.startswith("127."):
        raise Problem(400, f"the embedded toxiproxy listens on loopback only, not on {host}")


def joined(host: str, port: int) -> str:
    """``host:port``, with brackets where they are needed."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _words(error: Exception) -> str:
    code = getattr(error, "errno", None)
    return os.strerror(code).lower() if code else str(error)
