"""The adapter before servers that say exactly what a test tells them to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from simian_army.model import Mark, Target
from simian_army.targets.proxies.finding import id_of
from simian_army.targets.proxies.place import Place
from simian_army.targets.toxi import Toxiproxy
from tests.targets.kube.stub import Reply, Request

FLEET, KEY = "shop-eu", b"a key of the fleet"
MARK = Mark(FLEET, "abcdefgh27", "proxy-latency", datetime(2030, 1, 1, tzinfo=UTC), {}, "")
LATENCY = {"type": "latency", "stream": "downstream", "toxicity": 1.0, "attributes": {"latency": 50, "jitter": 0}}


@contextmanager
def connected(*urls: str, **options: Any) -> Iterator[Toxiproxy]:
    """The adapter at ``urls``; without real waits if a clock is given."""
    clock = options.pop("clock", None)
    place = Place(urls, **{"fleet": FLEET, "key": KEY, "timeout": 30.0, **options})
    toxiproxy = Toxiproxy.connect(place, clock)
    try:
        yield toxiproxy
    finally:
        toxiproxy.close()


def at(url: str, name: str) -> Target:
    """A proxy as a target, without asking anybody."""
    return Target("toxiproxy", "proxy", id_of(url, name), name, url.rpartition("/")[2], "", None, {})


def said(name: str, *toxics: str, **more: Any) -> dict[str, Any]:
    """A proxy as the API says it."""
    shown = [{**LATENCY, "name": toxic} for toxic in toxics]
    fields = {"listen": "127.0.0.1:1", "upstream": "127.0.0.1:2", "enabled": True, "toxics": shown}
    return {"name": name, **fields, **more}


def listed(*proxies: Any) -> Reply:
    """The list of proxies."""
    return Reply(200, {proxy["name"]: proxy for proxy in proxies})


def no(status: int, words: str) -> Reply:
    """A bad answer as the server words it."""
    return Reply(status, {"error": words, "status": status})


def always(reply: Reply) -> Callable[[Request], Reply]:
    """A server that has one answer."""
    return lambda _: reply
