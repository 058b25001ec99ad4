"""Whether the chain is whole: one line a fault, naming the row."""

from __future__ import annotations

import sqlalchemy as sa

from simian_army.audit.attempts import after
from simian_army.audit.chain import START, fits
from simian_army.audit.head import Anchor
from simian_army.audit.lines import Places, follow, line_problems
from simian_army.audit.rows import Row
from simian_army.audit.tables import events, open_faults
from simian_army.errors import LedgerError
from simian_army.model import ENDS, Phase

Pair = tuple[str, str]


def problems(connection: sa.Connection, key: bytes, anchor: Anchor | None) -> list[str]:
    """Everything wrong with the ledger, in the order of its rows; rows are streamed."""
    found: list[str] = []
    last, previous, anchored = 0, START, ""
    fold: dict[Pair, str] = {}
    lines: Places = {}
    mark, told = _marked(anchor)
    found += told
    rows = connection.execution_options(yield_per=500).execute(sa.select(events).order_by(events.c.seq)).mappings()
    for row in rows:
        found += _row_problems(row, key, last, previous)
        last, previous = int(row["seq"]), str(row["hash"])
        if mark and last == mark[0]:
            anchored = previous
        _follow(fold, row)
        follow(lines, row)
    if mark:
        found += _head_problems(mark, last, anchored)
    return found + _projection_problems(connection, fold) + line_problems(connection, lines)


def _row_problems(row: Row, key: bytes, last: int, previous: str) -> list[str]:
    seq = row["seq"]
    found: list[str] = []
    if seq != last + 1:
        missing = f"row {last + 1}" if seq == last + 2 else f"rows {last + 1} to {seq - 1}"
        found.append(f"{missing}: deleted")
    elif row["previous"] != previous:
        found.append(f"row {seq}: does not follow row {last}: reordered, or one of the two was rewritten")
    if not fits(key, row):
        found.append(f"row {seq}: edited or forged: its hash is not that of what it says under the fleet key")
    return found


def _marked(anchor: Anchor | None) -> tuple[tuple[int, str] | None, list[str]]:
    if anchor is None:
        return None, []
    try:
        head = anchor.read()
    except LedgerError as error:
        return None, [str(error)]
    if head is None:
        return None, [f"the head {anchor.path} is missing, so a cut tail could not be seen"]
    return (head.seq, head.hash), []


def _head_problems(mark: tuple[int, str], last: int, anchored: str) -> list[str]:
    seq, hash_ = mark
    if seq > last:
        return [f"row {last + 1}: the tail is cut: the head knows {seq} rows, the ledger has {last}"]
    if seq and anchored != hash_:
        return [f"row {seq}: is not the row that the head knows by this number"]
    return []


def _follow(fold: dict[Pair, str], row: Row) -> None:
    where = (str(row["run"]), str(row["target"]))
    if row["leashed"] or not row["target"]:
        return
    if row["phase"] == Phase.INTENDED:
        fold[where] = row["phase"]
    elif row["phase"] in ENDS:
        fold.pop(where, None)
    elif where in fold:
        fold[where] = after(fold[where], row["phase"])


def _projection_problems(connection: sa.Connection, fold: dict[Pair, str]) -> list[str]:
    rows = connection.execute(sa.select(open_faults))
    kept = {(row.run, row.target): row.phase for row in rows}
    wrong = sorted(where for where in {*kept, *fold} if kept.get(where) != fold.get(where))
    return [f"open_faults: run {run} on {target} is not as the events say" for run, target in wrong]
