"""How the embedded toxiproxy begins, is looked into, and ends."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from simian_army.embedded.toxi import Backend, ToxiServer, Write, seconds
from simian_army.embedded.toxi.forms import Problem
from tests.cluster.waiting import BUSY
from tests.embedded.toxi.scene import Client, Scene


def sockets() -> int:
    links = [entry.readlink() for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]
    return sum(str(link).startswith("socket:") for link in links)


def test_nothing_is_left_when_it_is_stopped_in_the_middle_of_everything() -> None:
    threads, open_before = set(threading.enumerate()), sockets()
    server = ToxiServer()
    server.start()
    scene = Scene(server.url)
    clients = []
    for name, kind, more in (
        ("late", "latency", {"latency": 60_000}),
        ("slow", "bandwidth", {"rate": 1}),
        ("stuck", "bandwidth", {"rate": 0}),
        ("mute", "timeout", {"timeout": 60_000}),
        ("plain", "", {}),
    ):
        scene.proxy(name)
        if kind:
            assert scene.ask("POST", f"/proxies/{name}/toxics", {"type": kind, "attributes": more})[0] == 200
        clients.append(scene.client(name))
        clients[-1].flood()
    idle = socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])))
    server.stop()
    for client in clients:
        while client.end()[0] == "data":
            pass
        assert client.end()[0] in ("closed", "reset")
        client.close()
    idle.close()
    scene.echo.close()
    assert set(threading.enumerate()) <= threads
    assert sockets() <= open_before, "others may have closed some of theirs meanwhile"


def test_it_can_be_stopped_twice_and_never_started() -> None:
    server = ToxiServer()
    server.stop()
    server.start()
    server.stop()
    server.stop()


def test_started_again_it_is_at_the_same_place_and_has_forgotten_everything() -> None:
    server = ToxiServer([{"name": "a", "upstream": "127.0.0.1:9", "listen": "127.0.0.1:0"}])
    with server:
        url = server.url
        server.apply({"name": "b", "upstream": "127.0.0.1:9"})
        scene = Scene(url)
        assert sorted(scene.ask("GET", "/proxies")[1]) == ["a", "b"]
        scene.toxic("latency", "a")
    with server:
        assert server.url == url
        assert sorted(scene.ask("GET", "/proxies")[1]) == ["a"]
        assert scene.ask("GET", "/proxies/a/toxics")[1] == []
        scene.close()


def test_a_port_that_is_taken_is_said_and_leaves_nothing() -> None:
    threads = set(threading.enumerate())
    with ToxiServer() as first, pytest.raises(OSError, match="in use"):
        ToxiServer(port=int(first.url.rpartition(":")[2])).start()
    assert set(threading.enumerate()) <= threads


def test_a_seed_that_cannot_be_is_said() -> None:
    with pytest.raises(Problem, match="missing required field: upstream"), ToxiServer([{"name": "a"}]):
        pass


def test_every_write_is_remembered_and_no_read_is() -> None:
    with ToxiServer() as server:
        scene = Scene(server.url)
        scene.ask("POST", "/proxies", {"name": "a/b", "upstream": "127.0.0.1:9"}, **{"User-Agent": "me/1"})
        scene.ask("GET", "/proxies")
        scene.ask("DELETE", "/proxies/none%20such")
        scene.ask("PUT", "/proxies")
        assert server.writes == [
            Write("POST", "/proxies", 201, "me/1"),
            Write("DELETE", "/proxies/none such", 404, ""),
            Write("PUT", "/proxies", 405, ""),
        ]
        scene.echo.close()


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"GET /version\r\n\r\n",
        b"GET /version HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"POST /proxies HTTP/1.1\r\nContent-Length: 9\r\n\r\nhalf",
        b"\r\n\r\n",
        b"x" * 200_000,
    ],
)
def test_nonsense_ends_its_own_connection_only(sent: bytes) -> None:
    with ToxiServer() as server:
        scene = Scene(server.url)
        with Client(server.url.rpartition("/")[2]) as client:
            with suppress(OSError):  # it may have been ended before all was sent
                client.say(sent)
                client._socket.shutdown(socket.SHUT_WR)
            assert client.end()[0] in ("closed", "reset")
        assert scene.ask("GET", "/version")[0] == 200
        scene.close()


def test_a_body_without_its_length_is_refused() -> None:
    with ToxiServer() as server, Client(server.url.rpartition("/")[2]) as client:
        client.say(b"POST /proxies HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        client.hear(len(b"HTTP/1.1 413"))


def test_one_connection_serves_many_requests() -> None:
    with ToxiServer() as server, Client(server.url.rpartition("/")[2]) as client:
        for _ in range(3):
            client.say(b"GET /version HTTP/1.1\r\n\r\n")
            client.hear(len(b"HTTP/1.1 200 OK"))


def test_a_request_to_the_shop_takes_as_long_as_the_proxy_lets_it() -> None:
    with Backend() as shop, ToxiServer() as server:
        url = "http://" + server.apply({"name": "shop", "upstream": shop.address})["listen"]
        scene = Scene(server.url)
        assert min(seconds(url) for _ in range(3)) < 0.5
        scene.toxic("latency", "shop", latency=800)
        assert 0.79 < seconds(url) < 0.8 + BUSY
        scene.untoxic(proxy="shop")
        assert min(seconds(url) for _ in range(3)) < 0.5
        scene.close()
    with pytest.raises(ConnectionRefusedError):
        seconds(url)
