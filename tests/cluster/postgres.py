"""A real PostgreSQL for one test run: its own folder, a free port on loopback, no socket file, no root."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tests.cluster import debian, policy
from tests.cluster.folder import Folder
from tests.cluster.process import Part, PartDiedError, free_port
from tests.cluster.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

PASSWORD = "open-sesame-4711"
"""In every URL that is given out, so that a test can look where it turns up."""

TOOLS = ("initdb", "postgres")
PLACES = Path("/usr/lib/postgresql")
NO_CLUSTER = Path("/etc/postgresql-common/createcluster.conf")
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "32MB",
    "timezone": "UTC",
}


class Postgres:
    """A server inside ``with``, which can be stopped, killed and frozen meanwhile. Tests use databases of their own.

    Raises (entering): PartDiedError or NeverError when it does not start.
    """

    def __init__(self, binaries: Path) -> None:
        self._binaries = binaries
        self._numbers = count(1)
        self._part: Part | None = None
        self.port = free_port()

    def __enter__(self) -> Self:
        self._holder = Folder()
        self._data = self._holder.path / "data"
        try:
            self._make()
            self.start()
        except BaseException:
            self._holder.remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.thaw()
        self.kill()
        self._holder.remove()

    def url(self, database: str) -> str:
        """How the superuser reaches a database."""
        return f"postgresql://boss:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def database(self) -> str:
        """Make an empty database; its URL."""
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name}")
        return self.url(name)

    def run(self, *statements: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run statements as the superuser, each in a transaction of its own; the rows of the last one."""
        import psycopg

        rows: list[tuple[object, ...]] = []
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            for statement in statements:
                done = connection.execute(statement.encode())
                rows = done.fetchall() if done.description else []
        return rows

    def start(self) -> None:
        """Start it, unless it runs, and wait until it answers."""
        if self._part and self._part.code is None:
            return
        words = ["-D", str(self._data), "-p", str(self.port)]
        words += [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        self._part = Part(self._as_nobody("postgres", *words), self._holder.path / "postgres.log")
        until("PostgreSQL to answer", self._answers, 120)

    def stop(self) -> None:
        """Stop it as an operator would: clients are sent away."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """Have it gone at once, as by a power cut; the next start recovers."""
        self._end(signal.SIGQUIT)

    def freeze(self) -> None:
        """Keep it from doing anything: connections stand, nobody answers."""
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal_all(signal.SIGCONT)

    def _end(self, number: signal.Signals) -> None:
        part, self._part = self._part, None
        if part is None:
            return
        if part.code is None:
            os.kill(part.pid, number)
        until("PostgreSQL to end", lambda: part.code is not None, 60)

    def _signal_all(self, number: signal.Signals) -> None:
        if self._part is None:
            return
        for pid in [self._part.pid, *_children(self._part.pid)]:
            os.kill(pid, number)

    def _answers(self) -> bool:
        import psycopg

        if self._part:
            self._part.check()
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=10).close()
        except psycopg.OperationalError:
            return False
        return True

    def _make(self) -> None:
        secret = self._holder.path / "password"
        secret.write_text(PASSWORD)
        self._data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            who = _unprivileged()
            self._holder.path.chmod(0o711)
            for path in (self._data, secret):
                os.chown(path, who.pw_uid, who.pw_gid)
        words = ["-D", str(self._data), "-U", "boss", "-A", "scram-sha-256", "--pwfile", str(secret), "-E", "UTF8"]
        command = self._as_nobody("initdb", *words, "--locale=C.UTF-8", "--no-instructions", "--no-sync")
        done = subprocess.run(command, cwd=self._holder.path, capture_output=True, text=True, timeout=120, check=False)
        secret.unlink()
        if done.returncode:
            raise PartDiedError(f"initdb ended with {done.returncode}:\n{done.stderr}")

    def _as_nobody(self, tool: str, *words: str) -> list[str]:
        """The command, run by somebody who is not root: PostgreSQL refuses root."""
        command = [str(self._binaries / tool), *words]
        if os.geteuid() != 0:
            return command
        who = _unprivileged()
        drop = shutil.which("setpriv") or "setpriv"
        # the kernel forgets whose death we die of when the user changes
        return [drop, f"--reuid={who.pw_uid}", f"--regid={who.pw_gid}", "--clear-groups", "--pdeathsig=KILL", *command]


def binaries() -> Path:
    """Where PostgreSQL is; it is installed where that is allowed, and otherwise the test is skipped or failed."""
    found = next(_places(), None)
    if found is None and policy.installs():
        _alone()
        debian.install(("postgresql",), lambda: next(_places(), None) is not None)
        found = next(_places(), None)
    return found or policy.needs("PostgreSQL: apt-get install postgresql, or put initdb and postgres on PATH")


def _places() -> Iterator[Path]:
    on_path = shutil.which("initdb")
    tried = [Path(on_path).resolve().parent] if on_path else []
    tried += sorted(PLACES.glob("*/bin"), reverse=True)
    yield from (place for place in tried if all((place / tool).exists() for tool in TOOLS))


def _alone() -> None:
    if not NO_CLUSTER.exists():  # or the package starts a server of its own
        NO_CLUSTER.parent.mkdir(parents=True, exist_ok=True)
        NO_CLUSTER.write_text("create_main_cluster = false\n")


def _unprivileged() -> pwd.struct_passwd:
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in text.split()]
