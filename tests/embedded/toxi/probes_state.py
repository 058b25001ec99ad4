"""Probes: what the server keeps when it is asked to change."""

from __future__ import annotations

from tests.embedded.toxi.probes import Table
from tests.embedded.toxi.probes_api import PORT, PROXY, plain
from tests.embedded.toxi.scene import Json, Scene, told

probe = Table()


@probe("the list of proxies", [200, {"p": PROXY, "q": {**PROXY, "name": "q", "enabled": False, "listen": PORT}}])
def _(at: Scene) -> Json:
    at.proxy("q", enabled=False)
    at.proxy()
    said = at.ask("GET", "/proxies")
    return told(plain([said[0], {name: said[1][name] for name in ("p", "q")}]))


@probe("a proxy that is disabled keeps the port it asked for", "127.0.0.1:0")
def _(at: Scene) -> Json:
    return at.proxy(enabled=False)["listen"]


@probe("a port that is taken", [500, True])
def _(at: Scene) -> Json:
    taken = at.proxy()["listen"]
    status, said = at.ask("POST", "/proxies", {"name": "q", "listen": taken, "upstream": "127.0.0.1:9"})
    return [status, said["error"] == f"listen tcp {taken}: bind: address already in use"]


@probe("the order of toxics: those of the way up first", ["c", "a", "b"])
def _(at: Scene) -> Json:
    at.proxy()
    for name, stream in (("a", "downstream"), ("b", "downstream"), ("c", "upstream")):
        at.toxic("latency", name=name, stream=stream)
    return [toxic["name"] for toxic in at.ask("GET", "/proxies/p/toxics")[1]]


@probe("a disabled proxy keeps its toxics and its port", [False, True, True, ["t"]])
def _(at: Scene) -> Json:
    before = at.proxy()["listen"]
    at.toxic("latency")
    off = at.ask("PATCH", "/proxies/p", {"enabled": False})[1]
    on = at.ask("POST", "/proxies/p", {"enabled": True})[1]
    return [off["enabled"], on["enabled"], on["listen"] == before, [toxic["name"] for toxic in on["toxics"]]]


@probe("another upstream leaves the toxics", ["127.0.0.1:9", True, ["t"]])
def _(at: Scene) -> Json:
    at.proxy()
    at.toxic("latency")
    said = at.ask("PATCH", "/proxies/p", {"upstream": "127.0.0.1:9"})[1]
    return [said["upstream"], said["enabled"], [toxic["name"] for toxic in said["toxics"]]]


@probe("a population that is as it is changes nothing", [True, ["t"]])
def _(at: Scene) -> Json:
    made = at.proxy()
    at.toxic("latency")
    _, said = at.ask("POST", "/populate", [{name: made[name] for name in ("name", "listen", "upstream")}])
    (only,) = said["proxies"]
    return [only["listen"] == made["listen"], [toxic["name"] for toxic in only["toxics"]]]


@probe("a population with another port drops the toxics", [201, False, []])
def _(at: Scene) -> Json:
    made = at.proxy()
    at.toxic("latency")
    status, said = at.ask("POST", "/populate", [{"name": "p", "listen": "127.0.0.1:0", "upstream": made["upstream"]}])
    return [status, said["proxies"][0]["listen"] == made["listen"], at.ask("GET", "/proxies/p/toxics")[1]]


@probe("a reset enables proxies and takes toxics off", [True, []])
def _(at: Scene) -> Json:
    at.proxy()
    at.toxic("latency")
    at.ask("PATCH", "/proxies/p", {"enabled": False})
    at.ask("POST", "/reset")
    said = at.ask("GET", "/proxies/p")[1]
    return [said["enabled"], said["toxics"]]


@probe("a proxy that is asked to listen nowhere in particular")
def _(at: Scene) -> Json:
    status, said = at.ask("POST", "/proxies", {"name": "q", "upstream": "127.0.0.1:9"})
    return [status, said["listen"].rpartition(":")[0]]
