"""What went wrong with the database, said so that somebody can mend it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import quote, quote_plus

from sqlalchemy import URL, exc, make_url

from simian_army.errors import AlreadyThere, LedgerError

_FIXES = (
    ("locked", "another process has held it for too long: find that one (fuser FILE) and try again"),
    ("not a database", "the file is no SQLite database: name another file, or restore this one from a backup"),
    ("malformed", "the file is damaged: restore it and its .head from a backup"),
    ("readonly", "it cannot be written: give this user write permission on the file and its folder"),
    ("unable to open", "it cannot be opened: give this user read and write permission on the file and its folder"),
    ("disk is full", "free some space on its disk and try again"),
    ("no such table", "it has lost a table: restore it and its .head from a backup"),
    ("append-only", "something tried to change a row that is written: nothing may"),
    ("Connection refused", "no server answers there: start it, or correct host and port"),
    ("authentication failed", "give the right user and password, as postgresql://USER:${env:NAME}@HOST/DB"),
    ("no password supplied", "give the password, as postgresql://USER:${env:NAME}@HOST/DB"),
    ("does not exist", "make it (CREATE DATABASE ... ENCODING 'UTF8'), or correct its name"),
    (
        "permission denied",
        "let this user create tables there, or GRANT it SELECT and INSERT on events and all on others",
    ),
    ("read-only transaction", "this is a standby: name the primary, or add ?target_session_attrs=read-write"),
    ("too many clients", "raise max_connections: each of our processes takes up to 16"),
    ("connection slots", "raise max_connections: each of our processes takes up to 16"),
    ("resolve host", "correct the host, or mend the name service"),
    ("no answer", "the server or the way to it hangs: look at both; it is asked again at the next call"),
    ("timeout", "the server or the way to it hangs, or a transaction holds it: it is asked again at the next call"),
    ("closed the connection", "the server went away: it is asked again at the next call"),
    ("terminating connection", "the server went away: it is asked again at the next call"),
)
_ONCE = ("ix_events_key", "events.key", "open_faults")
"""What the databases name when an event's key or target is taken."""


def parsed(url: str) -> URL:
    """The URL, taken apart.

    Raises:
        LedgerError: it is not a database URL. The text never repeats it, for it may hold a password.
    """
    try:
        place = make_url(url)
    except (exc.ArgumentError, ValueError):
        raise LedgerError("ledger is not a database URL: write it like sqlite:///simian.db") from None
    if place.host is not None and url.count("@") > 1:  # what comes after the first would be shown as the host
        raise LedgerError("ledger: an @ in the user or the password must be written as %40, a % as %25")
    return place


@contextmanager
def explained(name: str, secrets: Sequence[str] = ()) -> Iterator[None]:
    """Turn what the database layer raises into a LedgerError that names the ledger and the fix, and no secret."""
    try:
        yield
    except exc.SQLAlchemyError as error:
        kind = AlreadyThere if _is_there(error) else LedgerError
        text = _without(secrets, " ".join(_said(error).split()))
        # the traceback of a cause would tell what the text must not
        raise kind(f"the ledger {name}: {text}") from (None if _without(secrets, str(error)) != str(error) else error)
    except ModuleNotFoundError as error:
        raise LedgerError(f"the ledger {name}: {_no_driver(error)}") from error


def _is_there(error: exc.SQLAlchemyError) -> bool:
    # a seq that is taken is another matter: that event is not written
    return isinstance(error, exc.IntegrityError) and any(name in str(error.orig) for name in _ONCE)


def _said(error: exc.SQLAlchemyError) -> str:
    if _is_there(error):
        return "an event like this stands there already"
    if isinstance(error, exc.NoSuchModuleError):
        return _no_driver(error)
    if isinstance(error, exc.DBAPIError):
        return _fix(str(error.orig))
    return _fix(str(error))


def _no_driver(error: Exception) -> str:
    return f"no driver for such a database is installed ({error})"


def _without(secrets: Sequence[str], text: str) -> str:
    for secret in secrets:
        for form in {secret, quote(secret, safe=""), quote_plus(secret)}:
            text = text.replace(form, "***")
    return text


def _fix(said: str) -> str:
    for sign, fix in _FIXES:
        if sign in said:
            return f"{said}: {fix}"
    return said
