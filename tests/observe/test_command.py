"""What ``simian run`` says of its port, and that no other command waits for metrics or notices."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import IO, cast
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from tests.cluster.waiting import until
from tests.flow.ground import Ground

HOME = Path(__file__).parents[2]
SIMIAN = [sys.executable, "-m", "simian_army"]
HEAVY = {"prometheus_client", "apprise", "requests", "sqlalchemy", "kubernetes"}


def test_help_loads_nothing_heavy() -> None:
    code = f"""
import sys
sys.argv = ["simian", "--help"]
from simian_army.cli import main
try:
    main()
except SystemExit:
    pass
heavy = {HEAVY!r} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=HOME, timeout=120, capture_output=True)


def test_reading_a_config_with_notices_loads_neither(tmp_path: Path) -> None:
    config = tmp_path / "simian.yaml"
    config.write_text(
        f"fleet: shop\nkey: {'k' * 32}\nplatforms:\n  kubernetes: {{embedded: true}}\n"
        'notices:\n  - {use: apprise, with: {urls: ["json://127.0.0.1/x"]}}\n'
    )
    code = f"""
import sys
from pathlib import Path
from simian_army import wiring
with wiring.books(wiring.read_config(Path({str(config)!r}))):
    pass
heavy = {{"prometheus_client", "apprise"}} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=HOME, timeout=120)


def ready(url: str) -> bool:
    try:
        with urlopen(f"{url}/readyz", timeout=30) as answer:
            return bool(answer.status == 200)
    except HTTPError as no:
        no.close()
        return False  # the ledger was not asked yet


@pytest.mark.slow
def test_run_says_where_it_answers_and_answers_there(shop: Ground) -> None:
    config = shop.write(more="")
    config.write_text('observe: {listen: "127.0.0.1:0"}\n' + config.read_text())
    with subprocess.Popen([*SIMIAN, "run", "-c", config], stderr=subprocess.PIPE, text=True, cwd=HOME) as agent:
        try:
            lines = cast("IO[str]", agent.stderr)
            url = next(line.split()[-1] for line in lines if line.startswith("metrics and health at http://127.0.0.1:"))
            until("it to be ready", lambda: ready(url), 60)
            metrics = urlopen(f"{url}/metrics", timeout=30).read().decode()
            assert 'simian_build_info{fleet="test",version="' in metrics
            assert json.load(urlopen(f"{url}/healthz", timeout=30))["ok"] is True
        finally:
            agent.send_signal(signal.SIGTERM)
        assert agent.wait(90) == 0


@pytest.mark.slow
def test_run_ends_with_exit_2_and_one_line_when_the_configured_port_is_taken(shop: Ground) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config = shop.write()
        config.write_text(f'observe: {{listen: "127.0.0.1:{taken.getsockname()[1]}"}}\n' + config.read_text())
        said = subprocess.run(
            [*SIMIAN, "run", "-c", config], capture_output=True, text=True, cwd=HOME, timeout=120, check=False
        )
    assert said.returncode == 2
    last = said.stderr.splitlines()[-1]
    assert last.startswith(f"simian: {config}:1 observe.listen: cannot listen on 127.0.0.1:")
    assert "Traceback" not in said.stderr
