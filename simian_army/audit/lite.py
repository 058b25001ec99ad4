"""How SQLite is made to keep what it was given, and to let several processes write."""

from __future__ import annotations

import functools
import threading
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event

from simian_army.audit.store import Store
from simian_army.errors import LedgerError

PATIENCE_MS = 10_000
"""How long a writer waits for another one, in milliseconds."""

WRITE = {"simian_write": True}
"""Execution options of a connection that is going to write."""

_TRIES = 500
_PAUSE = 0.02


def store(url: URL) -> Store:
    """The SQLite file of that URL.

    Raises:
        LedgerError: as ``file_of`` says.
    """
    file = file_of(url)
    engine = create_engine(url, hide_parameters=True)
    make_durable(engine)
    return Store(engine, url.render_as_string(), WRITE, file=file)


def file_of(url: URL) -> Path:
    """The database file.

    Raises:
        LedgerError: it is not an ordinary file, or its folder is missing.
    """
    name = url.database or ""
    if name in {"", ":memory:"} or name.startswith("file:"):
        raise LedgerError("a ledger must be kept in a file: write sqlite:///simian.db or sqlite:////full/path.db")
    path = Path(name)
    if not path.parent.is_dir():
        raise LedgerError(
            f"the folder of the ledger, {path.parent}, does not exist: make it with mkdir -p {path.parent}"
        )
    return path


def make_durable(engine: Engine) -> None:
    """Have every connection of ``engine`` use WAL, sync each commit, and take the write lock before it reads."""
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)


def _set_up(raw: Any, _record: object) -> None:
    # the driver's own BEGIN comes late and never takes the write lock
    raw.isolation_level = None
    # a tampered column may hold broken UTF-8: verify has to read on
    raw.text_factory = functools.partial(str, encoding="utf-8", errors="surrogateescape")
    raw.execute(f"PRAGMA busy_timeout={PATIENCE_MS}")
    _use_wal(raw)
    raw.execute("PRAGMA synchronous=FULL")


def _use_wal(raw: Any) -> None:
    # the first switch to WAL does not honour busy_timeout when two processes make it at once
    for _ in range(_TRIES):
        try:
            raw.execute("PRAGMA journal_mode=WAL")
        except raw.OperationalError as error:
            if "locked" not in str(error):
                raise
            threading.Event().wait(_PAUSE)
        else:
            return
    raw.execute("PRAGMA journal_mode=WAL")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("simian_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
