"""How requests reach a toxiproxy: in bounded time, reads again, acts once, and every answer judged."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from simian_army.clock import SystemClock
from simian_army.errors import Forbidden, Gone, PlatformError, Refused, SimianError, Unknown
from simian_army.model import Selector
from simian_army.targets.toxi import Toxiproxy
from tests.cluster.process import free_port
from tests.cluster.waiting import BUSY, until
from tests.targets.kube.stub import QuickClock, Reply, Request, serving, silent
from tests.targets.proxies.stub import LATENCY, MARK, always, at, connected, listed, no, said

PROXY = Selector("proxy")
Act = Callable[[Toxiproxy, str], Any]


def add(toxiproxy: Toxiproxy, url: str) -> None:
    toxiproxy.add(at(url, "p"), MARK, LATENCY)


def remove(toxiproxy: Toxiproxy, url: str) -> None:
    toxiproxy.remove(at(url, "p"), MARK)


def answering(method: str, reply: Reply) -> Callable[[Request], Reply]:
    """A server with one proxy that answers one method in its own way."""
    return lambda request: reply if request.method == method else Reply(200, said("p"))


def test_a_read_is_tried_three_times_and_waits_between() -> None:
    replies = [no(500, "a"), no(503, "b"), listed(said("p"))]
    with serving(lambda _: replies.pop(0)) as stub, connected(stub.url, clock=QuickClock()) as toxiproxy:
        assert [target.name for target in toxiproxy.find(PROXY)] == ["p"]
        assert stub.lines() == ["GET /proxies"] * 3


def test_a_read_that_never_succeeds_says_where_and_why() -> None:
    clock = QuickClock()
    with serving(always(no(500, "broken"))) as stub, connected(stub.url, clock=clock) as toxiproxy:
        with pytest.raises(PlatformError, match=f"GET {stub.url}/proxies: 500 broken"):
            toxiproxy.find(PROXY)
        assert len(stub.requests) == 3
        assert clock.waits == [0.1, 0.4]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 418, 301])
def test_a_read_that_is_answered_is_not_tried_again(status: int) -> None:
    with serving(always(no(status, "no"))) as stub, connected(stub.url) as toxiproxy:
        with pytest.raises(PlatformError):
            toxiproxy.find(PROXY)
        assert len(stub.requests) == 1


@pytest.mark.parametrize(("act", "method"), [(add, "POST"), (remove, "DELETE")])
@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        (no(500, "broken"), Unknown, "500 broken; it may have happened"),
        (Reply(502, b"bad gateway"), Unknown, "502 'bad gateway'; it may have happened"),
        (no(400, "nonsense"), Refused, "400 nonsense"),
        (no(409, "toxic already exists"), Refused, "409 toxic already exists"),
        (Reply(403, b"User agent not allowed\n"), Forbidden, "asks for no credentials"),
        (Reply(404, b"404 page not found\n"), PlatformError, "not an answer of a toxiproxy"),
        (no(404, "no such page"), PlatformError, "not an answer of a toxiproxy"),
        (Reply(301, b"", {"Location": "/proxies"}), PlatformError, "not an answer of a toxiproxy"),
        (Reply(405, b""), PlatformError, "not an answer of a toxiproxy"),
        (Reply(429, b"slowly"), PlatformError, "429 'slowly'"),
    ],
)
def test_an_act_is_sent_once_and_every_bad_answer_is_an_error(
    act: Act, method: str, reply: Reply, error: type[SimianError], words: str
) -> None:
    with serving(answering(method, reply)) as stub, connected(stub.url) as toxiproxy:
        with pytest.raises(error, match=words) as caught:
            act(toxiproxy, stub.url)
        assert type(caught.value) is error
        assert stub.url in str(caught.value)
        assert [request.method for request in stub.requests if request.method != "GET"] == [method]


def test_a_redirect_is_never_followed() -> None:
    reply = Reply(301, b"", {"Location": "/proxies/other"})
    with serving(answering("DELETE", reply)) as stub, connected(stub.url) as toxiproxy:
        with pytest.raises(PlatformError):
            remove(toxiproxy, stub.url)
        assert not [line for line in stub.lines() if "other" in line]


@pytest.mark.parametrize("words", ["proxy not found", "toxic not found"])
def test_gone_is_what_the_server_itself_says_is_gone(words: str) -> None:
    with serving(always(no(404, words))) as stub, connected(stub.url) as toxiproxy:
        assert toxiproxy.get(at(stub.url, "p")) is None
        with pytest.raises(Gone):
            add(toxiproxy, stub.url)


def test_what_stands_in_the_servers_place_does_not_make_a_proxy_gone() -> None:
    with serving(always(Reply(404, b"<h1>Not Found</h1>"))) as stub, connected(stub.url) as toxiproxy:
        with pytest.raises(PlatformError, match="is the endpoint right") as caught:
            toxiproxy.get(at(stub.url, "p"))
        assert not isinstance(caught.value, Gone)


@pytest.mark.parametrize("act", [add, remove])
def test_when_nobody_listens_nothing_was_sent(act: Act) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with connected(url, clock=QuickClock()) as toxiproxy:
        with pytest.raises(PlatformError, match="cannot be reached.*is the toxiproxy up") as caught:
            act(toxiproxy, url)
        assert not isinstance(caught.value, Unknown)


def test_a_delete_that_gets_no_answer_may_have_happened() -> None:
    with silent() as server, connected(server.url, timeout=0.3) as toxiproxy:
        with pytest.raises(Unknown, match=r"DELETE .*sent, but no answer came .*it may have happened"):
            remove(toxiproxy, server.url)
        until("it to arrive", lambda: server.received, 30)
        assert len(server.received) == 1


def test_a_read_that_gets_no_answer_ends_in_bounded_time() -> None:
    clock = SystemClock()
    with silent() as server, connected(server.url, timeout=0.2) as toxiproxy:
        began = clock.monotonic()
        with pytest.raises(PlatformError, match=r"no answer within 0.2 s"):
            toxiproxy.find(PROXY)
        assert clock.monotonic() - began < 3 * 0.2 + 0.5 + 1 + BUSY
        until("the last try to arrive", lambda: len(server.received) >= 3, 30)
        assert len(server.received) == 3


def test_a_connection_that_is_dropped_in_the_middle_of_an_act_may_have_happened() -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def drop() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)

    thread = threading.Thread(target=drop)
    thread.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with connected(url) as toxiproxy, pytest.raises(Unknown):
        remove(toxiproxy, url)
    thread.join()
    listener.close()


def test_an_answer_that_trickles_ends_in_bounded_time() -> None:
    listener, stop, clock = socket.create_server(("127.0.0.1", 0)), threading.Event(), SystemClock()

    def trickle() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            try:
                while not stop.wait(0.05):
                    connection.sendall(b" ")
            except OSError:
                return

    thread = threading.Thread(target=trickle)
    thread.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    began = clock.monotonic()
    with connected(url, timeout=0.4) as toxiproxy, pytest.raises(Unknown, match="did not end within"):
        remove(toxiproxy, url)
    assert clock.monotonic() - began < 2 + BUSY
    stop.set()
    thread.join()
    listener.close()


def test_the_users_own_proxies_cookies_and_credentials_stay_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    reply = Reply(200, {"p": said("p")}, {"Set-Cookie": "a=b"})
    with serving(always(reply)) as stub, connected(stub.url) as toxiproxy:
        toxiproxy.find(PROXY)
        toxiproxy.find(PROXY)
        for request in stub.requests:
            assert "authorization" not in request.headers
            assert "cookie" not in request.headers
            assert request.headers["user-agent"].startswith("simian-army/")


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"null", b"7", b"\xff\xfe", b"[" * 100_000, b'{"p": ', b'{"a": NaN}x']
)
def test_what_is_no_answer_of_a_toxiproxy_is_said_to_be_none(body: bytes) -> None:
    with serving(always(Reply(200, body))) as stub, connected(stub.url) as toxiproxy:
        with pytest.raises(PlatformError, match=r"not an answer of a toxiproxy.*is the endpoint right"):
            toxiproxy.find(PROXY)


@pytest.mark.parametrize("body", [b"", b"ok", b"[]", b'{"name": "t"}', b'{"toxics": 1}'])
def test_an_act_whose_answer_makes_no_sense_may_have_happened(body: bytes) -> None:
    with serving(answering("POST", Reply(200, body))) as stub, connected(stub.url) as toxiproxy:
        with pytest.raises(Unknown, match=r"makes no sense|nobody can say|does not show it"):
            add(toxiproxy, stub.url)


def test_many_threads_share_one_adapter() -> None:
    with serving(always(listed(said("p")))) as stub, connected(stub.url) as toxiproxy:
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda _: toxiproxy.find(PROXY), range(160)))
        assert {len(targets) for targets in found} == {1}
        assert len(stub.requests) == 160
