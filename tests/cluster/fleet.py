"""How a fleet is set up on the real ground: its config and key in a folder, and the command that obeys them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.cluster.process import Part

if TYPE_CHECKING:
    from tests.cluster.plane import Cluster

KEY = "5b1f0c7d" * 8
SIMIAN = Path(sys.executable).with_name("simian")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a fleet is to do. ``schedule`` and ``budget`` are written as in simian.yaml."""

    namespaces: str = "*"
    schedule: str = "every: 2s"
    budget: str = "concurrent: 3, per_day: 100, per_group: 1, max_percent: 34, cooldown: 0s"
    mode: str = "fixed: 1"
    leashed: bool = False


@dataclass(frozen=True, slots=True)
class Fleet:
    """A folder with simian.yaml and its key, and the kubeconfig of the user it acts as."""

    folder: Path
    kubeconfig: Path

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.folder / "simian.yaml"

    @property
    def environment(self) -> dict[str, str]:
        """This process's own, with KUBECONFIG set."""
        return {**os.environ, "KUBECONFIG": str(self.kubeconfig)}

    def command(self, *words: str) -> list[str]:
        """``simian WORDS -c CONFIG``."""
        return [str(SIMIAN), *words, "-c", str(self.config)]

    def simian(self, *words: str, seconds: float = 60) -> subprocess.CompletedProcess[str]:
        """Run one command to its end; the caller looks at the exit code."""
        return subprocess.run(
            self.command(*words), check=False, env=self.environment, capture_output=True, text=True, timeout=seconds
        )

    def start(self) -> Part:
        """Start the agent, its output in agent.log; the caller stops it."""
        words = ["/usr/bin/env", f"KUBECONFIG={self.kubeconfig}", *self.command("run")]
        return Part(words, self.folder / "agent.log")

    def events(self, *filters: str) -> list[dict[str, Any]]:
        """What ``simian audit --json`` prints, parsed."""
        done = self.simian("audit", "--json", *filters)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


def fleet(cluster: Cluster, folder: Path, wish: Wish, user: str = "admin") -> Fleet:
    """Write the config and the key of a fleet that acts on ``cluster`` as ``user``."""
    folder.mkdir(parents=True, exist_ok=True)
    key = folder / "simian.key"
    key.write_text(KEY + "\n")
    key.chmod(0o600)
    made = Fleet(folder, cluster.kubeconfig_of(user))
    made.config.write_text(_text(cluster, folder, wish))
    return made


def _text(cluster: Cluster, folder: Path, wish: Wish) -> str:
    return f"""\
fleet: real-ground
leashed: {str(wish.leashed).lower()}
timezone: UTC
ledger: sqlite:///{folder / "simian.db"}
key: ${{file:{folder / "simian.key"}}}
platforms:
  kubernetes: {{context: {cluster.context}, cluster_uid: {cluster.uid}, namespaces: ["{wish.namespaces}"]}}
safety:
  budget: {{{wish.budget}}}
monkeys:
  - {{name: pods, use: chaos, on: kubernetes, schedule: {{{wish.schedule}}},
     with: {{fault: pod-evict, mode: {{{wish.mode}}}}}}}
"""
