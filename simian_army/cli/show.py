"""How things look on the screen: short tables and lines, colours on a terminal only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from simian_army.outcome import Draw, Outcome

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str, style: str = "") -> None:
    """One line, as it is."""
    out.print(text, style=style or None, markup=False)


def dump(value: Any) -> None:
    """JSON, one line for each item of a list of records."""
    print(json.dumps(value, default=str))


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A plain table."""
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for head in heads:
        grid.add_column(head, overflow="fold")
    for row in rows:
        grid.add_row(*(str(cell) for cell in row))
    out.print(grid, markup=False)


def outcome(found: Outcome) -> None:
    """One firing in words: who was hit, who was refused and by whom, who was never drawn and why."""
    verb = "would be hit" if found.run.leashed else "hit"
    say(
        f"run {found.run.id} of {found.run.entry}: {len(found.taken)} {verb} of {len(found.troop.eligible)} eligible, "
        f"{len(found.troop.found)} found",
        "bold",
    )
    if found.error:
        say(f"  {found.error}", "red")
    for draw in found.taken:
        hold = f", held for {span(draw.fault.hold)}" if draw.fault.hold else ""
        say(f"  {verb:>9}  {draw.fault.target}  {draw.fault.kind}{hold}", "yellow")
    for draw in found.denied:
        refused(draw)
    for row in found.troop.reasons():
        say(f"  {'spared':>9}  {row['count']} by {row['guard']}: {row['reason']}", "green")


def refused(draw: Draw) -> None:
    """One drawn target and every guard that said no."""
    for verdict in draw.verdicts:
        if not verdict.allowed:
            say(f"  {'denied':>9}  {draw.fault.target} by {verdict.guard}: {verdict.reason}", "cyan")


def span(length: timedelta) -> str:
    """``2 h 5 min``, to the second below an hour."""
    seconds = int(length.total_seconds())
    parts = ((seconds // 86400, "d"), (seconds // 3600 % 24, "h"), (seconds // 60 % 60, "min"), (seconds % 60, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 s"


def local(moment: datetime, zone: Any) -> str:
    """A time as its people read it."""
    return moment.astimezone(zone).strftime("%a %Y-%m-%d %H:%M:%S")
