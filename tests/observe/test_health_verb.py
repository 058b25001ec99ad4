"""Does `simian health` say how the agent, or the undertaker, of this machine is, by its exit code."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

import pytest

from simian_army.cli import health as verb
from simian_army.cli.health import Wish, health
from simian_army.clock import SystemClock
from simian_army.errors import UsageError
from simian_army.observe.beating import Beat
from simian_army.observe.server import Reply, Server
from tests.cluster.fleet import SIMIAN
from tests.cluster.waiting import until

KEY = "0123456789abcdef0123456789abcdef"
TOKEN = "a-token-that-nobody-guesses"
WELL = {"ok": True, "checks": [{"name": "ledger", "ok": True, "value": "answers"}]}
ILL = {"ok": False, "checks": [{"name": "ledger", "ok": False, "value": "away"}]}


def written(folder: Path, observe: str) -> Path:
    file = folder / "simian.yaml"
    file.write_text(f"fleet: t\nkey: {KEY}\nplatforms: {{kubernetes: {{embedded: true}}}}\nobserve: {observe}\n")
    return file


@contextmanager
def serving(status: int, body: bytes, token: str = "") -> Iterator[int]:
    routes = {path: (lambda: Reply(HTTPStatus(status), "application/json", body)) for path in ("/healthz", "/readyz")}
    server = Server(("127.0.0.1", 0), routes, SystemClock(), token)
    server.start()
    try:
        yield int(server.url.rpartition(":")[2])
    finally:
        server.close()


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (200, json.dumps(WELL).encode(), 0),
        (503, json.dumps(ILL).encode(), 1),
        (200, json.dumps(ILL).encode(), 1),
        (503, json.dumps(WELL).encode(), 1),
        (200, b"<html>", 1),
        (200, b"{}", 1),
        (500, b"", 1),
    ],
)
def test_the_exit_code_is_the_answer(
    tmp_path: Path, status: int, body: bytes, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(status, body) as port:
        config = written(tmp_path, f'{{listen: "127.0.0.1:{port}"}}')
        for ready in (True, False):
            assert health(config, Wish(ready=ready)) == code
    assert ("ok " in capsys.readouterr().out) is (code == 0 or b"answers" in body)


def test_the_token_of_the_config_is_borne(tmp_path: Path) -> None:
    with serving(200, json.dumps(WELL).encode(), TOKEN) as port:
        assert health(written(tmp_path, f'{{listen: "127.0.0.1:{port}", token: {TOKEN}}}'), Wish()) == 0
        assert health(written(tmp_path, f'{{listen: "0.0.0.0:{port}", token: {TOKEN}}}'), Wish()) == 0
        other = written(tmp_path, f'{{listen: "127.0.0.1:{port}", token: another-{TOKEN}}}')
        assert health(other, Wish()) == 1


def test_nobody_there_is_ill_and_nowhere_is_a_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert health(written(tmp_path, '{listen: "127.0.0.1:1"}'), Wish(as_json=True)) == 1
    assert json.loads(capsys.readouterr().out)["checks"][0]["value"].startswith("no answer at 127.0.0.1:1")
    with pytest.raises(UsageError, match="answers nowhere"):
        health(written(tmp_path, '{listen: ""}'), Wish())


def test_one_that_hangs_is_ill_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    monkeypatch.setattr(verb, "PATIENCE", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert health(written(tmp_path, f'{{listen: "127.0.0.1:{port}"}}'), Wish()) == 1


def test_a_beat_needs_no_config(tmp_path: Path) -> None:
    file = tmp_path / "beat"
    assert health(tmp_path / "none.yaml", Wish(beat=file)) == 1
    Beat(file, SystemClock())()
    assert health(tmp_path / "none.yaml", Wish(beat=file)) == 0


@pytest.mark.slow
def test_an_undertaker_shows_life_to_another_process_until_it_ends(tmp_path: Path) -> None:
    config, file = written(tmp_path, "{}"), tmp_path / "beat"
    words = [str(SIMIAN), "undertaker", "-c", str(config), "--beat", str(file)]
    with (tmp_path / "log").open("w") as log:
        undertaker = subprocess.Popen(words, stderr=log)
    try:
        until("a sign of life", file.exists, 60)
        asked = subprocess.run([str(SIMIAN), "health", "--beat", str(file)], capture_output=True, check=False)
        assert asked.returncode == 0, asked.stdout
        before = file.read_text()
        until("another one", lambda: file.read_text() != before, 60)
    finally:
        undertaker.send_signal(signal.SIGTERM)
        assert undertaker.wait(60) == 0, (tmp_path / "log").read_text()
