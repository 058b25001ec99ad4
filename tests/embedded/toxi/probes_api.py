"""Probes: what the HTTP API answers."""

from __future__ import annotations

from typing import Any

from tests.embedded.toxi.probes import Act, Table
from tests.embedded.toxi.scene import Json, Scene, told

probe = Table()
PORT = "127.0.0.1:PORT"
NO_PROXY = [404, {"error": "proxy not found", "status": 404}]
NO_TOXIC = [404, {"error": "toxic not found", "status": 404}]
NO_PAGE = [404, "404 page not found\n"]
BAD = [400, {"error": "bad request body: ...", "status": 400}]
PROXY = {"name": "p", "listen": PORT, "upstream": PORT, "enabled": True, "toxics": []}
LATENCY = {
    "attributes": {"latency": 0, "jitter": 0},
    "name": "latency_downstream",
    "type": "latency",
    "stream": "downstream",
    "toxicity": 1,
}


def no(status: int, words: str) -> Json:
    return [status, {"error": words, "status": status}]


# on a server with one proxy `p`, whose one toxic is `t`: latency, downstream, all nought
CALLS: dict[str, tuple[str, str, Json, Json]] = {
    "a proxy that is not there": ("GET", "/proxies/none", None, NO_PROXY),
    "changing a proxy that is not there": ("PATCH", "/proxies/none", {}, NO_PROXY),
    "deleting a proxy that is not there": ("DELETE", "/proxies/none", None, NO_PROXY),
    "the toxics of a proxy that is not there": ("GET", "/proxies/none/toxics", None, NO_PROXY),
    "a toxic on a proxy that is not there": ("POST", "/proxies/none/toxics", {"type": "latency"}, NO_PROXY),
    "a toxic that is not there": ("GET", "/proxies/p/toxics/none", None, NO_TOXIC),
    "changing a toxic that is not there": ("PATCH", "/proxies/p/toxics/none", {}, NO_TOXIC),
    "deleting a toxic that is not there": ("DELETE", "/proxies/p/toxics/none", None, NO_TOXIC),
    "a toxic": ("GET", "/proxies/p/toxics/t", None, [200, {**LATENCY, "name": "t"}]),
    "the toxics": ("GET", "/proxies/p/toxics", None, [200, [{**LATENCY, "name": "t"}]]),
    "deleting a toxic": ("DELETE", "/proxies/p/toxics/t", None, [204, ""]),
    "deleting a proxy": ("DELETE", "/proxies/p", None, [204, ""]),
    "a reset": ("POST", "/reset", None, [204, ""]),
    "a page nobody knows": ("GET", "/wishes", None, NO_PAGE),
    "the root": ("GET", "/", None, NO_PAGE),
    "a slash too many": ("GET", "/proxies/", None, NO_PAGE),
    "a step too many": ("GET", "/proxies/p/toxics/t/more", None, NO_PAGE),
    "a method that a page does not have": ("PUT", "/proxies/p", {}, [405, ""]),
    "a read of what is only written": ("GET", "/reset", None, [405, ""]),
    "a name with a slash in it": ("GET", "/proxies/a%2Fb", None, NO_PAGE),
    "a name that is escaped": ("GET", "/proxies/%70", None, [200, {**PROXY, "toxics": [{**LATENCY, "name": "t"}]}]),
    "a query": ("GET", "/proxies/p/toxics?a=b", None, [200, [{**LATENCY, "name": "t"}]]),
    "a second proxy of a name": (
        "POST",
        "/proxies",
        {"name": "p", "upstream": "127.0.0.1:9"},
        no(409, "proxy already exists"),
    ),
    "a proxy without a name": (
        "POST",
        "/proxies",
        {"upstream": "127.0.0.1:9"},
        no(400, "missing required field: name"),
    ),
    "a proxy without an upstream": ("POST", "/proxies", {"name": "q"}, no(400, "missing required field: upstream")),
    "a proxy that listens nowhere": (
        "POST",
        "/proxies",
        {"name": "q", "listen": "nonsense", "upstream": "127.0.0.1:9"},
        no(500, "listen tcp: address nonsense: missing port in address"),
    ),
    "a proxy of nothing": ("POST", "/proxies", b"", no(400, "bad request body: EOF")),
    "a proxy of half a body": ("POST", "/proxies", b'{"name": "q', BAD),
    "a proxy of no JSON": ("POST", "/proxies", b"nonsense", BAD),
    "a proxy that is a list": ("POST", "/proxies", [], BAD),
    "a proxy whose name is a number": ("POST", "/proxies", {"name": 5, "upstream": "127.0.0.1:9"}, BAD),
    "a proxy that is enabled by a word": ("POST", "/proxies", {"name": "q", "upstream": "a:1", "enabled": "no"}, BAD),
    "a toxic of no type": ("POST", "/proxies/p/toxics", {}, no(400, "invalid toxic type")),
    "a toxic of a type nobody knows": ("POST", "/proxies/p/toxics", {"type": "wish"}, no(400, "invalid toxic type")),
    "a toxic on a stream nobody knows": (
        "POST",
        "/proxies/p/toxics",
        {"type": "latency", "stream": "sideways"},
        no(400, "stream was invalid, can be either upstream or downstream"),
    ),
    "a second toxic of a name": (
        "POST",
        "/proxies/p/toxics",
        {"type": "latency", "name": "t"},
        no(409, "toxic already exists"),
    ),
    "a latency in words": ("POST", "/proxies/p/toxics", {"type": "latency", "attributes": {"latency": "5"}}, BAD),
    "a latency of half a millisecond": (
        "POST",
        "/proxies/p/toxics",
        {"type": "latency", "attributes": {"latency": 0.5}},
        BAD,
    ),
    "a toxicity in words": ("POST", "/proxies/p/toxics", {"type": "latency", "toxicity": "all"}, BAD),
    "a toxic of nothing": ("POST", "/proxies/p/toxics", b"", no(400, "bad request body: EOF")),
    "a toxic with the defaults": ("POST", "/proxies/p/toxics", {"type": "latency"}, [200, LATENCY]),
    "attributes that are null": ("POST", "/proxies/p/toxics", {"type": "latency", "attributes": None}, [200, LATENCY]),
    "names of fields in capitals": ("POST", "/proxies/p/toxics", {"TYPE": "latency"}, [200, LATENCY]),
    "something behind the body": ("POST", "/proxies/p/toxics", b'{"type": "latency"} more', [200, LATENCY]),
    "an attribute nobody knows": (
        "POST",
        "/proxies/p/toxics",
        {"type": "latency", "attributes": {"delay": 5}},
        [200, LATENCY],
    ),
    "a negative latency": (
        "POST",
        "/proxies/p/toxics",
        {"type": "latency", "attributes": {"latency": -5}},
        [200, {**LATENCY, "attributes": {"latency": -5, "jitter": 0}}],
    ),
    "a toxicity of seven": (
        "POST",
        "/proxies/p/toxics",
        {"type": "latency", "toxicity": 7},
        [200, {**LATENCY, "toxicity": 7}],
    ),
    "a toxicity with more digits than are kept": (
        "POST",
        "/proxies/p/toxics",
        {"type": "latency", "toxicity": 0.123456789},
        [200, {**LATENCY, "toxicity": 0.12345679}],
    ),
    "a stream in capitals": (
        "POST",
        "/proxies/p/toxics",
        {"type": "latency", "stream": "UPSTREAM"},
        [200, {**LATENCY, "name": "latency_UPSTREAM", "stream": "UPSTREAM"}],
    ),
    "a bandwidth": (
        "POST",
        "/proxies/p/toxics",
        {"type": "bandwidth", "name": "b", "attributes": {"rate": 5}},
        [200, {**LATENCY, "name": "b", "type": "bandwidth", "attributes": {"rate": 5}}],
    ),
    "a timeout": (
        "POST",
        "/proxies/p/toxics",
        {"type": "timeout", "stream": "upstream"},
        [
            200,
            {
                **LATENCY,
                "name": "timeout_upstream",
                "type": "timeout",
                "stream": "upstream",
                "attributes": {"timeout": 0},
            },
        ],
    ),
    "a reset_peer": (
        "POST",
        "/proxies/p/toxics",
        {"type": "reset_peer", "name": "r", "attributes": {"timeout": 5}},
        [200, {**LATENCY, "name": "r", "type": "reset_peer", "attributes": {"timeout": 5}}],
    ),
    "changing one attribute": (
        "PATCH",
        "/proxies/p/toxics/t",
        {"attributes": {"jitter": 7}},
        [200, {**LATENCY, "name": "t", "attributes": {"latency": 0, "jitter": 7}}],
    ),
    "changing what stays": (
        "POST",
        "/proxies/p/toxics/t",
        {"name": "u", "stream": "upstream", "type": "timeout", "toxicity": 0.5},
        [200, {**LATENCY, "name": "t", "toxicity": 0.5}],
    ),
    "a population of nothing": ("POST", "/populate", [], [201, {"proxies": None}]),
    "a population without an upstream": (
        "POST",
        "/populate",
        [{"name": "q"}],
        [400, {"error": "missing required field: upstream at proxy 1", "status": 400, "proxies": None}],
    ),
    "a population that is an object": (
        "POST",
        "/populate",
        {},
        [400, {"error": "bad request body: ...", "status": 400, "proxies": None}],
    ),
    **{
        f"a {kind}": ("POST", "/proxies/p/toxics", {"type": kind, "name": "x"}, None)
        for kind in ("slow_close", "slicer", "limit_data", "noop")
    },
    "a proxy on every address": (
        "POST",
        "/proxies",
        {"name": "q", "listen": "0.0.0.0:0", "upstream": "127.0.0.1:9", "enabled": False},
        None,
    ),
}


