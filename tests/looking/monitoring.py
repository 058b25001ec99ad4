"""A real Prometheus and a real Alertmanager, each at a free port of loopback in a folder of its own."""

from __future__ import annotations

import json
import os
import shutil
import urllib.request
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.error import URLError

from tests.cluster import debian, policy
from tests.cluster.folder import Folder
from tests.cluster.process import Part, free_port
from tests.cluster.waiting import CLOCK, until

PACKAGES = ("prometheus", "prometheus-alertmanager")
RULES = "rules.yaml"


def binary(name: str) -> str:
    """Where that Debian package's program is; it is installed where that is allowed, or the test is left out loudly."""
    found = shutil.which(name)
    if found is None and policy.installs() and os.geteuid() == 0:
        debian.install(PACKAGES, lambda: shutil.which(name) is not None)
        found = shutil.which(name)
    return found or policy.needs(f"{name}: apt-get install {' '.join(PACKAGES)}")


class Served:
    """A part with an HTTP API, inside ``with``."""

    ready = "/-/ready"

    def __init__(self) -> None:
        self.port = free_port()
        self._part: Part | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def command(self, folder: Path) -> list[str]:
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._holder = Folder()
        self.folder = self._holder.path
        self._part = Part(self.command(self.folder), self.folder / "log.txt")
        try:
            until(f"{type(self).__name__} to be ready", self._ready, 60, 0.05)
        except BaseException:
            self.kill()
            self._holder.remove()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.kill()
        self._holder.remove()

    def kill(self) -> None:
        """Have it gone at once."""
        if self._part and self._part.code is None:
            self._part.kill()

    def send(self, path: str, body: Any = None, method: str = "POST") -> Any:
        """Ask its API for something."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=30) as reply:
            text = reply.read()
        return json.loads(text) if text.strip().startswith((b"{", b"[")) else text.decode()

    def _ready(self) -> bool:
        assert self._part
        self._part.check()
        try:
            self.send(self.ready, method="GET")
        except (URLError, OSError):
            return False
        return True


class Alertmanager(Served):
    """Alerts can be posted, resolved and silenced."""

    def command(self, folder: Path) -> list[str]:
        config = folder / "alertmanager.yaml"
        config.write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
        words = [f"--config.file={config}", f"--storage.path={folder / 'data'}", "--cluster.listen-address="]
        return [binary("prometheus-alertmanager"), *words, f"--web.listen-address=127.0.0.1:{self.port}"]

    def fire(self, **labels: str) -> None:
        """Have an alert fire for an hour."""
        self._post(labels, timedelta(hours=1))

    def resolve(self, **labels: str) -> None:
        """Have it end."""
        self._post(labels, timedelta(seconds=-1))

    def silence(self, **labels: str) -> str:
        """Silence what bears these labels; the silence's id."""
        now = CLOCK.now()
        matchers = [{"name": n, "value": v, "isRegex": False, "isEqual": True} for n, v in labels.items()]
        end = (now + timedelta(hours=1)).isoformat()
        silence = {"matchers": matchers, "startsAt": now.isoformat(), "endsAt": end, "createdBy": "ann", "comment": "x"}
        return str(self.send("/api/v2/silences", silence)["silenceID"])

    def _post(self, labels: Mapping[str, str], lasts: timedelta) -> None:
        now = CLOCK.now()
        begin, end = now - timedelta(minutes=1), now + lasts
        self.send("/api/v2/alerts", [{"labels": labels, "startsAt": begin.isoformat(), "endsAt": end.isoformat()}])


class Prometheus(Served):
    """Evaluates its rules each second, and sends alerts to ``alertmanager``."""

    def __init__(self, alertmanager: str = "127.0.0.1:1") -> None:
        super().__init__()
        self.alertmanager = alertmanager

    def command(self, folder: Path) -> list[str]:
        config = folder / "prometheus.yaml"
        (folder / RULES).write_text("groups: []\n")
        alerting = {"alertmanagers": [{"static_configs": [{"targets": [self.alertmanager]}]}]}
        said = {"global": {"evaluation_interval": "1s"}, "rule_files": [RULES], "alerting": alerting}
        config.write_text(json.dumps(said))
        words = [f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}", "--web.enable-lifecycle"]
        words.append("--rules.alert.resend-delay=1s")  # by itself a minute: the first comes before it knows to whom
        return [binary("prometheus"), *words, f"--web.listen-address=127.0.0.1:{self.port}"]

    def rule(self, alert: str, expr: str, **labels: str) -> None:
        """Have this one alerting rule; with an empty ``expr``, none."""
        one = {"alert": alert, "expr": expr, "labels": labels}
        groups = [{"name": "test", "rules": [one]}] if expr else []
        (self.folder / RULES).write_text(json.dumps({"groups": groups}))
        self.send("/-/reload")
