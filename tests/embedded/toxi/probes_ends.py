"""Probes: how connections end."""

from __future__ import annotations

from tests.embedded.toxi.probes import Table
from tests.embedded.toxi.scene import CLOCK, PATIENCE, Json, Scene, near

probe = Table()


@probe("disabling a proxy cuts its connections and takes no new ones", [True, "refused", 0.0])
def _(at: Scene) -> Json:
    at.proxy()
    with at.client() as client:
        client.trip()
        at.ask("PATCH", "/proxies/p", {"enabled": False})
        how = client.end()[0]
    try:
        at.client()
        new = "taken"
    except ConnectionRefusedError:
        new = "refused"
    at.ask("PATCH", "/proxies/p", {"enabled": True})
    with at.client() as fresh:
        return [how in ("closed", "reset"), new, near(fresh.trip(), 0.0)]


@probe("deleting a proxy cuts its connections", True)
def _(at: Scene) -> Json:
    at.proxy()
    with at.client() as client:
        client.trip()
        at.ask("DELETE", "/proxies/p")
        return client.end()[0] in ("closed", "reset")


@probe("taking a toxic off leaves connections alone", 0.0)
def _(at: Scene) -> Json:
    at.proxy()
    with at.client() as client:
        for kind, attribute in (("latency", "latency"), ("bandwidth", "rate")):
            more: dict[str, Json] = {attribute: 50}
            at.toxic(kind, **more)
            client.trip()
            at.untoxic()
        return near(client.trip(), 0.0)


@probe("an upstream that refuses ends the connection", True)
def _(at: Scene) -> Json:
    at.proxy(upstream="127.0.0.1:1")
    with at.client() as client:
        how, after = client.end()
        return how in ("closed", "reset") and after < PATIENCE / 2


@probe("a side that says it is done is closed altogether", True)
def _(at: Scene) -> Json:
    at.proxy()
    with at.client() as client:
        client.trip()
        began = CLOCK.monotonic()
        client._socket.shutdown(1)
        how = client.end()[0]
        return how in ("closed", "reset") and CLOCK.monotonic() - began < PATIENCE / 2


@probe("a timeout does not keep a connection that its other side ends", True)
def _(at: Scene) -> Json:
    at.proxy()
    at.toxic("timeout", timeout=20_000)
    with at.client() as client:
        client._socket.shutdown(1)
        how, after = client.end()
        return how in ("closed", "reset") and after < 10