def _calls(method: str, path: str, body: Json) -> Act:
    def act(at: Scene) -> Json:
        at.proxy()
        at.toxic("latency")
        return told(plain(at.ask(method, path, body)))

    return act


def plain(answer: list[Json]) -> list[Json]:
    """Without the one field that nobody asked for: the real server shows its logger, always empty."""
    return [answer[0], _plain(answer[1])]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(member) for name, member in value.items() if name != "Logger"}
    return [_plain(member) for member in value] if isinstance(value, list) else value


for name, (method, path, body, says) in CALLS.items():
    probe(name, says)(_calls(method, path, body))


@probe("the fields of a proxy")
def _(at: Scene) -> Json:
    return sorted(at.proxy())


@probe("the version")
def _(at: Scene) -> Json:
    return at.ask("GET", "/version")


@probe("what an error is written in", ["text/plain; charset=utf-8", True])
def _(at: Scene) -> Json:
    _, headers, body = at.raw("GET", "/proxies/none")
    return [headers["content-type"], body.endswith(b"\n")]


@probe("what an answer is written in", "application/json")
def _(at: Scene) -> Json:
    return at.raw("GET", "/proxies")[1]["content-type"]


@probe("a browser", [403, "User agent not allowed\n"])
def _(at: Scene) -> Json:
    return at.ask("GET", "/version", **{"User-Agent": "Mozilla/5.0 (X11)"})


