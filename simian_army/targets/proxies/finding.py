"""Which proxies match a selector, as targets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from simian_army.errors import PlatformError
from simian_army.model import Json, Selector, Target
from simian_army.targets.proxies.server import Server
from simian_army.targets.scopes import Scopes

PLATFORM = "toxiproxy"
PROXY = "proxy"


def id_of(endpoint: str, name: str) -> str:
    """What a proxy is known by everywhere: the URL of its API."""
    return f"{endpoint}/proxies/{quote(name, safe='')}"


def target_of(server: Server, said: Json, facts: Json) -> Target:
    """The target that a proxy is. It has no owner, no labels, and the server does not tell since when it is there."""
    name = said["name"]
    return Target(PLATFORM, PROXY, id_of(server.endpoint, name), name, server.place, "", None, {}, (), facts)


def facts_of(said: Json) -> dict[str, Any]:
    """What is known of a proxy that was read whole."""
    toxics = sorted(toxic["name"] for toxic in said["toxics"])
    return {**{name: said[name] for name in ("enabled", "listen", "upstream")}, "toxics": toxics}


def found(server: Server, selector: Selector) -> list[Target]:
    """All proxies of one server that match, enabled or not, by name."""
    names = Scopes((selector.names,))
    wanted = {"enabled", *selector.facts}
    return [
        target_of(server, said, {name: fact for name, fact in facts_of(said).items() if name in wanted})
        for said in sorted(server.proxies(), key=lambda said: str(said["name"]))
        if said["name"] in names
    ]


def meant(servers: Sequence[Server], selector: Selector) -> list[Server]:
    """The servers that a selector leads to.

    Raises:
        PlatformError: it asks for what a toxiproxy does not have.
    """
    if selector.kind != PROXY:
        raise PlatformError(f"toxiproxy: no target kind is called {selector.kind!r}; known: {PROXY}")
    if selector.labels or selector.fields:
        raise PlatformError("toxiproxy: proxies have no labels: select by names")
    scopes = Scopes((selector.scopes,))
    return [server for server in servers if server.place in scopes]
