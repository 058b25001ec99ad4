"""Toxiproxy: where proxies live, and the toxics put on them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from simian_army.clock import Clock, SystemClock
from simian_army.contract import FaultKind
from simian_army.dating import read
from simian_army.errors import PlatformError, SimianError
from simian_army.model import Evidence, Health, Identity, Json, Mark, Selector, Target
from simian_army.ports import Removal
from simian_army.targets.proxies.checks import answers, exposure, leads
from simian_army.targets.proxies.clearing import Toxic, cleared
from simian_army.targets.proxies.finding import PLATFORM, facts_of, found, id_of, meant, target_of
from simian_army.targets.proxies.marking import signed
from simian_army.targets.proxies.names import toxic_name
from simian_army.targets.proxies.place import Place
from simian_army.targets.proxies.server import Server
from simian_army.targets.proxies.wire import Wire

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Toxiproxy:
    """The servers of a fleet, as ``model.Platform`` and ``ports.ToxiproxyPort``; may be used by many threads."""

    place: Place
    servers: tuple[Server, ...]
    name: str = PLATFORM

    @classmethod
    def connect(cls, place: Place, clock: Clock | None = None) -> Toxiproxy:
        """Make ready to speak with the servers that ``place`` names; the first request connects.

        Raises:
            ConfigError: what the place names cannot be used.
        """
        time = clock or SystemClock()
        return cls(place, tuple(Server(Wire(url, place.timeout, time)) for url in place.urls()))

    def close(self) -> None:
        """End the idle connections."""
        for server in self.servers:
            server.wire.close()

    @property
    def unreadable(self) -> int:
        """How many proxies were left out of lists so far because they made no sense."""
        return sum(server.unreadable for server in self.servers)

    def find(self, selector: Selector) -> list[Target]:
        asked = _each(meant(self.servers, selector), partial(found, selector=selector))
        return [target for targets in asked for target in targets]

    def read(self, target: Target) -> Target | None:
        said = self.get(target)
        return None if said is None else target_of(self._server(target), said, facts_of(said))

    def health(self, target: Target, *, floors: bool = False) -> Health:
        del floors  # nobody keeps proxies for their number
        said = self.get(target)
        if said is None:
            return Health(whole=False, ready=0, wanted=1, detail=f"{target} is gone")
        enabled = said["enabled"]
        return Health(enabled, int(enabled), 1, f"{target} is {'enabled' if enabled else 'disabled'}")

    def identity(self, target: Target) -> Identity:
        server = self._server(target)
        return replace(self._identity(server), clock=read(server.wire.dated, server.wire.clock))

    def identities(self) -> Sequence[Identity]:
        return tuple(_each(self.servers, self._identity))

    def marked(self, scopes: Collection[str] = ()) -> Iterator[tuple[Target, Mark | None]]:
        """Every proxy and toxic of it that bears our fleet's name; None for a name that this fleet did not write."""
        del scopes  # the servers of config are all that is known
        for server, proxies in zip(self.servers, _each(self.servers, Server.proxies), strict=True):
            for said in proxies:
                target = target_of(server, said, facts_of(said))
                for name, mark in signed(self.place, server.endpoint, said):
                    yield (target if mark else replace(target, facts={"mark": name})), mark

    def check(self, kinds: Sequence[FaultKind], selectors: Sequence[Selector] = ()) -> Iterator[Evidence]:
        del kinds  # a toxiproxy has no permissions: whoever reaches it may do everything
        yield from _each(self.servers, answers)
        for server in self.servers:
            yield from exposure(server)
        for selector in selectors:
            yield from leads(self.servers, selector)

    def get(self, target: Target) -> dict[str, Any] | None:
        return self._server(target).get(target.name)

    def toxic(self, target: Target, mark: Mark) -> str:
        return toxic_name(self.place.key, self._server(target).endpoint, target.name, mark)

    def add(self, target: Target, mark: Mark, toxic: Json) -> None:
        self._server(target).add(target.name, self.toxic(target, mark), toxic)

    def remove(self, target: Target, mark: Mark) -> bool:
        return self._server(target).remove(target.name, self.toxic(target, mark))

    def remove_all(self, toxics: Sequence[tuple[Target, Mark]]) -> list[Removal]:
        became: dict[int, Removal] = {}
        found: defaultdict[str, list[tuple[int, Toxic]]] = defaultdict(list)
        for number, (target, mark) in enumerate(toxics):
            try:
                found[self._server(target).endpoint].append((number, (target.name, self.toxic(target, mark))))
            except SimianError as error:  # its server is not ours, or its mark none: no reason to leave the others
                became[number] = Removal(trouble=str(error))
        servers = [server for server in self.servers if server.endpoint in found]

        def clear(server: Server) -> list[Removal]:
            return cleared(server, [toxic for _, toxic in found[server.endpoint]])

        for server, removals in zip(servers, _each(servers, clear), strict=True):
            became.update(zip((number for number, _ in found[server.endpoint]), removals, strict=True))
        return [became[number] for number in range(len(toxics))]

    def _server(self, target: Target) -> Server:
        for server in self.servers:
            if target.id == id_of(server.endpoint, target.name):
                return server
        known = ", ".join(server.endpoint for server in self.servers)
        hint = "add its server to platforms.toxiproxy.endpoints"
        raise PlatformError(f"toxiproxy: {target.id} is on no endpoint of config ({known}): {hint}")

    def _identity(self, server: Server) -> Identity:
        server.version()
        return Identity(self.name, server.endpoint, server.endpoint, self.place.embedded)


def _each(servers: Sequence[Server], ask: Callable[[Server], T]) -> list[T]:
    """The answer of each server, all asked side by side; the first that cannot answer is raised."""
    if len(servers) < 2:
        return [ask(server) for server in servers]
    with ThreadPoolExecutor(min(len(servers), 16), "toxiproxy") as pool:
        return list(pool.map(ask, servers))
