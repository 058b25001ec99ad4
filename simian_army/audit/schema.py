"""Whether the database has today's tables; Alembic is only imported when it has not."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from simian_army.errors import LedgerError

NEWEST = "0002"
"""The newest revision in ``migrations/versions``."""


def revision(connection: sa.Connection) -> str:
    """The stored revision; empty for a new database."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.scalar(sa.text("select version_num from alembic_version")) or "")


def migrate(connection: sa.Connection, name: str) -> None:
    """Bring the tables to the newest revision, inside the transaction of ``connection``.

    Raises:
        LedgerError: a newer version of this project wrote them.
    """
    stored = revision(connection)
    if stored == NEWEST:
        return
    if stored > NEWEST:
        raise LedgerError(f"the ledger {name} was written by a newer version (schema {stored}): install that version")
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
