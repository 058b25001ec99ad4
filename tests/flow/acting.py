"""A game day as people act it out: its file, the command, and what the ledger then says."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from simian_army import wiring
from simian_army.cli.gameday import Wish, gameday
from simian_army.gameday.diary import Day, days_of
from simian_army.model import AuditEvent, Phase
from tests.cluster.waiting import until
from tests.flow.ground import Ground

PATIENT = (
    "import sys; from simian_army.cli import main; from simian_army.undertaker import trust;"
    "trust.PATIENCE = 60.0; sys.exit(main())"
)
SIMIAN = (sys.executable, "-c", PATIENT)
"""The command, but that it waits longer for its undertaker to come up: on a busy machine that takes a while."""
ALWAYS = "  blackouts: [{weekdays: [mon, tue, wed, thu, fri, sat, sun]}]\n"
POD = "{monkey: pods, target: shop/web}"
NODE = "{fault: node-cordon, target: node node-c, hold: 3s}"  # a busy machine needs a second of it to begin
LONG = "{fault: node-cordon, target: node node-c, hold: 1h}"
SPARED = "{monkey: pods, target: shop/checkout, expect: refused}"


def written(shop: Ground, *steps: str) -> Path:
    file = shop.folder / "day.yaml"
    file.write_text("name: a day\nsteps:\n" + "".join(f"  - {step}\n" for step in steps))
    return file


def acted(shop: Ground, capsys: pytest.CaptureFixture[str], *steps: str, **wish: Any) -> tuple[int, dict[str, Any]]:
    code = gameday(shop.config, Wish(written(shop, *steps), as_json=True, **wish))
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, report


def cordoned(shop: Ground, name: str = "node-c") -> bool:
    return shop.node(name)["spec"].get("unschedulable") is True


def events(shop: Ground, **which: Any) -> list[AuditEvent]:
    with wiring.books(wiring.read_config(shop.config)) as books:
        assert books.ledger.verify() == []
        return list(books.ledger.query(**which))


def days(shop: Ground) -> list[Day]:
    return days_of(events(shop, phase=Phase.GAMEDAY))


def states(report: dict[str, Any]) -> list[str]:
    return [step["state"] for step in report["steps"]]


def evicted(shop: Ground) -> int:
    return sum("eviction 201" in line for line in shop.writes())


@contextmanager
def begun(shop: Ground, *words: str) -> Iterator[subprocess.Popen[str]]:
    """The command as a process of its own."""
    command = [*SIMIAN, "gameday", str(shop.folder / "day.yaml"), "-c", str(shop.config)]
    child = subprocess.Popen(
        [*command, *words], cwd=shop.folder, env=dict(os.environ), stdout=subprocess.PIPE, text=True
    )
    try:
        yield child
    finally:
        child.kill()
        child.wait()
        if child.stdout:
            child.stdout.close()


@contextmanager
def agent(shop: Ground) -> Iterator[subprocess.Popen[str]]:
    with (shop.folder / "log").open("w") as log:
        child = subprocess.Popen(
            [*SIMIAN, "run", "-c", str(shop.config)],
            cwd=shop.folder,
            env=dict(os.environ),
            stderr=log,
            text=True,
        )
    try:
        until("the agent to lead", lambda: _led(shop), 60)
        yield child
        child.send_signal(signal.SIGTERM)
        assert child.wait(60) == 0, (shop.folder / "log").read_text()
    finally:
        child.kill()
        child.wait()


def _led(shop: Ground) -> bool:
    with wiring.books(wiring.read_config(shop.config)) as books:
        return books.lease.held_by_anyone()
