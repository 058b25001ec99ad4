"""Whether the servers are there, and what is amiss with how they are set up."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from simian_army.errors import PlatformError
from simian_army.model import Evidence, Selector
from simian_army.targets.proxies.finding import meant
from simian_army.targets.proxies.server import Server


def answers(server: Server) -> Evidence:
    """Whether a toxiproxy answers and lists its proxies."""
    before = server.unreadable
    try:
        version, proxies = server.version(), server.proxies()
    except PlatformError as error:
        return Evidence(holds=False, detail=str(error))
    bad = server.unreadable - before
    left_out = f", {bad} left out because they make no sense" if bad else ""
    return Evidence(holds=True, detail=f"{server.endpoint}: toxiproxy {version}, {len(proxies)} proxies{left_out}")


def exposure(server: Server) -> Iterator[Evidence]:
    """A warning when others than this machine may reach an API that asks nobody who he is."""
    if loopback(server.endpoint):
        return
    words = "its API has no authentication: whoever reaches it can do as we do; let only this agent reach it"
    yield Evidence(holds=True, detail=f"warning: {server.endpoint} is not on loopback, and {words}")


def leads(servers: Sequence[Server], selector: Selector) -> Iterator[Evidence]:
    """What is wrong with a selector."""
    try:
        chosen = meant(servers, selector)
    except PlatformError as error:
        yield Evidence(holds=False, detail=str(error))
        return
    if not chosen:
        known = ", ".join(server.place for server in servers)
        yield Evidence(holds=False, detail=f"no endpoint matches {', '.join(selector.scopes)}; there are {known}")


def loopback(endpoint: str) -> bool:
    """Whether a URL stays on this machine."""
    host = urlsplit(endpoint).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
