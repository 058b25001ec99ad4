"""Whether the chain is whole: one line a fault, naming the row."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from simian_army.audit.chain import FIRST, link
from simian_army.audit.head import Head
from simian_army.audit.rows import from_row
from simian_army.audit.tables import EVENTS, OPEN
from simian_army.model import ENDS, Phase

Pair = tuple[str, str]


def problems(connection: sa.Connection, key: bytes, head: Head | None) -> list[str]:
    """Everything wrong with the ledger, in the order of its rows; rows are streamed."""
    found: list[str] = []
    expected, previous = 1, FIRST
    anchored: dict[int, str] = {}
    fold: dict[Pair, Phase] = {}
    mark = head.seq() if head else 0
    rows = connection.execution_options(yield_per=500).execute(sa.select(EVENTS).order_by(EVENTS.c.seq))
    for row in rows:
        found += _row_problems(row, key, expected, previous)
        expected, previous = row.seq + 1, row.hash
        if row.seq == mark:
            anchored[mark] = row.hash
        _follow(fold, row)
    if head:
        found += head.problems(expected - 1, anchored)
    return found + _projection_problems(connection, fold)


def _row_problems(row: sa.Row[Any], key: bytes, expected: int, previous: str) -> list[str]:
    found: list[str] = []
    if row.seq != expected:
        missing = f"{expected}" if row.seq == expected + 1 else f"{expected} to {row.seq - 1}"
        found.append(f"row {missing}: deleted")
    elif row.previous != previous:
        found.append(f"row {row.seq}: not the successor of row {row.seq - 1}: reordered, or one of them was rewritten")
    try:
        event = from_row(row)
    except (ValueError, TypeError) as error:
        return [*found, f"row {row.seq}: edited into something that is no event ({error})"]
    if link(key, event) != row.hash:
        found.append(f"row {row.seq}: edited or forged: its hash is not that of what stands there under the fleet key")
    return found


def _follow(fold: dict[Pair, Phase], row: sa.Row[Any]) -> None:
    where = (row.run, row.target)
    if row.leashed or not row.target or row.phase not in set(Phase):
        return
    if row.phase == Phase.INTENDED:
        fold[where] = Phase.INTENDED
    elif row.phase in ENDS:
        fold.pop(where, None)
    elif where in fold:
        fold[where] = Phase(row.phase)


def _projection_problems(connection: sa.Connection, fold: dict[Pair, Phase]) -> list[str]:
    kept = {(row.run, row.target): row.phase for row in connection.execute(sa.select(OPEN))}
    wrong = [where for where in {*kept, *fold} if kept.get(where) != fold.get(where)]
    return [f"open_faults: run {run} on {target} differs from what the events say" for run, target in sorted(wrong)]
