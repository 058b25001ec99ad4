"""What happened: the append-only, chained ledger, durable on return, safe among processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

import sqlalchemy as sa

from simian_army.audit.chain import FIRST, link
from simian_army.audit.head import Head
from simian_army.audit.rows import attempt_of, from_row, moment, to_row
from simian_army.audit.tables import EVENTS, HEAD, OPEN, connect, migrate, sqlite_file
from simian_army.audit.verify import problems
from simian_army.errors import AlreadyThere, LedgerError
from simian_army.model import ENDS, Attempt, AuditEvent, Halt, Phase, Recheck, Verdict

LOOK_BACK = timedelta(days=8)  # the longest a budget word reaches: a week of cooldown, and a day to spare
Told = Callable[[AuditEvent], None]


def _nobody(_event: AuditEvent) -> None:
    """Tell nobody."""


@dataclass(slots=True)
class SqlLedger:
    """A ledger in any database SQLAlchemy speaks to; ``told`` hears of each event after it is durable."""

    engine: sa.Engine
    key: bytes
    head: Head | None
    told: Told = _nobody

    @classmethod
    def open(cls, url: str, key: bytes, *, told: Told = _nobody, trust: bool = True) -> SqlLedger:
        """Open the ledger, making or migrating its schema.

        ``trust`` compares the newest row with the key; only who verifies goes without.

        Raises:
            LedgerError: it cannot be opened, is of a newer version, or was written with another key.
        """
        engine = connect(url)
        file = sqlite_file(engine)
        anchor = Head(Path(f"{file}.head"), key) if file else None
        ledger = cls(engine, key, anchor, told)
        try:
            ledger._prepare(file)
            if trust:
                ledger._know_the_key()
        except BaseException:
            engine.dispose()
            raise
        return ledger

    def __enter__(self) -> SqlLedger:
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
            return self._attempts(connection, since)

    def open_faults(self) -> Sequence[tuple[AuditEvent, Phase]]:
        """The INTENDED event of every open attempt and its latest phase, oldest first."""
        query = sa.select(EVENTS, OPEN.c.phase.label("latest")).join(OPEN, OPEN.c.seq == EVENTS.c.seq)
        with self._reading() as connection:
            rows = connection.execute(query.order_by(EVENTS.c.seq)).all()
        return [(from_row(row), Phase(row.latest)) for row in rows]

    def halted(self) -> Halt | None:
        """The halt in force, if any."""
        with self._reading() as connection:
            return self._halt(connection)

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
        query = sa.select(EVENTS).where(EVENTS.c.seq > after)
        for column, value in ((EVENTS.c.run, run), (EVENTS.c.entry, entry), (EVENTS.c.phase, phase)):
            query = query.where(column == value) if value else query
        if since:
            query = query.where(EVENTS.c.at >= moment(since))
        with self._reading() as connection:
            found = [from_row(row) for row in connection.execute(query.order_by(EVENTS.c.seq))]
        return [event for event in found if not target or _about(event, target)]

    def last_seq(self) -> int:
        """The number of the newest event; 0 when there is none."""
        with self._reading() as connection:
            return int(connection.scalar(sa.select(sa.func.max(EVENTS.c.seq))) or 0)

    def verify(self) -> Sequence[str]:
        """One line a fault found, naming the row; empty when the chain is whole."""
        with self._reading() as connection:
            return problems(connection, self.key, self.head)

    def _attempts(self, connection: sa.Connection, since: datetime) -> list[Attempt]:
        still = {(row.run, row.target): Phase(row.phase) for row in connection.execute(sa.select(OPEN))}
        ends = sa.select(EVENTS.c.run, EVENTS.c.target, EVENTS.c.phase).where(
            EVENTS.c.at >= moment(since), EVENTS.c.phase.in_([str(p) for p in ENDS]), EVENTS.c.target != ""
        )
        ended = {(row.run, row.target): Phase(row.phase) for row in connection.execute(ends)}
        open_seqs = sa.select(OPEN.c.seq)
        begun = sa.select(EVENTS).where(
            EVENTS.c.phase == str(Phase.INTENDED), sa.or_(EVENTS.c.at >= moment(since), EVENTS.c.seq.in_(open_seqs))
        )
        found = [from_row(row) for row in connection.execute(begun.order_by(EVENTS.c.seq))]
        return [
            attempt_of(event, still.get(where) or ended.get(where, Phase.UNKNOWN), is_open=where in still)
            for event in found
            if (where := (event.run, event.target))
        ]

    def _halt(self, connection: sa.Connection) -> Halt | None:
        words = [str(Phase.HALTED), str(Phase.RESUMED)]
        query = sa.select(EVENTS).where(EVENTS.c.phase.in_(words)).order_by(EVENTS.c.seq.desc()).limit(1)
        row = connection.execute(query).first()
        if row is None or row.phase != Phase.HALTED:
            return None
        event = from_row(row)
        return Halt(event.actor, str(event.data.get("reason", "")), event.at)

    def _taken(self, connection: sa.Connection, intended: AuditEvent) -> Sequence[Verdict]:
        row = connection.execute(sa.select(OPEN).where(OPEN.c.target == intended.target)).first()
        return [Verdict("lock", allowed=False, reason=f"run {row.run} still holds it")] if row else []

    def _denied(self, connection: sa.Connection, intended: AuditEvent, recheck: Recheck) -> Sequence[Verdict]:
        recent = self._attempts(connection, intended.at - LOOK_BACK)
        return [verdict for verdict in recheck(recent, self._halt(connection)) if not verdict.allowed]

    def _add(self, connection: sa.Connection, events: Sequence[AuditEvent]) -> tuple[AuditEvent, ...]:
        last = connection.execute(sa.select(EVENTS.c.seq, EVENTS.c.hash).order_by(EVENTS.c.seq.desc()).limit(1)).first()
        seq, previous = (int(last.seq), str(last.hash)) if last else (0, FIRST)
        written: list[AuditEvent] = []
        for event in events:
            seq += 1
            chained = replace(event, seq=seq, previous=previous)
            chained = replace(chained, hash=link(self.key, chained))
            previous = chained.hash
            written.append(chained)
        if written:
            connection.execute(sa.insert(EVENTS), [to_row(event) for event in written])
        for event in written:
            self._project(connection, event)
        return tuple(written)

    def _project(self, connection: sa.Connection, event: AuditEvent) -> None:
        if event.leashed or not event.target:
            return
        here = sa.and_(OPEN.c.run == event.run, OPEN.c.target == event.target)
        if event.phase is Phase.INTENDED:
            row = {"run": event.run, "target": event.target, "seq": event.seq, "phase": str(event.phase)}
            connection.execute(sa.insert(OPEN), row)
        elif event.phase in ENDS:
            connection.execute(sa.delete(OPEN).where(here))
        else:
            connection.execute(sa.update(OPEN).where(here).values(phase=str(event.phase)))

    def _announce(self, written: tuple[AuditEvent, ...]) -> tuple[AuditEvent, ...]:
        if written and self.head:
            self.head.write(written[-1].seq, written[-1].hash)
        for event in written:
            self.told(event)
        return written

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        with self._errors(), self.engine.connect().execution_options(writing=True) as connection, connection.begin():
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        with self._errors(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.IntegrityError as error:
            raise AlreadyThere(f"{self._name()}: an event like this stands there already ({error.orig})") from error
        except (sa.exc.SQLAlchemyError, OSError, ValueError) as error:
            said = getattr(error, "orig", None) or error
            raise LedgerError(f"{self._name()}: {said}; is the database there, writable and not locked?") from error

    def _name(self) -> str:
        return self.engine.url.render_as_string(hide_password=True)

    def _prepare(self, file: Path | None) -> None:
        if file and not file.parent.is_dir():
            raise LedgerError(f"{self._name()}: the folder {file.parent} does not exist; make it")
        with self._errors(), self.engine.connect() as connection:
            revision = self._revision(connection)
        if revision == HEAD:
            return
        if revision and revision > HEAD:
            raise LedgerError(f"{self._name()}: written by a newer version (schema {revision}); install that version")
        with self._writing() as connection:
            migrate(connection)

    def _revision(self, connection: sa.Connection) -> str:
        if not sa.inspect(connection).has_table("alembic_version"):
            return ""
        return str(connection.scalar(sa.text("select version_num from alembic_version")) or "")

    def _know_the_key(self) -> None:
        with self._reading() as connection:
            row: sa.Row[Any] | None = connection.execute(
                sa.select(EVENTS).order_by(EVENTS.c.seq.desc()).limit(1)
            ).first()
        if row is None:
            return
        event = from_row(row)
        if link(self.key, event) != event.hash:
            hint = "give the key it was made with; if that is the key, `simian audit verify` names the changed row"
            raise LedgerError(f"{self._name()}: its newest row was not written with this key: {hint}")


def _about(event: AuditEvent, target: str) -> bool:
    about = event.data.get("target")
    name = about.get("name", "") if isinstance(about, dict) else ""
    return target in (event.target, name, str(name).partition(" ")[2], str(name).rpartition("/")[2])
