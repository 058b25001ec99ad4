"""Does a third party's monkey, with its fault in one short file, work beside the built-in ones."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from examples.veterans.veterans import PowerCut, Veterans
from safety.controlled import Controlled
from safety.opt_in import OptIn
from simian_army import Fault, FaultKind, Json, Mark, Monkey, Scene, Target

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "veterans"
NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
MARK = Mark("shop-eu", "run", "power-cut", NOW, {}, "")


@dataclass
class Pods:
    """A Kubernetes of three pods, without the network."""

    names: set[str] = field(default_factory=lambda: {"web-1", "web-2", "web-3"})
    grace: list[int | None] = field(default_factory=list)

    def get(self, target: Target) -> dict[str, Any] | None:
        return {"metadata": {"name": target.name}} if target.name in self.names else None

    def evict(self, target: Target, grace: int | None = None) -> None:
        self.delete(target, grace)

    def delete(self, target: Target, grace: int | None = None, version: str = "") -> None:
        self.names.remove(target.name)
        self.grace.append(grace)

    def patch(self, target: Target, operations: Sequence[Json]) -> dict[str, Any]:
        raise AssertionError("nothing here is patched")

    def mark(self, obj: Json, mark: Mark) -> list[Json]:
        raise AssertionError("nothing here is held")

    def unmark(self, obj: Json, mark: Mark) -> list[Json]:
        raise AssertionError("nothing here is held")


def pod(number: int, days: int) -> Target:
    labels = {"simian-army/veterans.power-cut": "enabled"}
    group, born = "shop/Deployment/web", NOW - timedelta(days=days)
    return Target("kubernetes", "pod", f"uid-{number}", f"web-{number}", "shop", group, born, labels)


TROOP = [pod(1, days=3), pod(2, days=90), pod(3, days=9)]


def test_the_file_is_under_40_lines_and_imports_only_the_contract() -> None:
    text = (EXAMPLE / "veterans" / "__init__.py").read_text()
    assert len(text.splitlines()) < 40
    imported = re.findall(r"^(?:from|import) (\S+)", text, re.MULTILINE)
    assert [name for name in imported if name.partition(".")[0] not in sys.stdlib_module_names] == ["simian_army"]


def test_the_oldest_pod_is_proposed_first_and_one_is_wanted() -> None:
    monkey: Monkey = Veterans()
    assert [fault.target.name for fault in veterans_faults(monkey)] == ["web-2", "web-3", "web-1"]
    assert monkey.want(TROOP, Random("0")) == 1
    assert monkey.want([], Random("0")) == 0


def veterans_faults(monkey: Monkey) -> list[Fault]:
    return [fault for fault in monkey.propose(TROOP, Random("0")) if isinstance(fault, Fault)]


def test_its_fault_is_allowed_by_the_guards_and_seen_to_happen() -> None:
    pods = Pods()
    kind: FaultKind = PowerCut(pods)
    fault = veterans_faults(Veterans())[0]
    scene = Scene(NOW, "shop-eu", "veterans", "old-pods", fault)
    assert OptIn()(scene).allowed
    assert Controlled()(scene).allowed
    assert kind.prepare(fault) is None
    assert not kind.observe(fault).holds
    kind.inject(fault, MARK)
    assert kind.observe(fault).holds
    assert (pods.names, pods.grace) == ({"web-1", "web-3"}, [0])
    assert kind.revert(fault, MARK).holds


def uv() -> str:
    """The uv that `make` uses."""
    found = shutil.which("uv") or str(ROOT / ".tools" / "bin" / "uv")
    assert Path(found).exists(), "uv is neither on PATH nor in .tools; run `make test` once"
    return found


LISTING = """
import json
from simian_army.plugins import found
print(json.dumps({kind: [found(kind)[name].origin, found(kind)[name].error]
                  for kind, name in (("monkey", "veterans"), ("fault", "power-cut"))}))
"""


@pytest.mark.slow
def test_once_installed_it_is_found_by_its_entry_points(tmp_path: Path) -> None:
    source, site = tmp_path / "source", tmp_path / "site"
    shutil.copytree(EXAMPLE, source, ignore=shutil.ignore_patterns("__pycache__"))
    install = [uv(), "pip", "install", "--quiet", "--no-deps", "--python", sys.executable, "--target", str(site)]
    subprocess.run([*install, "--cache-dir", str(tmp_path / "cache"), str(source)], check=True, timeout=120)
    path = os.pathsep.join([str(site), str(ROOT)])
    listed = subprocess.run(
        [sys.executable, "-c", LISTING],
        check=True,
        timeout=60,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
    )
    expected = ["simian-veterans 0.1.0", ""]
    assert json.loads(listed.stdout) == {"monkey": expected, "fault": expected}
