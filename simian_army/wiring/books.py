"""What every command opens first: the config, the ledger and the lease beside it."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from simian_army.clock import Clock, SystemClock
from simian_army.errors import LedgerError
from simian_army.leader import Lease
from simian_army.records import Scribe
from simian_army.wiring.hearing import Overheard, Told
from simian_army.wiring.leading import Beside, lease_of
from simian_army.wiring.vetting import vet

if TYPE_CHECKING:  # the database's libraries are loaded when a ledger is opened
    from config.load import Loaded
    from simian_army.audit.ledger import SqlLedger
    from simian_army.audit.spool import FileSpool


@dataclass(frozen=True, slots=True)
class Books:
    """What commands need that ask no platform. ``spool`` is where events wait while the ledger is away."""

    loaded: Loaded
    ledger: SqlLedger
    lease: Lease
    scribe: Scribe
    clock: Clock
    spool: Overheard

    @property
    def key(self) -> bytes:
        """The fleet key."""
        return self.loaded.settings.key.get_secret_value().encode()


def read_config(path: Path) -> Loaded:
    """The config, checked against the plug-ins there are.

    Raises:
        ConfigError: with every mistake.
    """
    from config.load import load

    return load(path, vet)


@contextmanager
def books(
    loaded: Loaded, *, told: Told | None = None, clock: Clock | None = None, trust: bool = True
) -> Iterator[Books]:
    """Open the ledger that the config names.

    Raises:
        LedgerError: it cannot be opened.
    """
    from simian_army.audit.ledger import SqlLedger

    settings, clock = loaded.settings, clock or SystemClock()
    url, file = _ledger(settings.ledger.get_secret_value(), loaded.file.parent, settings.fleet)
    key = settings.key.get_secret_value().encode()
    hear = told or (lambda _event: None)
    head = file.with_name(f"{file.name}.head")
    with SqlLedger.open(url, key, told=hear, trust=trust, head=head) as ledger:
        lease = lease_of(loaded, Beside(url, file.with_name(file.name + ".lock"), actor()), clock)
        spool = Overheard(spool_of(loaded, clock), hear)
        embedded = settings.platforms.embedded
        try:
            yield Books(loaded, ledger, lease, Scribe(clock, actor(), loaded.digest, embedded), clock, spool)
        finally:
            lease.give()


def spool_of(loaded: Loaded, clock: Clock) -> FileSpool:
    """Where events wait while the ledger is away.

    Raises:
        LedgerError: what config names is no ledger's URL.
    """
    from simian_army.audit.spool import FileSpool

    settings, file = loaded.settings, beside(loaded)
    key = settings.key.get_secret_value().encode()
    return FileSpool(file.with_name(f"{file.name}.spool"), key, clock, actor())


def beside(loaded: Loaded) -> Path:
    """The file that lease, head, spool and the calendars' copies lie beside.

    Raises:
        LedgerError: what config names is no ledger's URL.
    """
    settings = loaded.settings
    return _ledger(settings.ledger.get_secret_value(), loaded.file.parent, settings.fleet)[1]


def actor() -> str:
    """Who acts, for the audit: user at host."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


def _ledger(url: str, folder: Path, fleet: str) -> tuple[str, Path]:
    """The URL with a relative SQLite path taken from the config's folder, and the file that lease, head and spool lie
    beside: the database, or what would be one named after the fleet beside the config."""
    prefix = "sqlite:///"
    if url.startswith(prefix):
        file = (folder / url.removeprefix(prefix)).absolute()
        return f"{prefix}{file}", file
    if url.startswith("postgresql"):
        return url, (folder / fleet).absolute()
    raise LedgerError(f"ledger: write {prefix}simian.db, or postgresql://USER:${{env:NAME}}@HOST/DATABASE")
