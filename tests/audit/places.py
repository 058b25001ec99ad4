"""Where a ledger of these tests is kept: a file, or a database on a real server; both are tampered with alike."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from simian_army.audit.ledger import SqlLedger
from simian_army.model import AuditEvent, Phase
from tests.cluster.postgres import Postgres

KEY = b"the key of these tests"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def note(phase: Phase = Phase.FIRED, run: str = "r1", target: str = "", **more: object) -> AuditEvent:
    event = AuditEvent(NOW, run, phase, "tester", entry="pods", target=target, leashed=False)
    return replace(event, **more)  # type: ignore[arg-type]


def intent(target: str = "uid-1", run: str = "r1") -> AuditEvent:
    return note(Phase.INTENDED, run, target, data={"kind": "pod-evict", "group": "g", "scope": "s", "undo": None})


class Place(Protocol):
    """A ledger's place. ``raw`` runs statements as anybody with the right to write does, ``tamper`` past the triggers."""

    @property
    def url(self) -> str: ...

    @property
    def head(self) -> Path: ...

    def raw(self, *statements: str) -> None: ...

    def tamper(self, *statements: str) -> None: ...


@dataclass(frozen=True)
class File:
    """SQLite."""

    path: Path

    @property
    def url(self) -> str:
        return f"sqlite:///{self.path}"

    @property
    def head(self) -> Path:
        return self.path.with_name(f"{self.path.name}.head")

    def raw(self, *statements: str) -> None:
        raw = sqlite3.connect(self.path)
        try:
            for statement in statements:
                raw.execute(statement)
            raw.commit()
        finally:
            raw.close()

    def tamper(self, *statements: str) -> None:
        self.raw(*(f"DROP TRIGGER IF EXISTS events_no_{verb}" for verb in ("update", "delete")), *statements)


@dataclass(frozen=True)
class Served:
    """PostgreSQL."""

    server: Postgres
    url: str
    head: Path

    def raw(self, *statements: str) -> None:
        self.server.run(*statements, database=self.url.rpartition("/")[2])

    def tamper(self, *statements: str) -> None:
        self.raw("ALTER TABLE events DISABLE TRIGGER ALL", *statements)


def opened(place: Place, key: bytes = KEY, *, trust: bool = True) -> SqlLedger:
    return SqlLedger.open(place.url, key, trust=trust, head=place.head)


def filled(place: Place, rows: int = 10) -> None:
    with opened(place) as ledger:
        for number in range(rows):
            ledger.append(note(run=f"r{number}", data={"number": number}))


def verified(place: Place) -> list[str]:
    with opened(place, trust=False) as ledger:
        return list(ledger.verify())
