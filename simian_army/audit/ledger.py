"""What happened: the append-only, chained ledger, durable on return, safe among processes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import sqlalchemy as sa

from simian_army.audit import lite, served
from simian_army.audit.attempts import attempts, halt_of, project
from simian_army.audit.chain import START, fits, sealed
from simian_army.audit.head import Anchor, Head
from simian_army.audit.lines import unjudged
from simian_army.audit.rows import from_row, instant, to_row
from simian_army.audit.schema import migrate
from simian_army.audit.store import Store
from simian_army.audit.tables import events, open_faults
from simian_army.audit.trouble import explained, parsed
from simian_army.audit.verify import problems
from simian_army.contract import Recheck
from simian_army.errors import LedgerError
from simian_army.model import AuditEvent, Halt, Phase, Verdict
from simian_army.sameness import key_of
from simian_army.standing import Attempt

LOOK_BACK = timedelta(days=8)  # what is shown of the past to who does not say how far back he looks
NEWEST = sa.select(events.c.seq, events.c.hash).order_by(events.c.seq.desc()).limit(1)
CHUNK = 500  # rows fetched at once
Told = Callable[[AuditEvent], None]


def _nobody(_event: AuditEvent) -> None:
    """Tell nobody."""


STORES = {"sqlite": lite.store, "postgresql": served.store}


@dataclass(slots=True)
class SqlLedger:
    """A ledger in SQLite or PostgreSQL; ``told`` hears of each event after it is durable.

    A database that is away is asked again at each call: the same object works on when it is back. On PostgreSQL
    each call but ``query`` and ``verify`` answers or fails within five seconds.
    """

    store: Store
    key: bytes = field(repr=False)
    anchor: Anchor
    told: Told = _nobody

    @classmethod
    def open(cls, url: str, key: bytes, *, told: Told = _nobody, trust: bool = True, head: Path | None = None) -> Self:
        """Open the ledger, making or migrating its schema.

        ``trust`` compares the newest row with the key; only who verifies goes without. ``head`` is where the newest
        row is noted outside the database: beside an SQLite file if not given, for PostgreSQL it must be.

        Raises:
            LedgerError: it cannot be opened, is of a newer version, or was written with another key.
        """
        place = parsed(url)
        kind = STORES.get(place.get_backend_name())
        if kind is None:
            raise LedgerError(f"ledger: {place.get_backend_name()} keeps no ledger: write sqlite:/// or postgresql://")
        with explained(place.get_backend_name()):
            store = kind(place)
        ledger = cls(store, key, Anchor(head or _beside(store), key), told)
        try:
            ledger._prepare()
            if trust:
                ledger._know_the_key()
        except BaseException:
            ledger.close()
            raise
        return ledger

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the connections."""
        self.store.engine.dispose()

    def append(self, *events: AuditEvent) -> tuple[AuditEvent, ...]:
        """Append in one transaction; returns them with seq and hash.

        Raises:
            AlreadyThere: an event's key is taken, or its target holds an open fault.
            LedgerError: not written.
        """
        with self._writing() as connection:
            written = self._add(connection, events)
        return self._announce(written)

    def reserve(
        self, intended: AuditEvent, recheck: Recheck, since: datetime | None = None
    ) -> tuple[AuditEvent | None, Sequence[Verdict]]:
        """Append INTENDED only if ``recheck``, asked inside the transaction, allows it and its target is free.

        Raises:
            AlreadyThere: this very intent was written before, and is over.
            LedgerError: nobody can say whether it was written: if it was, its target is held until it is ended.
        """
        intended = replace(intended, key=key_of(intended))
        with self._writing() as connection:
            since = since or intended.at - LOOK_BACK
            denied = self._taken(connection, intended) or self._denied(connection, recheck, since)
            written = () if denied else self._add(connection, [intended])
        if denied:
            return None, denied
        return self._announce(written)[0], ()

    def attempts(self, since: datetime) -> Sequence[Attempt]:
        """Every open attempt, and every unleashed one begun at or after ``since``, oldest first."""
        with self._reading() as connection:
            return attempts(connection, since)

    def open_faults(self) -> Sequence[tuple[AuditEvent, Phase]]:
        """The INTENDED event of every open attempt and its latest phase, oldest first."""
        query = sa.select(events, open_faults.c.phase.label("latest")).join(
            open_faults, open_faults.c.seq == events.c.seq
        )
        with self._reading() as connection:
            rows = connection.execute(query.order_by(events.c.seq)).mappings().all()
        return [(from_row(row), Phase(row["latest"])) for row in rows]

    def unjudged(self) -> Sequence[tuple[AuditEvent, AuditEvent | None]]:
        """The INTENDED event of every fault whose outcome is not known, with the last event that ended it or got it
        stuck, None while it lives; oldest first."""
        with self._reading() as connection:
            return unjudged(connection)

    def halted(self) -> Halt | None:
        """The halt in force, if any."""
        with self._reading() as connection:
            return halt_of(connection)

    def query(
        self,
        *,
        run: str = "",
        entry: str = "",
        target: str = "",
        phase: str = "",
        since: datetime | None = None,
        after: int = 0,
    ) -> Iterable[AuditEvent]:
        """Events in order that match all that is given; ``target`` is an id, or part of the name as people read it."""
        query = sa.select(events).where(events.c.seq > after)
        for column, value in ((events.c.run, run), (events.c.entry, entry), (events.c.phase, phase)):
            query = query.where(column == value) if value else query
        if since:
            query = query.where(events.c.at >= instant(since))
        with self._browsing() as connection:
            rows = connection.execution_options(yield_per=CHUNK).execute(query.order_by(events.c.seq))
            found = [from_row(row) for row in rows.mappings()]
        return [event for event in found if not target or _about(event, target)]

    def last_seq(self) -> int:
        """The number of the newest event; 0 when there is none."""
        with self._reading() as connection:
            return int(connection.scalar(sa.select(sa.func.max(events.c.seq))) or 0)

    def verify(self) -> Sequence[str]:
        """One line a fault found, naming the row; empty when the chain is whole."""
        with self._browsing() as connection:
            return problems(connection, self.key, self.anchor)

    def _taken(self, connection: sa.Connection, intended: AuditEvent) -> Sequence[Verdict]:
        row = connection.execute(sa.select(open_faults).where(open_faults.c.target == intended.target)).first()
        return [Verdict("lock", allowed=False, reason=f"run {row.run} still holds it")] if row else []

    def _denied(self, connection: sa.Connection, recheck: Recheck, since: datetime) -> Sequence[Verdict]:
        said = recheck(attempts(connection, since), halt_of(connection))
        return [verdict for verdict in said if not verdict.allowed]

    def _add(self, connection: sa.Connection, new: Sequence[AuditEvent]) -> tuple[AuditEvent, ...]:
        last = connection.execute(NEWEST).first()
        seq, previous = (int(last.seq), str(last.hash)) if last else (0, START)
        rows = []
        for event in new:
            seq += 1
            rows.append(sealed(self.key, to_row(event), seq, previous))
            previous = rows[-1]["hash"]
        if rows:
            connection.execute(sa.insert(events), rows)
        written = tuple(from_row(row) for row in rows)
        for event in written:
            project(connection, event)
        return written

    def _announce(self, written: tuple[AuditEvent, ...]) -> tuple[AuditEvent, ...]:
        if written:
            self.anchor.advance(Head(written[-1].seq, written[-1].hash), self._hash_at)
        for event in written:
            # written is written: who listens may break (a log whose reader left), and the caller must not try again
            with suppress(Exception):
                self.told(event)
        return written

    def _hash_at(self, seq: int) -> str | None:
        with self._reading() as connection:
            return connection.scalar(sa.select(events.c.hash).where(events.c.seq == seq))

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        with self._explained(), self.store.briefly(), self.store.engine.connect() as plain:
            connection = plain.execution_options(**self.store.write)
            with connection.begin():
                yield connection

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        with self.store.briefly(), self._browsing() as connection:
            yield connection

    @contextmanager
    def _browsing(self) -> Iterator[sa.Connection]:
        """For what reads many rows: it takes as long as there are more of them."""
        with self._explained(), self._reached() as plain:
            yield plain.execution_options(**self.store.read)

    def _reached(self) -> sa.Connection:
        with self.store.briefly():
            return self.store.engine.connect()

    def _explained(self) -> AbstractContextManager[None]:
        return explained(self.store.label, self.store.secrets)

    def _prepare(self) -> None:
        with self._writing() as connection:
            migrate(connection, self.store.label)
            empty = connection.execute(NEWEST).first() is None
        if empty:
            self.anchor.plant(Head(0, START))

    def _know_the_key(self) -> None:
        with self._reading() as connection:
            row = connection.execute(sa.select(events).order_by(events.c.seq.desc()).limit(1)).mappings().first()
        if row is None:
            return
        if not fits(self.key, row):
            hint = "give the key it was made with; if that is the key, `simian audit verify` names the changed row"
            raise LedgerError(f"the ledger {self.store.label}: its newest row was not written with this key: {hint}")
        if self.store.file is None and not self.anchor.path.exists():
            # others write it too: what this machine has not seen it begins to watch from here
            logging.getLogger(__name__).warning("no head at %s: begun at row %s", self.anchor.path, row["seq"])
            self.anchor.plant(Head(int(row["seq"]), str(row["hash"])))


def _beside(store: Store) -> Path:
    if store.file is None:
        raise LedgerError(f"the ledger {store.label} is no file: say where its head is to be noted")
    return store.file.with_name(f"{store.file.name}.head")


def _about(event: AuditEvent, target: str) -> bool:
    about = event.data.get("target")
    name = about.get("name", "") if isinstance(about, dict) else ""
    return target in (event.target, name, str(name).partition(" ")[2], str(name).rpartition("/")[2])
