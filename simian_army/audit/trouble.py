"""What went wrong with the database, said so that somebody can mend it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL, exc, make_url

from simian_army.errors import LedgerError

_FIXES = (
    ("locked", "another process has held it for too long: find that one (fuser FILE) and try again"),
    ("not a database", "the file is no SQLite database: name another file, or restore this one from a backup"),
    ("malformed", "the file is damaged: restore it and its .head from a backup"),
    ("readonly", "it cannot be written: give this user write permission on the file and its folder"),
    ("unable to open", "it cannot be opened: give this user read and write permission on the file and its folder"),
    ("disk is full", "free some space on its disk and try again"),
    ("no such table", "it has lost a table: restore it and its .head from a backup"),
    ("append-only", "something tried to change a row that is written: nothing may"),
)


def parsed(url: str) -> URL:
    """The URL, taken apart.

    Raises:
        LedgerError: it is not a database URL. The text never repeats it, for it may hold a password.
    """
    try:
        return make_url(url)
    except (exc.ArgumentError, ValueError):
        raise LedgerError("ledger is not a database URL: write it like sqlite:///simian.db") from None


def label(url: URL) -> str:
    """The URL as messages may show it: without its password."""
    return url.render_as_string(hide_password=True)


@contextmanager
def explained(name: str) -> Iterator[None]:
    """Turn what the database layer raises into a LedgerError that names the ledger and the fix."""
    try:
        yield
    except exc.DBAPIError as error:
        raise LedgerError(f"the ledger {name}: {_fix(str(error.orig))}") from error
    except (exc.NoSuchModuleError, ModuleNotFoundError) as error:
        raise LedgerError(f"the ledger {name}: no driver for such a database is installed ({error})") from error
    except exc.SQLAlchemyError as error:
        raise LedgerError(f"the ledger {name}: {error}") from error


def _fix(said: str) -> str:
    for sign, fix in _FIXES:
        if sign in said:
            return f"{said}: {fix}"
    return said