@probe("a browser at a page nobody knows", NO_PAGE)
def _(at: Scene) -> Json:
    return at.ask("GET", "/wishes", **{"User-Agent": "Mozilla/5.0 (X11)"})


@probe("a path with steps back", [301, "/proxies/p"])
def _(at: Scene) -> Json:
    at.proxy()
    status, headers, _ = at.raw("DELETE", "/proxies/a%2F..%2Fp")
    assert at.ask("GET", "/proxies/p")[0] == 200
    return [status, headers["location"]]


@probe("a name with a slash, once it is there", [201, 404, True])
def _(at: Scene) -> Json:
    made = at.ask("POST", "/proxies", {"name": "a/b", "listen": "127.0.0.1:0", "upstream": "a:1", "enabled": False})
    return [made[0], at.ask("DELETE", "/proxies/a%2Fb")[0], "a/b" in at.ask("GET", "/proxies")[1]]


@probe("names of any letters", [200, "u?&# %41ü"])
def _(at: Scene) -> Json:
    at.proxy("u?&# %41ü", enabled=False)
    status, said = at.ask("GET", "/proxies/u%3F%26%23%20%2541%C3%BC")
    at.ask("DELETE", "/proxies/u%3F%26%23%20%2541%C3%BC")
    return [status, said["name"]]
