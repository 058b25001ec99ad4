"""Which faults are not judged yet, and which lines are stopped by an outcome that nobody analysed."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import TypeAlias

import sqlalchemy as sa

from simian_army.audit.rows import Row, from_row
from simian_army.audit.tables import events, lines
from simian_army.errors import LedgerError
from simian_army.judgement import LOST
from simian_army.model import ENDS, AuditEvent, Phase
from simian_army.records import LIMIT
from simian_army.standing import Stopped

MATTER = frozenset({Phase.INTENDED, Phase.DENIED, Phase.JUDGED, Phase.ANALYSED})
"""The phases that move a line."""

Places: TypeAlias = dict[tuple[str, str], tuple[int, int]]
"""Run and target id to the columns ``seq`` and ``judged``."""


def moved(fold: Places, event: AuditEvent) -> None:
    """Follow one event, in place: what was begun waits for its outcome; a bad one waits for its analysis."""
    here = (event.run, event.target)
    if event.leashed:
        return
    if event.phase is Phase.ANALYSED:
        for key in [key for key, (_, judged) in fold.items() if judged and key[0] == event.run]:
            del fold[key]
        return
    if not event.target or event.phase not in MATTER:
        return
    if event.phase is Phase.INTENDED:
        fold.update({here: (event.seq, 0)} if LIMIT in event.data else {})
        return
    begun, _ = fold.pop(here, (event.seq, 0))
    if event.phase is Phase.JUDGED and event.data.get("outcome") != "clean":
        fold[here] = (begun, event.seq)


def project_line(connection: sa.Connection, event: AuditEvent) -> None:
    """Follow one event in the table, in the transaction that writes it."""
    if event.phase not in MATTER:
        return
    mine = lines.c.run == event.run
    mine = mine if event.phase is Phase.ANALYSED else sa.and_(mine, lines.c.target == event.target)
    rows = connection.execute(sa.select(lines).where(mine))
    fold: Places = {(row.run, row.target): (row.seq, row.judged) for row in rows}
    before = dict(fold)
    moved(fold, event)
    for run, target in {where for where, columns in before.items() if fold.get(where) != columns}:
        connection.execute(sa.delete(lines).where(lines.c.run == run, lines.c.target == target))
    new = [(where, columns) for where, columns in fold.items() if before.get(where) != columns]
    made = [{"run": run, "target": target, "seq": seq, "judged": judged} for (run, target), (seq, judged) in new]
    if made:
        connection.execute(sa.insert(lines), made)


def stopped(connection: sa.Connection) -> list[tuple[AuditEvent, Stopped]]:
    """What each stopped line was stopped by, oldest first: the fault as it was begun, or if the ledger does not know
    that, as it was judged."""
    rows = {(row.seq, row.judged) for row in connection.execute(sa.select(lines).where(lines.c.judged != 0))}
    if not rows:
        return []
    told = _events(connection, {seq for pair in rows for seq in pair})
    return [(told[seq], _stopped(told[judged])) for seq, judged in sorted(rows)]


def unjudged(connection: sa.Connection) -> list[tuple[AuditEvent, AuditEvent | None]]:
    """What was begun and is not judged, oldest first, with the event that ended it last or says that it is stuck."""
    if connection.execute(sa.select(lines.c.seq).where(lines.c.judged == 0).limit(1)).first() is None:
        return []
    here = sa.and_(events.c.run == lines.c.run, events.c.target == lines.c.target)
    telling = [str(phase) for phase in {*ENDS, Phase.STUCK}]
    query = sa.select(events).join(lines, here).where(lines.c.judged == 0, events.c.seq >= lines.c.seq)
    query = query.where(events.c.phase.in_([str(Phase.INTENDED), *telling])).order_by(events.c.seq)
    begun: dict[tuple[str, str], AuditEvent] = {}
    ended: dict[tuple[str, str], AuditEvent] = {}
    for row in connection.execute(query).mappings():
        event = from_row(row)
        (begun if event.phase is Phase.INTENDED else ended)[event.run, event.target] = event
    return [(event, ended.get(key)) for key, event in begun.items()]


def line_problems(connection: sa.Connection, fold: Places) -> list[str]:
    """Where the table is not as the events say, one line each."""
    kept = {(row.run, row.target): (row.seq, row.judged) for row in connection.execute(sa.select(lines))}
    wrong = sorted(where for where in {*kept, *fold} if kept.get(where) != fold.get(where))
    return [f"lines: run {run} on {target} is not as the events say" for run, target in wrong]


def follow(fold: Places, row: Row) -> None:
    """As ``moved``, for a row that may have been tampered with: one that cannot be read moves nothing."""
    if row["phase"] in MATTER:
        with suppress(LedgerError):
            moved(fold, from_row(row))


def _events(connection: sa.Connection, seqs: Iterable[int]) -> dict[int, AuditEvent]:
    rows = connection.execute(sa.select(events).where(events.c.seq.in_(sorted(seqs)))).mappings()
    return {event.seq: event for event in map(from_row, rows)}


def _stopped(judged: AuditEvent) -> Stopped:
    return Stopped(judged.at, str(judged.data.get("detail", "")), tuple(map(str, judged.data.get(LOST, ()))))
