"""What a toxiproxy server does that would hurt, measured, and that our fault is not hurt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from simian_army.clock import SystemClock
from simian_army.embedded.toxi import Backend, ToxiServer, seconds
from simian_army.errors import PlatformError, Refused
from simian_army.faults.net.proxy_latency import ProxyLatency
from simian_army.model import Fault, Selector
from tests.cluster.toxi import Toxi
from tests.cluster.waiting import BUSY
from tests.targets.links import Links
from tests.targets.proxies.stub import FLEET, MARK, at, connected
from tests.traps.test_toxiproxy import ours

library: Any = import_module("toxiproxy")
Consumer: Any = import_module("toxiproxy.api").APIConsumer
CLOCK = SystemClock()
QUICK = 0.3
EACH = 60


class Traps:
    """What the servers do; each subclass gives one."""

    @pytest.mark.parametrize(
        "change",
        [{"attributes": {"latency": -5}}, {"toxicity": 7}, {"attributes": {"delay": 5}}, {"stream": "UPSTREAM"}],
    )
    def test_the_server_takes_what_nobody_can_mean_and_we_refuse_it(self, links: Links, change: dict[str, Any]) -> None:
        links.proxy("p")
        toxic = {"type": "latency", "stream": "downstream", "attributes": {"latency": 5}, **change}
        links._ask("POST", "/proxies/p/toxics", {"name": "t", **toxic})
        assert links.toxics() == {"p/t"}
        with connected(links.url) as toxiproxy, pytest.raises(Refused):
            toxiproxy.add(at(links.url, "p"), MARK, toxic)
        assert links.toxics() == {"p/t"}

    def test_the_library_loses_itself_in_names_and_ours_does_not(
        self, links: Links, theirs: Callable[[str], Any]
    ) -> None:
        for name in ("a?b", "a"):
            links.proxy(name)
        unescaped = theirs(links.url).get_proxy("a?b")
        unescaped.destroy()
        assert set(links.proxies()) == {"a?b"}, "it asked for a?b and lost a"
        assert ours(links.url).get_proxy("a?b").destroy()
        assert links.proxies() == {}

    def test_a_proxy_leaves_everything_late_for_ever_unless_somebody_takes_it_off(self, links: Links) -> None:
        with Backend() as shop, connected(links.url) as toxiproxy:
            url = f"http://{links.proxy('p', shop.address)['listen']}"
            kind, fault = ProxyLatency(toxiproxy), held(links.url, latency=800)
            over = replace(MARK, deadline=datetime(2020, 1, 1, tzinfo=UTC))
            before = min(seconds(url) for _ in range(3))
            kind.inject(fault, over)
            assert kind.observe(fault).holds
            during = seconds(url)
            assert kind.revert(fault, over).holds
            after = min(seconds(url) for _ in range(3))
            assert before < 0.5
            assert 0.79 < during < 0.8 + BUSY
            assert after < 0.5


class TestEmbedded(Traps):
    @pytest.fixture
    def links(self) -> Iterator[Links]:
        with ToxiServer() as server:
            yield Links(server.url)

    def test_a_server_that_was_killed_and_started_again_has_nothing_left_to_undo(self) -> None:
        server = ToxiServer([{"name": "p", "upstream": "127.0.0.1:9"}])
        server.start()
        forgets(server.url, server.stop, server.start, again=True)
        server.stop()
        server = ToxiServer()
        server.start()
        server.apply({"name": "p", "upstream": "127.0.0.1:9"})
        forgets(server.url, server.stop, server.start, again=False)
        server.stop()


class TestReal(Traps):
    @pytest.fixture
    def links(self, real_toxiproxy: str) -> Iterator[Links]:
        links = Links(real_toxiproxy)
        links.clear()
        yield links
        links.clear()

    def test_a_server_that_was_killed_and_started_again_has_nothing_left_to_undo(
        self, real_toxiproxy: str, tmp_path: Path
    ) -> None:
        with Toxi(tmp_path) as server:
            Links(server.url).proxy("p")
            forgets(server.url, server.kill, server.start, again=False)


def held(url: str, **params: Any) -> Fault:
    return Fault("proxy-latency", at(url, "p"), params, {"toxics": []}, timedelta(minutes=5))


def forgets(url: str, end: Callable[[], None], begin: Callable[[], None], *, again: bool) -> None:
    """Hold a fault, end the server, begin it again; ``again`` says whether the proxy is then made again."""
    with connected(url) as toxiproxy:
        kind, fault = ProxyLatency(toxiproxy), held(url)
        (found,) = toxiproxy.find(Selector("proxy"))
        assert found.id == fault.target.id
        kind.inject(fault, MARK)
        assert [mark for _, mark in toxiproxy.marked()] == [replace(MARK, mac=mac_of(toxiproxy.toxic(found, MARK)))]
        end()
        with pytest.raises(PlatformError, match="cannot be reached"):
            kind.revert(fault, MARK)
        begin()
        proof = kind.revert(fault, MARK)
        assert proof.holds
        assert ("nothing to undo" if again else "our toxic went with it") in proof.detail
        assert list(toxiproxy.marked()) == []


def mac_of(name: str) -> str:
    assert name.startswith(f"simian-{FLEET}-")
    return name.rpartition("-")[2]
