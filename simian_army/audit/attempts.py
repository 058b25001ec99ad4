"""What of it is still open, what was tried lately, and whether the fleet is halted."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from simian_army.audit.lines import project_line, stopped
from simian_army.audit.rows import from_row, instant
from simian_army.audit.tables import events, open_faults
from simian_army.model import ENDS, AuditEvent, Halt, Phase
from simian_army.standing import Attempt, places_of


def project(connection: sa.Connection, event: AuditEvent) -> None:
    """Follow one event in the table of open faults, in the transaction that writes it."""
    project_line(connection, event)
    if event.leashed or not event.target:
        return
    here = sa.and_(open_faults.c.run == event.run, open_faults.c.target == event.target)
    if event.phase is Phase.INTENDED:
        row = {"run": event.run, "target": event.target, "seq": event.seq, "phase": str(event.phase)}
        connection.execute(sa.insert(open_faults), row)
    elif event.phase in ENDS:
        connection.execute(sa.delete(open_faults).where(here))
    elif event.phase is not Phase.JUDGED:
        moves = sa.and_(here, open_faults.c.phase != str(Phase.STUCK))
        connection.execute(sa.update(open_faults).where(moves).values(phase=str(event.phase)))


def after(phase: str, event: str) -> str:
    """The phase of an open fault once this event came: one that is STUCK stays so until it ends, and what a fault came
    to is no phase of it."""
    return phase if phase == Phase.STUCK or event == Phase.JUDGED else event


def attempts(connection: sa.Connection, since: datetime) -> list[Attempt]:
    """Every open attempt, every unleashed one begun at or after ``since``, and whatever stops a line, oldest first."""
    still = {(row.run, row.target): Phase(row.phase) for row in connection.execute(sa.select(open_faults))}
    ends = sa.select(events.c.run, events.c.target, events.c.phase).where(
        events.c.at >= instant(since), events.c.phase.in_([str(phase) for phase in ENDS]), events.c.target != ""
    )
    ended = {(row.run, row.target): Phase(row.phase) for row in connection.execute(ends)}
    begun = sa.select(events).where(
        events.c.phase == str(Phase.INTENDED),
        sa.or_(events.c.at >= instant(since), events.c.seq.in_(sa.select(open_faults.c.seq))),
    )
    found = {row["seq"]: from_row(row) for row in connection.execute(begun).mappings()}
    lines = {event.seq: (event, line) for event, line in stopped(connection)}
    found |= {seq: event for seq, (event, _) in lines.items()}
    stuck = _stuck(connection) if Phase.STUCK in still.values() else {}
    told = [(_attempt(found[seq], still, ended, stuck), lines.get(seq)) for seq in sorted(found)]
    return [replace(attempt, line=line[1]) if line else attempt for attempt, line in told]


def halt_of(connection: sa.Connection) -> Halt | None:
    """The halt in force: the latest word decides. Words with a name tell of a halt that was said elsewhere."""
    words = sa.and_(events.c.phase.in_([str(Phase.HALTED), str(Phase.RESUMED)]), events.c.name == "")
    query = sa.select(events).where(words).order_by(events.c.seq.desc()).limit(1)
    row = connection.execute(query).mappings().first()
    if row is None or row["phase"] != Phase.HALTED:
        return None
    event = from_row(row)
    return Halt(event.actor, str(event.data.get("reason", "")), event.at)


Places = dict[tuple[str, str], Phase]
Times = dict[tuple[str, str], datetime]


def _stuck(connection: sa.Connection) -> Times:
    """Since when each open fault is stuck."""
    here = sa.and_(events.c.run == open_faults.c.run, events.c.target == open_faults.c.target)
    query = sa.select(events.c.run, events.c.target, sa.func.min(events.c.at).label("since")).join(open_faults, here)
    rows = connection.execute(
        query.where(events.c.phase == str(Phase.STUCK), events.c.seq > open_faults.c.seq).group_by(
            events.c.run, events.c.target
        )
    )
    return {(row.run, row.target): datetime.fromisoformat(row.since) for row in rows}


def _attempt(event: AuditEvent, still: Places, ended: Places, stuck: Times) -> Attempt:
    where, data = (event.run, event.target), event.data
    about = data.get("target")
    return Attempt(
        run=event.run,
        entry=event.entry,
        kind=str(data.get("kind", "")),
        target=event.target,
        group=str(data.get("group", "")),
        scope=str(data.get("scope", "")),
        at=event.at,
        phase=still.get(where) or ended.get(where, Phase.UNKNOWN),
        open=where in still,
        name=str(about.get("name", "")) if isinstance(about, dict) else "",
        since=stuck.get(where),
        places=places_of(data),
    )
