"""Where agents that are to die come from: forked from a process that has everything imported, a second sooner each.

``python -m tests.crash.nursery`` reads one JSON object a line (``words``, ``env``, ``out``) and answers each with the
exit status of the process it was asked for, negative for the signal that killed it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.crash.dying import main as live

HOME = Path(__file__).parents[2]
WARM = (
    "boto3",
    "kubernetes.client",
    "config.load",
    "simian_army.audit.ledger",
    "simian_army.engine",
    "simian_army.targets.aws",
    "simian_army.targets.k8s",
    "simian_army.targets.toxi",
    "simian_army.wiring.entries",
    "simian_army.wiring.house",
    "simian_army.wiring.recovering",
    "simian_army.wiring.rules",
)
"""What every agent imports by and by."""


class Nursery:
    """That process, for as long as the ``with`` lasts."""

    def __enter__(self) -> Self:
        words = [sys.executable, "-m", "tests.crash.nursery"]
        self._made = subprocess.Popen(words, cwd=HOME, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._made as made:
            made.terminate()

    def bear(self, words: Sequence[str], out: Path) -> int:
        """Let a process live by ``words`` in the environment as it is now; how it ended, when it has."""
        assert self._made.stdin is not None
        assert self._made.stdout is not None
        asked = {"words": list(words), "env": dict(os.environ), "out": str(out)}
        self._made.stdin.write(json.dumps(asked) + "\n")
        self._made.stdin.flush()
        return int(self._made.stdout.readline())


def main() -> None:
    for name in WARM:
        import_module(name)
    for line in sys.stdin:
        asked = json.loads(line)
        pid = os.fork()
        if not pid:
            _child(asked)
        _, status = os.waitpid(pid, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _child(asked: Mapping[str, Any]) -> None:
    """Live, and never come back."""
    out = os.open(asked["out"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    none = os.open(os.devnull, os.O_RDONLY)
    for theirs, ours in ((none, 0), (out, 1), (out, 2)):
        os.dup2(theirs, ours)
    os.environ.clear()
    os.environ.update(asked["env"])
    try:
        live(Path(asked["words"][0]), *asked["words"][1:])
    except BaseException:  # noqa: BLE001 - whatever ends it is for the test to read
        os.write(2, traceback.format_exc().encode())
    os._exit(1)


if __name__ == "__main__":
    main()
