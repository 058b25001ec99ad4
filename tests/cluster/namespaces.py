"""Where a node runs: namespaces of its own in which everything ends when one process does."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING

from tests.cluster import build, inside, keeper
from tests.cluster.folder import Folder
from tests.cluster.process import Part, PartDiedError
from tests.cluster.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

KEEPER = [sys.executable, "-I", "-S", str(Path(keeper.__file__))]


class Namespaces:
    """New ones, furnished. ``close`` always; if we die first, the keeper closes them.

    ``folder`` is seen by its path from both sides, and is on disk; every other write inside stays inside, in memory.

    Raises: PartDiedError, NeverError when this machine does not let them be made.
    """

    def __init__(self) -> None:
        self._room = Folder()
        self.folder = self._room.path
        self.name = self.folder.name
        self._log = self.folder / "keeper.log"
        # what may be on a file system of its own, which a view of the root alone would hide
        shown = dict.fromkeys((build.cache().resolve(), Path(sys.base_prefix).resolve(), build.HERE.resolve()))
        words = [*KEEPER, "keep", self.name, str(self.folder), *map(str, shown)]
        with self._log.open("wb") as out:
            self._keeper = subprocess.Popen(
                words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=out, text=True, start_new_session=True
            )
        try:
            assert self._keeper.stdout is not None
            self.pid = int(self._keeper.stdout.readline() or 0)
            until("the namespaces to be furnished", self._furnished, 30, 0.02)
        except BaseException:
            self.close()
            raise

    @property
    def keeper(self) -> int:
        """The process id of the keeper."""
        return self._keeper.pid

    def inside(self, command: Sequence[str]) -> list[str]:
        """The command that runs ``command`` inside."""
        return [*KEEPER, "enter", self.name, str(self.pid), *command]

    def run(self, *command: str, seconds: float = 60) -> str:
        """Run a command inside to its end; what it prints.

        Raises:
            PartDiedError: it ended with another code than 0; the text holds what it said.
        """
        words = self.inside(command)
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False)
        if done.returncode:
            raise _died(command, done.returncode, done.stderr or done.stdout)
        return done.stdout.decode()

    def feed(self, write: Callable[[IO[bytes]], object], *command: str) -> None:
        """Run a command inside that reads what ``write`` writes.

        Raises:
            PartDiedError: it ended with another code than 0; the text holds what it said.
        """
        words = self.inside(command)
        child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert child.stdin is not None
        with child:
            # one that ended early says why itself
            with contextlib.suppress(BrokenPipeError), child.stdin as pipe:
                write(pipe)
            child.stdin = None
            said, _ = child.communicate()
        if child.returncode:
            raise _died(command, child.returncode, said)

    def part(self, name: str, command: Sequence[str], fds: Sequence[int] = ()) -> Part:
        """Start a command inside that stays; see Part."""
        return Part(self.inside(command), self.folder / f"{name}.log", fds)

    def has(self, path: str) -> bool:
        """Whether a path is there inside."""
        return Path(f"/proc/{self.pid}/root{path}").exists()

    def close(self) -> None:
        """End everything inside; returns when nothing of it is left."""
        for pipe in (self._keeper.stdin, self._keeper.stdout):
            if pipe is not None:
                pipe.close()
        self._keeper.wait(60)
        self._room.remove()

    def _furnished(self) -> bool:
        if self._keeper.poll() is not None:
            raise PartDiedError(f"no namespaces for a node: {self._said()}")
        return (self.folder / inside.READY).exists()

    def _said(self) -> str:
        return self._log.read_text(errors="replace")[-1500:] if self._log.exists() else "the keeper left at once"


def _died(command: Sequence[str], code: int, said: bytes) -> PartDiedError:
    return PartDiedError(f"{' '.join(command)[:200]} ended with {code}:\n{said.decode(errors='replace')[-1500:]}")
