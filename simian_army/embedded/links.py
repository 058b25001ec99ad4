"""The links that the demo shows: proxies of an embedded toxiproxy in front of a small shop."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from simian_army.embedded.toxi import Backend, ToxiServer

OPTED_IN = "shop-*"
"""The names of the proxies that the demo's config lets opt in."""


@dataclass(frozen=True, slots=True)
class Links:
    """A toxiproxy by the ``url`` of its API; ``front`` is where its proxy ``shop-web`` listens, as a URL."""

    url: str
    front: str
    server: ToxiServer


@contextmanager
def demo_links() -> Iterator[Links]:
    """Three proxies that lead to the same shop: ``shop-web`` and ``shop-cart``, and ``till-bank``, which stays out."""
    with Backend() as shop, ToxiServer() as server:
        made = {
            name: server.apply({"name": name, "listen": "127.0.0.1:0", "upstream": shop.address})
            for name in ("shop-web", "shop-cart", "till-bank")
        }
        yield Links(server.url, f"http://{made['shop-web']['listen']}", server)
