"""What the toxiproxy adapter makes of several servers, of bad answers and of what cannot be meant."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from simian_army.embedded.toxi import ToxiServer
from simian_army.errors import ConfigError, PlatformError, Unknown
from simian_army.model import Mark, Selector
from simian_army.targets.proxies.checks import exposure
from simian_army.targets.proxies.place import Place
from simian_army.targets.toxi import Toxiproxy
from tests.cluster.process import free_port
from tests.targets.kube.stub import QuickClock, Reply, Request, serving
from tests.targets.links import Links
from tests.targets.proxies.stub import LATENCY, MARK, always, at, connected, listed, no, said

PROXY = Selector("proxy")


def test_all_servers_are_asked_and_one_that_cannot_be_is_named() -> None:
    with ToxiServer() as one, ToxiServer() as two:
        for server, name in ((one, "a"), (two, "a"), (two, "b")):
            server.apply({"name": name, "upstream": "127.0.0.1:9"})
        with connected(one.url, two.url) as toxiproxy:
            ids = [f"{one.url}/proxies/a", f"{two.url}/proxies/a", f"{two.url}/proxies/b"]
            assert [target.id for target in toxiproxy.find(PROXY)] == ids
            place = two.url.rpartition("/")[2]
            assert [target.id for target in toxiproxy.find(replace(PROXY, scopes=(place,)))] == ids[1:]
            assert [target.id for target in toxiproxy.find(replace(PROXY, scopes=(f"!{place}",)))] == ids[:1]
            assert [identity.id for identity in toxiproxy.identities()] == [one.url, two.url]
            toxiproxy.add(at(two.url, "a"), MARK, LATENCY)
            assert [target.id for target, _ in toxiproxy.marked()] == [ids[1]]
            assert Links(one.url).toxics() == set()
        nobody = f"http://127.0.0.1:{free_port()}"
        with connected(one.url, nobody, two.url, clock=QuickClock()) as toxiproxy:
            for ask in (lambda: toxiproxy.find(PROXY), toxiproxy.identities, lambda: list(toxiproxy.marked())):
                _cannot_reach(nobody, ask)
            told = list(toxiproxy.check([]))
            assert [line.holds for line in told] == [True, False, True]
            assert nobody in told[1].detail


def _cannot_reach(url: str, ask: Callable[[], object]) -> None:
    with pytest.raises(PlatformError, match=f"{url}/.*cannot be reached"):
        ask()


def test_servers_are_asked_side_by_side() -> None:
    together = threading.Barrier(3, timeout=20)

    def talk(request: Request) -> Reply:
        together.wait()
        return listed(said("p"))

    with serving(talk) as a, serving(talk) as b, serving(talk) as c, connected(a.url, b.url, c.url) as toxiproxy:
        assert len(toxiproxy.find(PROXY)) == 3
        assert [len(stub.requests) for stub in (a, b, c)] == [1, 1, 1]


def test_one_malformed_proxy_hides_no_other() -> None:
    bad: list[Any] = [
        said("x1", enabled="yes"),
        said("x2", toxics=None),
        said("x3", toxics=[{"name": 5, "type": "latency"}]),
        said("x4", toxics=[7]),
        {"name": "x5"},
    ]
    body = {**{proxy["name"]: proxy for proxy in bad}, "x6": 7, "x7": None, "x8": said("other"), "good": said("good")}
    with serving(always(Reply(200, body))) as stub, connected(stub.url) as toxiproxy:
        assert [target.name for target in toxiproxy.find(PROXY)] == ["good"]
        assert toxiproxy.unreadable == 8
        assert not next(iter(toxiproxy.check([]))).holds  # it gives no version


def test_a_malformed_proxy_that_is_asked_for_is_an_error() -> None:
    with serving(always(Reply(200, said("p", enabled=1)))) as stub, connected(stub.url) as toxiproxy:
        with pytest.raises(PlatformError, match="the proxy makes no sense: no enabled"):
            toxiproxy.read(at(stub.url, "p"))


@pytest.mark.parametrize(
    ("selector", "words"),
    [
        (Selector("pod"), "no target kind is called 'pod'; known: proxy"),
        (Selector("proxy", labels="a=b"), "proxies have no labels: select by names"),
        (Selector("proxy", fields=(("a", "b"),)), "proxies have no labels: select by names"),
    ],
)
def test_what_cannot_be_selected_is_said_and_checked(selector: Selector, words: str) -> None:
    with ToxiServer() as server, connected(server.url) as toxiproxy:
        with pytest.raises(PlatformError, match=words):
            toxiproxy.find(selector)
        told = list(toxiproxy.check([], [selector]))
        assert [line.holds for line in told] == [True, False]
        assert words in told[1].detail


def test_a_selector_that_leads_to_no_server_is_checked() -> None:
    with ToxiServer() as server, connected(server.url) as toxiproxy:
        told = list(toxiproxy.check([], [replace(PROXY, scopes=("elsewhere:*",))]))
        assert told[-1].holds is False
        assert "no endpoint matches elsewhere:*; there are 127.0.0.1:" in told[-1].detail


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        ("http://10.0.0.1:8474", True),
        ("http://toxi.example:8474", True),
        ("http://localhost.example", True),
        ("http://0.0.0.0:8474", True),
        ("http://127.8.8.8:8474", False),
        ("http://localhost:8474", False),
        ("http://[::1]:8474", False),
    ],
)
def test_an_api_that_others_can_reach_is_warned_of(url: str, warned: bool) -> None:
    toxiproxy = Toxiproxy.connect(Place((url,)))
    told = list(exposure(toxiproxy.servers[0]))
    assert bool(told) == warned
    assert all(line.holds and "its API has no authentication" in line.detail for line in told)


def test_a_target_of_a_server_that_config_does_not_name_is_not_touched() -> None:
    with ToxiServer() as named, ToxiServer() as other, connected(named.url) as toxiproxy:
        other.apply({"name": "p", "upstream": "127.0.0.1:9"})
        for ask in (toxiproxy.get, toxiproxy.identity, lambda target: toxiproxy.remove(target, MARK)):
            with pytest.raises(PlatformError, match="is on no endpoint of config .*platforms.toxiproxy.endpoints"):
                ask(at(other.url, "p"))
        assert [write for write in other.writes if write.user_agent.startswith("simian")] == []


@pytest.mark.parametrize(
    "endpoints",
    [(), ("127.0.0.1:8474",), ("ftp://a",), ("http://",), ("http://a/path",), ("http://me:secret@a",), ("http://a:x",)],
)
def test_what_is_no_server_is_a_mistake_in_the_config(endpoints: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match=r"platforms.toxiproxy.endpoints: .* is no server"):
        Toxiproxy.connect(Place(endpoints))


def test_an_endpoint_is_known_without_its_slash_and_once() -> None:
    toxiproxy = Toxiproxy.connect(Place(("http://a:1/", "http://a:1", "http://b")))
    assert [server.endpoint for server in toxiproxy.servers] == ["http://a:1", "http://b"]
    assert [server.place for server in toxiproxy.servers] == ["a:1", "b:80"]


class Liar:
    """A server with one proxy that takes acts and does something else."""

    def __init__(self, shows: list[dict[str, Any]], after: Reply | None = None) -> None:
        self.shows, self.after = shows, after
        self.acted = False

    def __call__(self, request: Request) -> Reply:
        if request.method != "GET":
            self.acted = True
            return Reply(200, request.body or {})
        if self.acted and self.after:
            return self.after
        if request.path.endswith("/toxics"):
            return Reply(200, self.shows)
        return Reply(200, said("p", toxics=self.shows if self.acted else []))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"attributes": {"latency": 0, "jitter": 0}}, "made something else of .*'latency': 0"),
        ({"toxicity": 0.5}, "made something else of .*toxicity 0.5"),
        ({"stream": "upstream"}, "made something else of .*stream 'upstream'"),
        ({"name": "another"}, "does not show it"),
    ],
)
def test_a_toxic_that_reads_back_otherwise_may_have_done_anything(change: dict[str, Any], words: str) -> None:
    liar = Liar([])
    with serving(liar) as stub, connected(stub.url) as toxiproxy:
        target = at(stub.url, "p")
        liar.shows = [{**LATENCY, "name": toxiproxy.toxic(target, MARK), **change}]
        with pytest.raises(Unknown, match=words):
            toxiproxy.add(target, MARK, LATENCY)


@pytest.mark.parametrize("after", [no(500, "broken"), Reply(403, b"no"), Reply(200, b"what?"), Reply(404, b"page")])
def test_a_toxic_that_cannot_be_read_back_may_be_there(after: Reply) -> None:
    with serving(Liar([], after)) as stub, connected(stub.url, clock=QuickClock()) as toxiproxy:
        with pytest.raises(Unknown, match="was added, and nobody can say with what effect"):
            toxiproxy.add(at(stub.url, "p"), MARK, LATENCY)


def test_a_toxic_that_is_still_there_after_its_removal_is_an_error() -> None:
    liar = Liar([])
    with serving(liar) as stub, connected(stub.url) as toxiproxy:
        target = at(stub.url, "p")
        liar.shows = [{**LATENCY, "name": toxiproxy.toxic(target, MARK)}]
        with pytest.raises(PlatformError, match="was asked to remove .*but still has it"):
            toxiproxy.remove(target, MARK)


def test_servers_before_2_6_give_their_version_bare() -> None:
    with serving(always(Reply(200, b"2.5.0"))) as stub, connected(stub.url) as toxiproxy:
        assert toxiproxy.identities()[0].id == stub.url
    for body in (b"<html>", b"{}", b'{"version": 5}', b"ok, but a very long line that no version ever was", b""):
        with serving(always(Reply(200, body))) as stub, connected(stub.url) as toxiproxy:
            with pytest.raises(PlatformError, match="is the endpoint right"):
                toxiproxy.identities()


def test_the_mark_of_another_type_of_toxic_names_its_kind() -> None:
    with ToxiServer() as server, connected(server.url) as toxiproxy:
        server.apply({"name": "p", "upstream": "127.0.0.1:9"})
        target = at(server.url, "p")
        toxiproxy.add(target, MARK, {"type": "reset_peer", "attributes": {"timeout": 5}})
        ((_, mark),) = toxiproxy.marked()
        assert isinstance(mark, Mark)
        assert mark.kind == "proxy-reset-peer"
