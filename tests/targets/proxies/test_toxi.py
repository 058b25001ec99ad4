"""What the toxiproxy adapter finds, says and does, on an embedded server and on a real one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from structlog.testing import capture_logs

from simian_army.contract import Platform
from simian_army.embedded.toxi import ToxiServer
from simian_army.errors import ConfigError, Gone, PlatformError, Refused, Unknown
from simian_army.model import Identity, Mark, Selector
from simian_army.ports import ToxiproxyPort
from simian_army.targets.proxies.checks import exposure
from simian_army.targets.proxies.place import Place
from simian_army.targets.toxi import Toxiproxy
from tests.cluster.process import free_port
from tests.cluster.toxi import Toxi
from tests.targets.kube.stub import QuickClock, Reply, Request, serving
from tests.targets.links import Links
from tests.targets.proxies.stub import LATENCY, MARK, always, at, connected, listed, no, said

PROXY = Selector("proxy")


class Servers:
    """Each subclass gives the server."""

    def test_it_is_a_platform_and_a_port(self, links: Links) -> None:
        with connected(links.url) as toxiproxy:
            platform: Platform = toxiproxy
            port: ToxiproxyPort = toxiproxy
            assert platform.name == "toxiproxy"
            assert port is toxiproxy

    def test_a_proxy_is_found_with_what_is_known_of_it(self, links: Links) -> None:
        links.proxy("shop-cart")
        with connected(links.url) as toxiproxy:
            (found,) = toxiproxy.find(PROXY)
            assert found.id == f"{links.url}/proxies/shop-cart"
            assert (found.kind, found.name, found.scope) == ("proxy", "shop-cart", links.url.rpartition("/")[2])
            assert (found.group, found.born, dict(found.labels), found.levels) == ("", None, {}, ())
            assert dict(found.facts) == {"enabled": True}
            (wider,) = toxiproxy.find(replace(PROXY, facts=("upstream", "wish")))
            assert dict(wider.facts) == {"enabled": True, "upstream": "127.0.0.1:9"}

    def test_read_whole_it_has_all_facts_and_gone_it_is_none(self, links: Links) -> None:
        made = links.proxy("shop-cart")
        links.toxic("shop-cart", "theirs")
        with connected(links.url) as toxiproxy:
            (found,) = toxiproxy.find(PROXY)
            whole = toxiproxy.read(found)
            assert whole is not None
            assert replace(whole, facts={}) == replace(found, facts={})
            facts = {"enabled": True, "listen": made["listen"], "upstream": "127.0.0.1:9", "toxics": ["theirs"]}
            assert dict(whole.facts) == facts
            links.remove("shop-cart")
            assert toxiproxy.read(found) is None
            assert toxiproxy.health(found).whole is False

    def test_disabled_proxies_are_found_and_told_to_be(self, links: Links) -> None:
        links._ask("POST", "/proxies", {"name": "off", "listen": "127.0.0.1:0", "upstream": "a:1", "enabled": False})
        with connected(links.url) as toxiproxy:
            (found,) = toxiproxy.find(PROXY)
            assert dict(found.facts) == {"enabled": False}
            health = toxiproxy.health(found)
            assert (health.whole, health.ready, health.wanted) == (False, 0, 1)

    @pytest.mark.parametrize(
        ("names", "found"),
        [
            ((), ["shop-a", "shop-b", "till-a"]),
            (("shop-*",), ["shop-a", "shop-b"]),
            (("!shop-*",), ["till-a"]),
            (("*-a", "!till-*"), ["shop-a"]),
            (("none",), []),
        ],
    )
    def test_names_are_patterns(self, links: Links, names: tuple[str, ...], found: list[str]) -> None:
        for name in ("shop-b", "shop-a", "till-a"):
            links.proxy(name)
        with connected(links.url) as toxiproxy:
            assert [target.name for target in toxiproxy.find(replace(PROXY, names=names))] == found

    def test_who_answers_is_asked_and_not_assumed(self, links: Links) -> None:
        with connected(links.url, embedded=True) as toxiproxy:
            here = Identity("toxiproxy", links.url, links.url, embedded=True)
            assert toxiproxy.identities() == (here,)
            assert toxiproxy.identity(at(links.url, "any")) == here

    def test_a_toxic_is_added_under_its_name_seen_and_removed(self, links: Links) -> None:
        links.proxy("p")
        links.toxic("p", "theirs")
        with connected(links.url) as toxiproxy:
            target = at(links.url, "p")
            name = toxiproxy.toxic(target, MARK)
            toxiproxy.add(target, MARK, {**LATENCY, "toxicity": 0.3})
            toxics = {toxic["name"]: toxic for toxic in links.proxies()["p"]["toxics"]}
            assert set(toxics) == {"theirs", name}
            assert toxics[name]["attributes"] == {"latency": 50, "jitter": 0}
            assert toxics[name]["toxicity"] == 0.3
            assert toxiproxy.remove(target, MARK)
            assert links.toxics() == {"p/theirs"}
            assert not toxiproxy.remove(target, MARK)

    def test_no_second_toxic_of_any_fleet_is_added(self, links: Links) -> None:
        links.proxy("p")
        with connected(links.url) as ours, connected(links.url, fleet="other") as theirs:
            target = at(links.url, "p")
            theirs.add(target, replace(MARK, fleet="other"), LATENCY)
            with pytest.raises(Refused, match="another fault holds the proxy p: simian-other-"):
                ours.add(target, MARK, LATENCY)
            assert len(links.toxics()) == 1

    def test_what_nobody_can_mean_is_never_sent(self, links: Links) -> None:
        links.proxy("p")
        with connected(links.url) as toxiproxy, pytest.raises(Refused, match="latency is -5"):
            toxiproxy.add(at(links.url, "p"), MARK, {**LATENCY, "attributes": {"latency": -5}})
        assert links.toxics() == set()

    def test_a_proxy_that_is_gone_is_said_to_be(self, links: Links) -> None:
        with connected(links.url) as toxiproxy:
            target = at(links.url, "none")
            with pytest.raises(Gone, match="no proxy none"):
                toxiproxy.add(target, MARK, LATENCY)
            with pytest.raises(Gone, match="no proxy none"):
                toxiproxy.remove(target, MARK)

    @pytest.mark.parametrize("name", ["a b", "ü", "a%2Fb", "a?b#c", "a;b&c=d", "...", "a\\b", "'\"", "~-_.!*()"])
    def test_names_of_any_letters_are_the_same_everywhere(self, links: Links, name: str) -> None:
        links.proxy("a")
        links.proxy(name)
        with connected(links.url) as toxiproxy:
            found = {target.name: target for target in toxiproxy.find(PROXY)}
            assert set(found) == {"a", name}
            assert toxiproxy.read(found[name]) is not None
            toxiproxy.add(found[name], MARK, LATENCY)
            assert {one.name for one, mark in toxiproxy.marked() if mark} == {name}
            assert toxiproxy.remove(found[name], MARK)
            toxiproxy.servers[0].wire.delete(found[name].id.removeprefix(links.url))

    def test_marks_are_found_by_name_and_only_ours_are_told(self, links: Links) -> None:
        for name in ("a", "b"):
            links.proxy(name)
        links.toxic("a", "theirs")
        links.toxic("a", "simian-army")
        with connected(links.url) as ours, connected(links.url, fleet="shop-eu-2") as others:
            a, b = at(links.url, "a"), at(links.url, "b")
            others.add(b, replace(MARK, fleet="shop-eu-2"), LATENCY)
            ((target, mark),) = others.marked()
            assert target.id == b.id
            assert list(ours.marked()) == []
            name = ours.toxic(a, MARK)
            links.toxic("a", name, attributes={"latency": 5})
            ((found, mark),) = ours.marked()
            assert found.id == a.id
            assert mark == replace(MARK, mac=name.rpartition("-")[2])
            assert ours.toxic(a, mark) == name

    def test_a_forged_name_is_told_as_none_logged_and_left_alone(self, links: Links) -> None:
        for name in ("a", "b"):
            links.proxy(name)
        with connected(links.url) as toxiproxy:
            a, b = at(links.url, "a"), at(links.url, "b")
            copied = toxiproxy.toxic(a, MARK)
            links.toxic("b", copied)  # the right name, on another proxy
            links.toxic("b", "simian-shop-eu-nonsense")
            longer = toxiproxy.toxic(b, replace(MARK, deadline=datetime(2031, 1, 1, tzinfo=UTC)))
            links.toxic("b", longer.replace("-1924992000-", "-1924992999-"))
            with capture_logs() as logs:
                told = [(target.name, mark) for target, mark in toxiproxy.marked()]
            assert told == [("b", None)] * 3
            assert [(log["event"], log["toxic"]) for log in logs][0] == ("forged", copied)
            assert len(logs) == 3
            assert not toxiproxy.remove(b, MARK)
            assert len(links.toxics()) == 3

    def test_a_check_says_that_the_server_answers(self, links: Links) -> None:
        links.proxy("p")
        with connected(links.url) as toxiproxy:
            (told,) = toxiproxy.check([], [PROXY])
            assert told.holds
            assert f"{links.url}: toxiproxy " in told.detail
            assert told.detail.endswith("1 proxies")


class TestEmbedded(Servers):
    @pytest.fixture
    def links(self) -> Iterator[Links]:
        with ToxiServer() as server:
            yield Links(server.url)


class TestReal(Servers):
    @pytest.fixture
    def links(self, real_toxiproxy: str) -> Iterator[Links]:
        links = Links(real_toxiproxy)
        links.clear()
        yield links
        links.clear()

    def test_the_real_server_is_known_by_what_it_says(self, links: Links) -> None:
        with connected(links.url) as toxiproxy:
            assert [told.detail for told in toxiproxy.check([])] == [f"{links.url}: toxiproxy git, 0 proxies"]

    def test_a_name_that_no_path_can_hold_is_left_out_and_counted(
        self, real_toxiproxy: str, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        with Toxi(tmp_path_factory.mktemp("slashes")) as server:  # its proxies can never be deleted
            links = Links(server.url)
            for name in ("good", "a/b", "a/../good", "..", ".", "a\nb"):
                links.proxy(name)
            _only_the_good_one(links)


def test_a_name_that_no_path_can_hold_is_left_out_and_counted() -> None:
    with ToxiServer() as server:
        for name in ("good", "a/b", "a/../good", "..", ".", "a\nb"):
            server.apply({"name": name, "upstream": "127.0.0.1:9"})
        _only_the_good_one(Links(server.url))


def _only_the_good_one(links: Links) -> None:
    with connected(links.url) as toxiproxy:
        with capture_logs() as logs:
            assert [target.name for target in toxiproxy.find(PROXY)] == ["good"]
        assert toxiproxy.unreadable == 5
        assert {log["event"] for log in logs} == {"unreadable"}
        for name in ("a/b", "a/../good", "..", "."):
            for act in (toxiproxy.get, lambda target: toxiproxy.add(target, MARK, LATENCY)):
                with pytest.raises(PlatformError, match="cannot be addressed"):
                    act(at(links.url, name))
            with pytest.raises(PlatformError, match="cannot be addressed"):
                toxiproxy.remove(at(links.url, name), MARK)
        assert links.toxics() == set()
        assert "good" in links.proxies()


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
                with pytest.raises(PlatformError, match=f"{nobody}/.*cannot be reached"):
                    ask()
            told = list(toxiproxy.check([]))
            assert [line.holds for line in told] == [True, False, True]
            assert nobody in told[1].detail


def test_servers_are_asked_side_by_side() -> None:
    together = threading.Barrier(3, timeout=5)

    def talk(request: Request) -> Reply:
        together.wait()
        return listed(said("p"))

    with serving(talk) as a, serving(talk) as b, serving(talk) as c, connected(a.url, b.url, c.url) as toxiproxy:
        assert len(toxiproxy.find(PROXY)) == 3


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
        assert list(toxiproxy.check([]))[0].holds is False  # it gives no version


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
