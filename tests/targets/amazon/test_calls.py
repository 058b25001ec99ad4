from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from simian_army.errors import PlatformError, Unknown
from simian_army.model import Target
from tests.targets.amazon.stub import Reply, caller, ec2, instance, reservations
from tests.targets.amazon.world import HOME, INSTANCE, NORTH, connected

TARGET = Target("aws", "instance", f"arn:aws:ec2:{NORTH}:{HOME}:instance/i-1", "i-1", f"{HOME}/{NORTH}", "", None, {})
WHOLE = reservations(instance("i-1"), instance("i-2"))


class Cutting:
    """Answers one request a connection: who we are whole, all else with ``body``, of which it sends ``share``."""

    def __init__(self, reply: Reply, share: float) -> None:
        self._reply, self._share = reply, share
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.seen: list[str] = []
        self._thread = threading.Thread(target=self._take, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _take(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as asked:
                self._answer(connection, _body(asked))

    def _answer(self, connection: socket.socket, body: str) -> None:
        action = body.partition("Action=")[2].partition("&")[0]
        known = action == "GetCallerIdentity"
        if not known:
            self.seen.append(action)
        text = (caller(HOME) if known else self._reply).body.encode()
        sent = text if known else text[: int(len(text) * self._share)]
        head = f"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {len(text)}\r\n\r\n".encode()
        connection.sendall(head + sent)


def _body(asked: object) -> str:
    length = 0
    for raw in iter(asked.readline, b"\r\n"):  # type: ignore[attr-defined]
        if raw.lower().startswith(b"content-length:"):
            length = int(raw.split(b":")[1])
        if not raw:
            return ""
    return str(asked.read(length).decode())  # type: ignore[attr-defined]


@contextmanager
def cutting(reply: Reply, share: float) -> Iterator[Cutting]:
    server = Cutting(reply, share)
    try:
        yield server
    finally:
        server.close()


def test_a_whole_answer_is_taken() -> None:
    with cutting(WHOLE, 1) as server, connected(server.url) as aws:
        assert [target.name for target in aws.find(INSTANCE)] == ["i-1", "i-2"]


@pytest.mark.parametrize("share", [0, 0.5, 0.95])
def test_an_act_whose_answer_breaks_off_was_sent_once_and_is_unknown(share: float) -> None:
    with cutting(ec2("StopInstances", "<return>true</return>"), share) as server, connected(server.url) as aws:
        with pytest.raises(Unknown, match="it may have happened"):
            aws.stop(TARGET)
        assert server.seen == ["StopInstances"]


@pytest.mark.slow  # it is sent three times, with pauses
def test_a_list_that_breaks_off_is_an_error_and_no_shorter_list() -> None:
    with cutting(WHOLE, 0.6) as server, connected(server.url) as aws:
        with pytest.raises(PlatformError, match=f"ec2:DescribeInstances in {HOME}/{NORTH}"):
            aws.find(INSTANCE)
        assert set(server.seen) == {"DescribeInstances"}
        assert len(server.seen) <= 3
