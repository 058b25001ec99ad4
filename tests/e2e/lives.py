"""Agents and undertakers of one folder as processes: who lives, and that nobody is left in the end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from simian_army import marks
from tests.cluster.fleet import SIMIAN
from tests.cluster.waiting import CLOCK, until
from tests.flow.ground import Ground
from tests.flow.hands import is_bare, is_cordoned, mark_on

NODE = "node-a"
NEVER = 'cron: "0 0 1 1 *"'
OFTEN = "every: 1s"
LINGERS = 30.0  # seconds that an undertaker has to find out that its agent ended in order, and to end


def living(folder: Path, verb: str = "") -> list[int]:
    """The process ids of all who were told of that folder or a file in it, and of that verb; zombies are dead."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = file.read_bytes().decode(errors="replace").split("\0")
            if any(word.startswith(str(folder)) for word in words) and (not verb or verb in words):
                found.append(int(file.parent.name))
    return sorted(set(found) - {os.getpid()})


@contextmanager
def nobody_is_left(folder: Path) -> Iterator[None]:
    """Whoever was started inside has to be gone soon after it; else they are ended, and it is an error."""
    try:
        yield
        until("every process of the fleet to be gone", lambda: not living(folder), LINGERS)
    finally:
        for pid in living(folder):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@dataclass
class Fleet:
    """A fleet on an embedded cluster, which cordons NODE and nothing else."""

    shop: Ground
    _children: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def write(self, schedule: str, hold: str) -> None:
        """The config: when it cordons, and for how long."""
        how = f"select: {{names: [{NODE}]}}, schedule: {{{schedule}}}, hold: {hold}, with: {{fault: node-cordon}}"
        self.shop.write(f"- {{name: nodes, use: chaos, on: kubernetes, {how}}}", 'observe: {listen: ""}\n')

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """``simian WORDS``, its output in a log of that name."""
        with (self.shop.folder / f"{words[0]}.log").open("ab") as out:
            command = [str(SIMIAN), *words, "-c", str(self.shop.config)]
            child = subprocess.Popen(command, env=self._env, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        self._children.append(child)
        return child

    def agent(self) -> subprocess.Popen[bytes]:
        """``simian run``, once it leads."""
        child = self.start("run")
        until("the agent to lead", lambda: str(child.pid) in self._said("status"))
        return child

    def events(self, phase: str) -> list[dict[str, Any]]:
        """What the audit has of a phase."""
        return [json.loads(line) for line in self._said("audit", "--json", "--phase", phase).splitlines()]

    def undertaker(self) -> int:
        """The process id of the one undertaker that lives."""
        (pid,) = living(self.shop.folder, "undertaker")
        return pid

    def held(self) -> datetime:
        """Waits until NODE is cordoned; until when it is to be."""
        until("a cordon", self.cordoned)
        mark = marks.from_text(mark_on(self.shop, NODE))
        assert mark is not None
        return mark.deadline

    def cordoned(self) -> bool:
        return is_cordoned(self.shop, NODE)

    def given_back(self, seconds: float) -> datetime:
        """Waits until NODE is as it was; when that came to be."""
        until("the end of the cordon", lambda: not self.cordoned(), seconds, every=0.05)
        assert is_bare(self.shop, NODE)
        return CLOCK.now()

    def ends_in_order(self, agent: subprocess.Popen[bytes]) -> None:
        """SIGTERM, and the exit code of somebody who left nothing behind."""
        agent.terminate()
        assert agent.wait(timeout=60) == 0, self.logs()

    def logs(self) -> str:
        """The last that everybody said."""
        files = [*self.shop.folder.glob("*.log"), *self.shop.folder.glob("*/*.log")]
        return "\n".join(f"== {file.name}\n{file.read_text()[-2000:]}" for file in files)

    def reap(self) -> None:
        """Take note of every end; what a test that broke has left running is ended."""
        for child in self._children:
            child.kill()
            child.wait(timeout=60)

    @property
    def _env(self) -> dict[str, str]:
        return {**os.environ, "KUBECONFIG": str(self.shop.folder / "kubeconfig")}

    def _said(self, *words: str) -> str:
        command = [str(SIMIAN), *words, "-c", str(self.shop.config)]
        done = subprocess.run(command, env=self._env, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout


def killed(pid: int, how: signal.Signals = signal.SIGKILL) -> None:
    """Send a signal to one process."""
    os.kill(pid, how)
