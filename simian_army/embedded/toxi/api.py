"""What the HTTP API does: every route of a toxiproxy, over the proxies there are."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import Any, TypeAlias

from simian_army.embedded.toxi.forms import Json, Problem, flag, object_of, text, value_of
from simian_army.embedded.toxi.proxy import Proxy, must_be_local
from simian_army.embedded.toxi.talk import Reply, Request, cleaned
from simian_army.embedded.toxi.toxics import change, toxic_of

VERSION = "embedded"
_JSON = {"Content-Type": "application/json"}
_PLAIN = {"Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff"}
_Route: TypeAlias = Callable[["Api", tuple[str, ...], bytes], Awaitable[Reply]]


class Api:
    """The proxies by name, and the answers to requests about them."""

    def __init__(self, dice: Random) -> None:
        self.proxies: dict[str, Proxy] = {}
        self._dice = dice

    async def answer(self, request: Request) -> Reply:
        """The answer to one request; what cannot be done is answered as well."""
        if cleaned(request.path) != request.path:
            return Reply(301, headers={"Location": cleaned(request.path)})
        routes, names = _found(request.path)
        if not routes:
            return Reply(404, b"404 page not found\n", _PLAIN)
        route = routes.get(request.method)
        if route is None:
            return Reply(405)
        if request.headers.get("user-agent", "").startswith("Mozilla/"):
            return Reply(403, b"User agent not allowed\n", _PLAIN)
        try:
            return await route(self, names, request.body)
        except Problem as problem:
            return Reply(problem.status, _written({"error": problem.words, "status": problem.status}) + b"\n", _PLAIN)

    async def close(self) -> None:
        """Stop every proxy."""
        for proxy in self.proxies.values():
            await proxy.stop()

    async def version(self, names: tuple[str, ...], body: bytes) -> Reply:
        """Who answers here."""
        del names, body
        text = f'{{"version": "{VERSION}"}}\n'.encode()
        return Reply(200, text, {"Content-Type": "application/json;charset=utf-8"})

    async def reset(self, names: tuple[str, ...], body: bytes) -> Reply:
        """Start every proxy and take every toxic off."""
        del names, body
        for proxy in self.proxies.values():
            if not proxy.enabled:
                proxy.start()
            for toxic in tuple(proxy.toxics):
                proxy.remove(toxic)
        return Reply(204)

    async def list(self, names: tuple[str, ...], body: bytes) -> Reply:
        """All proxies."""
        del names, body
        return _told({name: self.proxies[name].shown() for name in sorted(self.proxies)})

    async def create(self, names: tuple[str, ...], body: bytes) -> Reply:
        """Make a proxy."""
        del names
        said = object_of(value_of(body), "a proxy")
        return _told(self.made(said).shown(), 201)

    def made(self, said: Mapping[str, Any]) -> Proxy:
        """A new proxy as ``said``, started unless that says otherwise.

        Raises:
            Problem: it cannot be.
        """
        name, listen, upstream = text(said, "name"), text(said, "listen"), text(said, "upstream")
        enabled = flag(said, "enabled", default=True)
        for field, value in (("name", name), ("upstream", upstream)):
            if not value:
                raise Problem(400, f"missing required field: {field}")
        if name in self.proxies:
            raise Problem(409, "proxy already exists")
        must_be_local(listen)
        proxy = Proxy(name, listen, upstream, self._dice)
        if enabled:
            proxy.start()
        self.proxies[name] = proxy
        return proxy

    async def populate(self, names: tuple[str, ...], body: bytes) -> Reply:
        """Make the proxies of a list; one that would be another than it is loses its toxics."""
        del names
        done: list[Json] | None = None
        try:
            wanted = _wanted(value_of(body))
            done = []
            for said in wanted:
                done.append((await self._replaced(said)).shown())
        except Problem as problem:
            return _told({"error": problem.words, "status": problem.status, "proxies": done}, problem.status)
        return _told({"proxies": done or None}, 201)

    async def _replaced(self, said: Json) -> Proxy:
        old = self.proxies.get(said["name"])
        if old is None:
            return self.made(said)
        if not old.differs(text(said, "listen"), said["upstream"]):
            return old
        await old.stop()
        proxy = Proxy(old.name, text(said, "listen"), said["upstream"], self._dice)
        if flag(said, "enabled", default=True):
            proxy.start()
        self.proxies[old.name] = proxy
        return proxy

    async def show(self, names: tuple[str, ...], body: bytes) -> Reply:
        """One proxy."""
        del body
        return _told(self._proxy(names).shown())

    async def update(self, names: tuple[str, ...], body: bytes) -> Reply:
        """Let a proxy listen or lead elsewhere, enable or disable it; its connections are cut, its toxics stay."""
        proxy = self._proxy(names)
        said = object_of(value_of(body), "a proxy")
        listen, upstream = text(said, "listen", proxy.listen), text(said, "upstream", proxy.upstream)
        enabled = flag(said, "enabled", default=proxy.enabled)
        if proxy.differs(listen, upstream):
            await proxy.stop()
            proxy.listen, proxy.upstream = listen, upstream
        if enabled and not proxy.enabled:
            proxy.start()
        if not enabled:
            await proxy.stop()
        return _told(proxy.shown())

    async def delete(self, names: tuple[str, ...], body: bytes) -> Reply:
        """Remove a proxy."""
        del body
        proxy = self._proxy(names)
        await proxy.stop()
        del self.proxies[proxy.name]
        return Reply(204)

    async def toxics(self, names: tuple[str, ...], body: bytes) -> Reply:
        """The toxics of a proxy."""
        del body
        return _told(self._proxy(names).shown()["toxics"])

    async def toxic_create(self, names: tuple[str, ...], body: bytes) -> Reply:
        """Put a toxic on a proxy."""
        proxy = self._proxy(names)
        toxic = toxic_of(value_of(body))
        proxy.add(toxic)
        return _told(toxic.shown())

    async def toxic_show(self, names: tuple[str, ...], body: bytes) -> Reply:
        """One toxic."""
        del body
        return _told(self._proxy(names).find(names[1]).shown())

    async def toxic_update(self, names: tuple[str, ...], body: bytes) -> Reply:
        """Change a toxic."""
        proxy = self._proxy(names)
        toxic = proxy.find(names[1])
        change(toxic, value_of(body))
        proxy.changed(toxic)
        return _told(toxic.shown())

    async def toxic_delete(self, names: tuple[str, ...], body: bytes) -> Reply:
        """Take a toxic off."""
        del body
        proxy = self._proxy(names)
        proxy.remove(proxy.find(names[1]))
        return Reply(204)

    def _proxy(self, names: tuple[str, ...]) -> Proxy:
        proxy = self.proxies.get(names[0])
        if proxy is None:
            raise Problem(404, "proxy not found")
        return proxy


_ROUTES: Mapping[tuple[str, ...], Mapping[str, _Route]] = {
    ("version",): {"GET": Api.version},
    ("reset",): {"POST": Api.reset},
    ("populate",): {"POST": Api.populate},
    ("proxies",): {"GET": Api.list, "POST": Api.create},
    ("proxies", "*"): {"GET": Api.show, "POST": Api.update, "PATCH": Api.update, "DELETE": Api.delete},
    ("proxies", "*", "toxics"): {"GET": Api.toxics, "POST": Api.toxic_create},
    ("proxies", "*", "toxics", "*"): {
        "GET": Api.toxic_show,
        "POST": Api.toxic_update,
        "PATCH": Api.toxic_update,
        "DELETE": Api.toxic_delete,
    },
}


def _found(path: str) -> tuple[Mapping[str, _Route], tuple[str, ...]]:
    """What can be done at a path, by method, and the names in it."""
    steps = tuple(path[1:].split("/"))
    for form, routes in _ROUTES.items():
        pairs = list(zip(form, steps, strict=False))
        if len(form) == len(steps) and all(step and want in ("*", step) for want, step in pairs):
            return routes, tuple(step for want, step in pairs if want == "*")
    return {}, ()


def _wanted(value: Any) -> list[Json]:
    if value is not None and not isinstance(value, list):
        raise Problem(400, "bad request body: json: proxies must be a list")
    wanted = [object_of(one, "a proxy") for one in value or ()]
    for at, said in enumerate(wanted, 1):
        for field in ("name", "upstream"):
            if not text(said, field):
                raise Problem(400, f"missing required field: {field} at proxy {at}")
        must_be_local(text(said, "listen"))
    return wanted


def _told(value: Any, status: int = 200) -> Reply:
    return Reply(status, _written(value), _JSON)


def _written(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode(errors="replace")
