"""The real toxiproxy, as a child on a free port of loopback."""

from __future__ import annotations

from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.cluster import build
from tests.cluster.process import Part, free_port
from tests.cluster.waiting import until


class Toxi:
    """One server, which may be killed and started again where it was."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = folder / "toxiproxy.log"
        self._part: Part | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._part:
            self._part.stop()

    def start(self) -> None:
        """Start it; returns when it answers."""
        self._part = Part([str(build.toxiproxy()), "-host", "127.0.0.1", "-port", str(self.port)], self._log)
        until("toxiproxy to answer", self._answers, 60, 0.02)

    def kill(self) -> None:
        """As a crash would."""
        if self._part:
            self._part.kill()

    def _answers(self) -> bool:
        if self._part:
            self._part.check()
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/version")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()
