"""What toxiproxy and its Python library do that would hurt, measured, and that our adapter is not hurt."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from typing import Any

import pytest

from simian_army.clock import SystemClock
from simian_army.embedded.toxi import ToxiServer
from simian_army.errors import PlatformError, Unknown
from simian_army.targets.proxies.library import Name, bound
from simian_army.targets.proxies.wire import Wire
from tests.cluster.waiting import BUSY
from tests.targets.kube.stub import Reply, Request, serving, silent
from tests.targets.links import Links
from tests.targets.proxies.stub import LATENCY, MARK, at, connected, no, said

library: Any = import_module("toxiproxy")
Consumer: Any = import_module("toxiproxy.api").APIConsumer
CLOCK = SystemClock()
QUICK = 0.3
EACH = 60


def ours(url: str) -> Any:
    """The library bound to a server."""
    return bound(Wire(url, 30.0, CLOCK))


def fill(make: Callable[[], Any], prefix: str, together: threading.Barrier) -> threading.Thread:
    def work() -> None:
        for number in range(EACH):
            together.wait()
            server = make()
            server.create("127.0.0.1:9", f"{prefix}-{number}", enabled=False)

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def misplaced(make_one: Callable[[], Any], make_two: Callable[[], Any], one: str, two: str) -> tuple[int, int]:
    """How many of 120 proxies two threads put on the wrong server, and how many there are at all."""
    together = threading.Barrier(2, timeout=60)
    for thread in [fill(make_one, "one", together), fill(make_two, "two", together)]:
        thread.join()
    there = {"one": Links(one).proxies(), "two": Links(two).proxies()}
    wrong = sum(not name.startswith(place) for place, proxies in there.items() for name in proxies)
    return wrong, sum(len(proxies) for proxies in there.values())


def test_the_library_is_the_one_that_was_measured() -> None:
    assert version("toxiproxy-python") == "0.1.1"


def test_the_library_mixes_two_servers_in_one_process(theirs: Callable[[str], Any]) -> None:
    with ToxiServer() as one, ToxiServer() as two:
        turns = threading.Barrier(2, timeout=60)

        def turned(url: str) -> Callable[[], Any]:
            def make() -> Any:
                moved = theirs(url)
                turns.wait()  # both have said where to: only the later one counts
                return moved

            return make

        wrong, _ = misplaced(turned(one.url), turned(two.url), one.url, two.url)
    assert wrong > 0


def test_bound_to_their_servers_two_threads_put_120_proxies_where_they_belong() -> None:
    with ToxiServer() as one, ToxiServer() as two:
        first, second = ours(one.url), ours(two.url)
        assert misplaced(lambda: first, lambda: second, one.url, two.url) == (0, 2 * EACH)


def test_our_adapter_never_acts_on_the_wrong_server() -> None:
    with ToxiServer() as one, ToxiServer() as two:
        for server in (one, two):
            for number in range(EACH):
                server.apply({"name": f"p-{number}", "upstream": "127.0.0.1:9", "enabled": False})
        with connected(one.url, two.url) as toxiproxy:

            def work(url: str, latency: int) -> None:
                for number in range(EACH):
                    toxic = {**LATENCY, "attributes": {"latency": latency, "jitter": 0}}
                    toxiproxy.add(at(url, f"p-{number}"), MARK, toxic)

            threads = [threading.Thread(target=work, args=(s.url, n)) for n, s in ((1, one), (2, two))]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert len(list(toxiproxy.marked())) == 2 * EACH
        for latency, server in ((1, one), (2, two)):
            toxics = [toxic for proxy in Links(server.url).proxies().values() for toxic in proxy["toxics"]]
            assert [toxic["attributes"]["latency"] for toxic in toxics] == [latency] * EACH


def test_binding_leaves_the_library_as_it_was() -> None:
    before = {kind: dict(vars(kind)) for kind in (library.Toxiproxy, library.Proxy, Consumer)}
    with ToxiServer() as server:
        bound_one = ours(server.url)
        bound_one.create("127.0.0.1:9", "p", enabled=False)
        assert isinstance(bound_one, library.Toxiproxy)
        assert isinstance(bound_one.get_proxy("p"), library.Proxy)
        with pytest.raises(TypeError, match="not to be moved"):
            bound_one.update_api_consumer("127.0.0.1", 1)
    assert {kind: dict(vars(kind)) for kind in before} == before


def test_every_method_of_the_bound_library_speaks_to_its_own_server() -> None:
    with ToxiServer() as server:
        one = ours(server.url)
        one.populate([{"name": "a", "upstream": "127.0.0.1:9"}])
        one.create("127.0.0.1:9", "u?ü")
        proxy = one.get_proxy("u?ü")
        assert one.running()
        assert b"embedded" in one.version()
        proxy.disable()
        proxy.enable()
        with proxy.down():
            assert Links(server.url).proxies()["u?ü"]["enabled"] is False
        proxy.add_toxic(type="latency", name="t?", attributes={"latency": 1})
        assert proxy.get_toxic("t?").attributes == {"latency": 1, "jitter": 0}
        assert proxy.destroy_toxic("t?")
        assert one.reset()
        assert proxy.destroy()
        one.destroy_all()
        assert Links(server.url).proxies() == {}


def test_a_name_is_quoted_in_a_path_and_nowhere_else() -> None:
    name = Name("a/b?ü")
    assert "/proxies/%s" % name == "/proxies/a%2Fb%3F%C3%BC"  # noqa: UP031 - as the library writes it
    assert json.dumps({"name": name}) == json.dumps({"name": "a/b?ü"})
    assert {name: 1} == {"a/b?ü": 1}


def test_the_library_waits_for_a_hung_server_for_ever_and_we_do_not(theirs: Callable[[str], Any]) -> None:
    with silent() as server:
        thread = threading.Thread(target=theirs(server.url).proxies, daemon=True)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(threading, "excepthook", lambda _: None)  # it ends, loudly, when the server is closed
            thread.start()
            thread.join(2 * QUICK)
            assert thread.is_alive(), "it waits, and would for ever"
            began = CLOCK.monotonic()
            with (
                connected(server.url, timeout=QUICK) as toxiproxy,
                pytest.raises(PlatformError, match="no answer within"),
            ):
                toxiproxy.identities()
            assert CLOCK.monotonic() - began < 3 * QUICK + 0.5 + 1 + BUSY
            for connection in server.connections:
                connection.close()
            thread.join(30)
    assert not thread.is_alive()


def test_the_library_takes_a_500_for_an_answer_and_we_do_not(theirs: Callable[[str], Any]) -> None:
    def talk(request: Request) -> Reply:
        return Reply(200, said("p")) if request.method == "GET" else no(500, "broken")

    with serving(talk) as server:
        theirs(server.url)
        proxy = library.Proxy(**said("p", enabled=False))
        assert proxy.add_toxic(type="latency", attributes={"latency": 5}) is None
        assert proxy.destroy_toxic("t") is False
        proxy.enable()
        assert proxy.enabled is True, "although the server refused"
        with connected(server.url) as toxiproxy:
            with pytest.raises(Unknown, match="500 broken"):
                toxiproxy.add(at(server.url, "p"), MARK, LATENCY)
            with pytest.raises(Unknown, match="500 broken"):
                toxiproxy.remove(at(server.url, "p"), MARK)
            bound_one = ours(server.url).proxy(**said("p", enabled=False))
            with pytest.raises(Unknown):
                bound_one.enable()
            assert bound_one.enabled is False
