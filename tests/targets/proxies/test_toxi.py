"""What the toxiproxy adapter finds, says and does, on an embedded server and on a real one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from simian_army.contract import Platform
from simian_army.embedded.toxi import ToxiServer
from simian_army.errors import Gone, PlatformError, Refused
from simian_army.model import Identity, Selector, Target
from simian_army.ports import ToxiproxyPort
from simian_army.targets.toxi import Toxiproxy
from tests.cluster.toxi import Toxi
from tests.targets.links import Links
from tests.targets.proxies.stub import LATENCY, MARK, at, connected

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
            assert [(log["event"], log["toxic"]) for log in logs[:1]] == [("forged", copied)]
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


def _cannot_be_addressed(toxiproxy: Toxiproxy, target: Target) -> None:
    with pytest.raises(PlatformError, match="cannot be addressed"):
        toxiproxy.get(target)
    with pytest.raises(PlatformError, match="cannot be addressed"):
        toxiproxy.add(target, MARK, LATENCY)
    with pytest.raises(PlatformError, match="cannot be addressed"):
        toxiproxy.remove(target, MARK)


def _only_the_good_one(links: Links) -> None:
    with connected(links.url) as toxiproxy:
        with capture_logs() as logs:
            assert [target.name for target in toxiproxy.find(PROXY)] == ["good"]
        assert toxiproxy.unreadable == 5
        assert {log["event"] for log in logs} == {"unreadable"}
        for name in ("a/b", "a/../good", "..", "."):
            _cannot_be_addressed(toxiproxy, at(links.url, name))
        assert links.toxics() == set()
        assert "good" in links.proxies()
