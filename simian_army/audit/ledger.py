"""What happened: the append-only, chained ledger, durable on return, safe among processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

import sqlalchemy as sa

from simian_army.audit import lite
from simian_army.audit.attempts import attempts, halt_of, project
from simian_army.audit.chain import START, fits, sealed
from simian_army.audit.head import Anchor, Head
from simian_army.audit.rows import from_row, instant, to_row
from simian_army.audit.schema import migrate
from simian_army.audit.tables import events, open_faults
from simian_army.audit.trouble import explained, label, parsed
from simian_army.audit.verify import problems
from simian_army.contract import Recheck
from simian_army.errors import AlreadyThere, LedgerError
from simian_army.model import Attempt, AuditEvent, Halt, Phase, Verdict

LOOK_BACK = timedelta(days=8)  # the longest a budget word reaches: a week of cooldown, and a day to spare
Told = Callable[[AuditEvent], None]


def _nobody(_event: AuditEvent) -> None:
    """Tell nobody."""


@dataclass(slots=True)
class SqlLedger:
    """A ledger in SQLite; ``told`` hears of each event after it is durable."""

    engine: sa.Engine
    key: bytes
    anchor: Anchor
    told: Told = _nobody

    @classmethod
    def open(cls, url: str, key: bytes, *, told: Told = _nobody, trust: bool = True) -> Self:
        """Open the ledger, making or migrating its schema.

        ``trust`` compares the newest row with the key; only who verifies goes without.

        Raises:
            LedgerError: it cannot be opened, is of a newer version, or was written with another key.
        """
        place = parsed(url)
        file = lite.file_of(place)
        engine = sa.create_engine(place)
        lite.make_durable(engine)
        ledger = cls(engine, key, Anchor(file.with_name(f"{file.name}.head"), key), told)
        try:
            ledger._prepare()
            if trust:
                ledger._know_the_key()
        except BaseException:
            engine.dispose()
            raise
        return ledger

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the connections."""
        self.engine.dispose()

    def append(self, *events: AuditEvent) -> tuple[AuditEvent, ...]:
        """Append in one transaction; returns them with seq and hash.

        Raises:
            AlreadyThere: an event's key is taken, or its target holds an open fault.
            LedgerError: not written.
        """
        with self._writing() as connection:
            written = self._add(connection, events)
        return self._announce(written)

    def reserve(self, intended: AuditEvent, recheck: Recheck) -> tuple[AuditEvent | None, Sequence[Verdict]]:
        """Append INTENDED only if ``recheck``, asked inside the transaction, allows it and its target is free."""
        with self._writing() as connection:
            denied = self._taken(connection, intended) or self._denied(connection, intended, recheck)
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
        with self._reading() as connection:
            found = [from_row(row) for row in connection.execute(query.order_by(events.c.seq)).mappings()]
        return [event for event in found if not target or _about(event, target)]

    def last_seq(self) -> int:
        """The number of the newest event; 0 when there is none."""
        with self._reading() as connection:
            return int(connection.scalar(sa.select(sa.func.max(events.c.seq))) or 0)

    def verify(self) -> Sequence[str]:
        """One line a fault found, naming the row; empty when the chain is whole."""
        with self._reading() as connection:
            return problems(connection, self.key, self.anchor)

    def _taken(self, connection: sa.Connection, intended: AuditEvent) -> Sequence[Verdict]:
        row = connection.execute(sa.select(open_faults).where(open_faults.c.target == intended.target)).first()
        return [Verdict("lock", allowed=False, reason=f"run {row.run} still holds it")] if row else []

    def _denied(self, connection: sa.Connection, intended: AuditEvent, recheck: Recheck) -> Sequence[Verdict]:
        recent = attempts(connection, intended.at - LOOK_BACK)
        return [verdict for verdict in recheck(recent, halt_of(connection)) if not verdict.allowed]

    def _add(self, connection: sa.Connection, new: Sequence[AuditEvent]) -> tuple[AuditEvent, ...]:
        newest = sa.select(events.c.seq, events.c.hash).order_by(events.c.seq.desc()).limit(1)
        last = connection.execute(newest).first()
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
        with self._explained(), self.engine.connect() as plain:
            connection = plain.execution_options(**lite.WRITE)
            with connection.begin():
                yield connection

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        with self._explained(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            with explained(self._name()):
                yield
        except LedgerError as error:
            if isinstance(error.__cause__, sa.exc.IntegrityError):
                raise AlreadyThere(f"the ledger {self._name()}: an event like this stands there already") from error
            raise

    def _name(self) -> str:
        return label(self.engine.url)

    def _prepare(self) -> None:
        with self._writing() as connection:
            migrate(connection, self._name())
            empty = connection.scalar(sa.select(sa.func.max(events.c.seq))) is None
        if empty:
            self.anchor.plant(Head(0, START))

    def _know_the_key(self) -> None:
        with self._reading() as connection:
            row = connection.execute(sa.select(events).order_by(events.c.seq.desc()).limit(1)).mappings().first()
        if row is not None and not fits(self.key, row):
            hint = "give the key it was made with; if that is the key, `simian audit verify` names the changed row"
            raise LedgerError(f"the ledger {self._name()}: its newest row was not written with this key: {hint}")


def _about(event: AuditEvent, target: str) -> bool:
    about = event.data.get("target")
    name = about.get("name", "") if isinstance(about, dict) else ""
    return target in (event.target, name, str(name).partition(" ")[2], str(name).rpartition("/")[2])
