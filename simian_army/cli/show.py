"""How things look on the screen: short tables and lines, colours on a terminal only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.status import Status
from rich.table import Table

if TYPE_CHECKING:
    from simian_army.model import Finding
    from simian_army.outcome import Outcome
    from simian_army.waiting import Waiting

WIDE = 240  # columns of a table that no terminal shows: each row stays one line, for grep
TIGHT = frozenset({"seq", "at (UTC)", "phase", "run", "name", "kind"})  # columns whose cells are never broken

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


_status: list[Status] = []


@contextmanager
def working(words: str) -> Iterator[None]:
    """A sign of life on a terminal while something takes its time; nothing elsewhere."""
    if not err.is_terminal:
        yield
        return
    _status.append(err.status(words))
    _status[-1].start()
    try:
        yield
    finally:
        still()


def still() -> None:
    """Take the sign of life away: there is something to print."""
    while _status:
        _status.pop().stop()


def say(text: str, style: str = "") -> None:
    """One line, as it is."""
    out.print(text, style=style or None, markup=False)


def dump(value: Any) -> None:
    """JSON, one line for each item of a list of records."""
    print(json.dumps(value, default=str))


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A plain table."""
    lines = [[str(cell) for cell in row] for row in rows]
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for head in heads:
        tight = head in TIGHT
        grid.add_column(head, no_wrap=tight, min_width=_longest(head, heads, lines) if tight else None, overflow="fold")
    for line in lines:
        grid.add_row(*line)
    (out if out.is_terminal else Console(highlight=False, width=WIDE)).print(grid, markup=False)


def _longest(head: str, heads: Sequence[str], lines: Sequence[Sequence[str]]) -> int:
    column = list(heads).index(head)
    return max(len(head), *(len(line[column]) for line in lines)) if lines else len(head)


def outcome(found: Outcome) -> None:
    """One firing in words: who was hit, who was refused and by whom, who was never drawn and why."""
    verb = "would be hit" if found.run.leashed else "hit"
    looked = f"{len(found.troop.eligible)} eligible, {len(found.troop.found)} found"
    did = f"{len(found.findings)} findings" if found.reports else f"{len(found.taken)} {verb}"
    did += f", {len(found.waiting)} pending approval" if found.waiting else ""
    say(f"run {found.run.id} of {found.run.entry}: {did} of {looked}", "bold")
    if found.error:
        say(f"  {found.error}", "red")
    for draw in found.taken:
        hold = f", held for {span(draw.fault.hold)}" if draw.fault.hold else ""
        say(f"  {verb:>9}  {draw.fault.target}  {draw.fault.kind}{hold}", "yellow")
    for line in waits(found.waiting):
        say(f"  {'' if line.startswith(' ') else 'pending':>9}  {line}", "yellow")
    _refused(found.summary()["drawn"])
    for one in found.findings:
        finding(one)
    _spared(found.troop.reasons())


def refusals(said: Mapping[str, Any]) -> None:
    """The same of a fire that was written down: who was refused and by whom, who was never drawn and why."""
    say(f"  {said['taken']} hit of {said['eligible']} eligible, {said['candidates']} found", "bold")
    _refused(said["drawn"])
    _spared(said["spared"])


def _refused(drawn: Iterable[Mapping[str, Any]]) -> None:
    """Each drawn target with every guard that said no."""
    for one in drawn:
        for verdict in one["verdicts"]:
            if not verdict["allowed"]:
                say(f"  {'denied':>9}  {one['name']} by {verdict['guard']}: {verdict['reason']}", "cyan")


def _spared(rows: Iterable[Mapping[str, Any]]) -> None:
    for row in rows:
        by = f" by {row['guard']}" if row["guard"] else ""
        say(f"  {'spared':>9}  {row['count']}{by}: {row['reason']}", "green")


def waits(found: Iterable[Waiting]) -> Iterator[str]:
    """What waits for somebody's word, until when, and the command that gives it."""
    for one in found:
        yield f"{one.fault.kind} on {one.fault.target} by {one.run.entry} until {one.until:%Y-%m-%d %H:%M:%S} UTC:"
        yield f"  {one.command}"


def finding(one: Finding) -> None:
    """What a monkey that only reports says of one target."""
    say(f"  {one.severity:>9}  {one.target}  {one.rule}: {one.detail}", "red" if one.severity == "error" else "yellow")


def count(number: int, noun: str) -> str:
    """``1 group``, ``2 groups``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def span(length: timedelta) -> str:
    """``2 h 5 min``, to the second below an hour."""
    seconds = int(length.total_seconds())
    parts = ((seconds // 86400, "d"), (seconds // 3600 % 24, "h"), (seconds // 60 % 60, "min"), (seconds % 60, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 s"


def local(moment: datetime, zone: Any) -> str:
    """A time as its people read it."""
    return moment.astimezone(zone).strftime("%a %Y-%m-%d %H:%M:%S")
