"""The lease as an advisory lock in the ledger's PostgreSQL: for agents that share a database and no cluster."""

from __future__ import annotations

import hashlib
import os
import select
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from simian_army.clock import Clock
from simian_army.errors import LedgerError
from simian_army.leader.line import dial

if TYPE_CHECKING:  # the driver is loaded when somebody leads
    import psycopg

_MINE = "locktype = 'advisory' AND granted AND objsubid = 1 AND (classid::bigint << 32 | objid::bigint) = %(key)s"
_HERE = "database = (SELECT oid FROM pg_database WHERE datname = current_database())"
_SETTINGS = """
SELECT set_config(name, %(milliseconds)s, false) FROM pg_settings WHERE name = 'idle_session_timeout'
UNION ALL SELECT set_config('statement_timeout', %(answer)s, false)
"""
_AGE = "SELECT extract(epoch FROM clock_timestamp() - pg_postmaster_start_time())::float8"
_CLAIM = "SELECT pg_try_advisory_lock(%(key)s)"
_RENEW = f"SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND {_MINE} AND {_HERE}"  # noqa: S608 - our own words
_HOLDER = f"""
SELECT coalesce(application_name, ''), coalesce(state_change::text, '')
FROM pg_locks LEFT JOIN pg_stat_activity USING (pid) WHERE {_MINE} AND {_HERE}
"""  # noqa: S608 - the same


@dataclass(slots=True)
class PostgresSeat:
    """A session's advisory lock, keyed by the fleet, on a connection of its own that a transaction pooler must not cut.

    The server ends the session, and with it the lock, when it hears nothing for ``duration`` (PostgreSQL 14 and
    newer; an older one only when it notices that the connection is dead): that begins after our deadline was counted.
    A server that just started may have lost its locks under a holder, so for ``duration`` nobody takes one there. A
    session that the server ends (a restart, ``pg_terminate_backend``) tells our kernel, where ``intact`` looks at each
    question. One window is left, of at most ``duration``: the session is ended on the server, by hand or by a failover
    to a standby server, while the network between it and a living holder is cut.
    """

    url: str = field(repr=False)
    fleet: str
    actor: str
    clock: Clock
    duration: float
    answer: float = 1.5
    _line: psycopg.Connection[Any] | None = field(default=None, repr=False)
    _speaking: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def place(self) -> str:
        return f"the lock of fleet {self.fleet} in {self._label}"

    def claim(self) -> bool:
        with self._explained():
            line = self._line if self._line and self.intact() else self._fresh()
            try:
                got = self._ask(line, _AGE) >= self.duration and bool(self._ask(line, _CLAIM))
            except BaseException:
                line.close()
                self._line = None
                raise
            self._line = line  # whoever stands by asks again over the same one
            return got

    def renew(self) -> bool:
        import psycopg

        line = self._line
        if line is None or line.closed:
            return False
        try:
            return bool(self._ask(line, _RENEW) == 1)
        except (psycopg.Error, OSError):
            return False  # a connection in doubt is a lock in doubt: whoever calls us lets go of both

    def intact(self) -> bool:
        """Whether the server has not ended the session; asks our own kernel, not the server."""
        line = self._line
        if line is None or not self._speaking.acquire(timeout=self.answer / 10):
            return line is not None  # a question is under way, and its answer will tell
        try:
            return _quiet(line)
        finally:
            self._speaking.release()

    def leave(self) -> None:
        line, self._line = self._line, None
        if line:
            line.close()  # the server gives the lock to the next as soon as it reads this

    def holder(self) -> dict[str, Any]:
        with self._explained(), self._dial() as line:
            found = line.execute(_HOLDER, self._words).fetchone()
        if found is None:
            return {}
        actor, _, pid = str(found[0]).removeprefix("simian ").rpartition("/")
        return {"actor": actor or "another process", "pid": pid, "beat": found[1]}

    def occupied(self) -> bool | None:
        with self._explained(), self._dial() as line:
            return line.execute(_HOLDER, self._words).fetchone() is not None

    @property
    def _label(self) -> str:
        from sqlalchemy import make_url

        url = make_url(self.url).set(drivername="postgresql", query={})
        return url.render_as_string(hide_password=True)

    @property
    def _words(self) -> dict[str, Any]:
        digest = hashlib.sha256(f"simian-army lease {self.fleet}".encode()).digest()
        return {
            "key": int.from_bytes(digest[:8], signed=True),
            "milliseconds": str(round(self.duration * 1000)),
            "answer": str(round(self.answer * 1000)),
        }

    def _fresh(self) -> psycopg.Connection[Any]:
        self.leave()
        return self._dial()

    def _dial(self) -> psycopg.Connection[Any]:
        line = dial(self.url, f"simian {self.actor}/{os.getpid()}", self.answer, self.clock)
        try:
            line.execute(_SETTINGS, self._words)
        except BaseException:
            line.close()
            raise
        return line

    def _ask(self, line: psycopg.Connection[Any], question: str) -> Any:
        with self._speaking:
            row = line.execute(question, self._words).fetchone()
        return row[0] if row else None

    @contextmanager
    def _explained(self) -> Iterator[None]:
        import psycopg
        from sqlalchemy import make_url

        try:
            yield
        except (psycopg.Error, OSError) as error:
            text = " ".join(str(error).split())
            for secret in (make_url(self.url).password, *make_url(self.url).query.values()):
                text = text.replace(str(secret), "***") if secret else text
            hint = "is the ledger's server up, and does it take one connection more?"
            raise LedgerError(f"{self.place} cannot be asked for: {text}; {hint}") from None


def _quiet(line: psycopg.Connection[Any]) -> bool:
    """Whether the server has said nothing; asked while no question is under way, and unasked it only says goodbye."""
    import psycopg

    poll = select.poll()
    with suppress(psycopg.Error, OSError, ValueError):
        poll.register(line.pgconn.socket, select.POLLIN)
        return not poll.poll(0)
    return False
