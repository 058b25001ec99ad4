"""Does the server answer what it should to whom it should, whatever clients do to it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from http import HTTPStatus

import pytest

from simian_army.clock import SystemClock
from simian_army.observe import server as module
from simian_army.observe.server import THREADS, WAITING, Reply, Server
from tests.cluster.waiting import BUSY, until

CLOCK = SystemClock()
TOKEN = "a-token-of-some-length"
BODY = b"hello\n"


def hello() -> Reply:
    return Reply(HTTPStatus.OK, "text/plain", BODY)


def broken() -> Reply:
    raise RuntimeError(f"with {TOKEN} in it")


@contextmanager
def serving(token: str = "", host: str = "127.0.0.1") -> Iterator[Server]:
    made = Server((host, 0), {"/metrics": hello, "/broken": broken}, CLOCK, token)
    made.start()
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SLOW", 0.5)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SLOW", 30.0)


def connected(server: Server) -> socket.socket:
    return socket.create_connection(server.server_address[:2], timeout=60)  # type: ignore[arg-type]


def said(server: Server, text: str) -> bytes:
    with connected(server) as line:
        line.sendall(text.encode())
        return everything(line)


def everything(line: socket.socket) -> bytes:
    seen = b""
    while more := line.recv(65536):
        seen += more
    return seen


def drip(line: socket.socket, text: str) -> None:
    for letter in text:
        line.sendall(letter.encode())
        CLOCK.wait(threading.Event(), 0.05)


def asked(server: Server, path: str = "/metrics", method: str = "GET", *headers: str) -> tuple[int, bytes]:
    lines = [f"{method} {path} HTTP/1.1", "Host: here", *headers, "", ""]
    head, _, body = said(server, "\r\n".join(lines)).partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), body


def test_get_and_head_are_answered() -> None:
    with serving() as server:
        assert asked(server) == (200, BODY)
        assert asked(server, "/metrics?x=1") == (200, BODY)
        assert asked(server, method="HEAD") == (200, b"")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get"])
def test_nothing_else_is(method: str) -> None:
    with serving() as server:
        assert asked(server, method=method)[0] == 405


@pytest.mark.parametrize("path", ["/", "/metrics/", "/../metrics", "//metrics", "/admin", "*"])
def test_only_its_own_paths_are_there(path: str) -> None:
    with serving() as server:
        assert asked(server, path)[0] == 404


@pytest.mark.parametrize(
    "text", ["\r\n\r\n", "GET\r\n\r\n", "GET /metrics\r\n\r\n", "\x16\x03\x01\r\n\r\n", "A B C\r\n\r\n"]
)
def test_what_is_no_request_is_refused(text: str) -> None:
    with serving() as server:
        assert said(server, text).startswith(b"HTTP/1.1 400 ")


def test_a_request_without_end_is_refused() -> None:
    with serving() as server:
        assert said(server, "GET /metrics HTTP/1.1\r\n" + "X: y\r\n" * 2000).startswith(b"HTTP/1.1 431 ")


def test_too_many_headers_are_refused() -> None:
    with serving() as server:
        assert said(server, "GET /metrics HTTP/1.1\r\n" + "a:b\r\n" * 150 + "\r\n").startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("X: y", 401),
        ("Authorization: Bearer wrong", 401),
        (f"Authorization: Bearer {TOKEN}x", 401),
        (f"Authorization: Bearer {TOKEN[:-1]}", 401),
        (f"Authorization: Basic {TOKEN}", 401),
        (f"Authorization: {TOKEN}", 401),
        ("Authorization: Bearer \xff\xfe", 401),
        (f"Authorization: Bearer {TOKEN}", 200),
        (f"authorization: bearer {TOKEN}", 200),
    ],
)
def test_with_a_token_only_its_bearer_is_answered(header: str, status: int) -> None:
    with serving(TOKEN) as server:
        assert asked(server, "/metrics", "GET", header)[0] == status


def test_without_the_token_not_even_the_paths_are_told() -> None:
    with serving(TOKEN) as server:
        assert asked(server, "/nowhere")[0] == 401


def test_the_token_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def never(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return False

    monkeypatch.setattr("hmac.compare_digest", never)
    with serving(TOKEN) as server:
        assert asked(server, "/metrics", "GET", f"Authorization: Bearer {TOKEN}")[0] == 401
    assert compared == [(TOKEN.encode(), TOKEN.encode())]


def test_an_answer_that_breaks_tells_nothing_of_it() -> None:
    with serving() as server:
        assert asked(server, "/broken") == (500, b"Internal Server Error\n")
        assert asked(server) == (200, BODY)


@pytest.mark.usefixtures("quick")
def test_a_client_that_drips_is_cut_off_in_time() -> None:
    with serving() as server, connected(server) as line:
        begun = CLOCK.monotonic()
        with suppress(ConnectionError):
            drip(line, "GET /metrics HTTP/1.1\r\n" * 50)
        assert CLOCK.monotonic() - begun < 3 + BUSY


def test_a_client_that_reads_nothing_is_cut_off_in_time() -> None:
    big = Reply(HTTPStatus.OK, "text/plain", b"x" * 50_000_000)
    server = Server(("127.0.0.1", 0), {"/big": lambda: big}, CLOCK)
    server.start()
    try:
        with connected(server) as line:
            line.sendall(b"GET /big HTTP/1.1\r\n\r\n")
            until("it to be taken", lambda: server._open, 30)
            until("it to be cut off", lambda: not server._open, 30)
    finally:
        server.close()


@pytest.mark.usefixtures("patient")
def test_many_idle_clients_take_a_bounded_number_of_threads_and_the_rest_is_turned_away() -> None:
    with serving() as server, ExitStack() as open_lines:
        before = threading.active_count()
        lines = [open_lines.enter_context(connected(server)) for _ in range(THREADS + WAITING + 20)]
        until("the rest to be turned away", lambda: len(server._open) == THREADS + WAITING, 30)
        assert threading.active_count() - before <= THREADS
        assert lines[-1].recv(1) == b"", "nobody waits for a thread that may never be free"


@pytest.mark.usefixtures("quick")
def test_after_the_crowd_it_answers_again() -> None:
    with serving() as server:
        with ExitStack() as open_lines:
            for _ in range(THREADS + WAITING + 20):
                open_lines.enter_context(connected(server))
            until("the crowd to be cut off", lambda: not server._open, 60)
        assert asked(server) == (200, BODY)


@pytest.mark.usefixtures("patient")
def test_a_close_waits_for_no_client() -> None:
    begun = CLOCK.monotonic()
    with serving() as server:
        line = connected(server)
        until("the client to be taken", lambda: server._open, 30)
    assert CLOCK.monotonic() - begun < 2 + BUSY
    line.close()


def test_a_port_that_is_taken_is_told_at_once() -> None:
    with serving() as server, pytest.raises(OSError, match="in use"):
        Server(("127.0.0.1", server.server_address[1]), {}, CLOCK)


def test_it_listens_on_the_other_loopback_too() -> None:
    with serving(host="::1") as server:
        assert server.url.startswith("http://[::1]:")
        assert asked(server) == (200, BODY)
