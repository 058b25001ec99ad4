"""What survived, as docs/mutants.md lists it: a row each, with somebody's word on why that is well."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

LIST = Path("docs/mutants.md")
HEAD = "| module | in | expression | flip | why no test can tell, or need not |"
RULE = "| --- | --- | --- | --- | --- |"
BAR = re.compile(r"(?<!\\)\|")  # one that ends a cell
FIGURES = "<!-- figures -->"


@dataclass(frozen=True, order=True)
class Row:
    """One survivor: where it is, what was flipped, and which of several alike."""

    module: str
    where: str
    text: str
    change: str
    number: int = 1

    def cells(self) -> list[str]:
        """As it is written, but for the last column."""
        text = f"`{self.text}`".replace("|", "\\|") + (f" ({self.number})" if self.number > 1 else "")
        return [self.module, self.where or "(module)", text, self.change]


def explained(file: Path = LIST) -> dict[str, str]:
    """By the first four columns, what the list says of each."""
    rows = [line for line in file.read_text().splitlines() if line.startswith("| ") and line not in (HEAD, RULE)]
    cells = [[cell.strip() for cell in BAR.split(row)[1:-1]] for row in rows]
    return {" | ".join(row[:-1]): row[-1] for row in cells}


def written(survivors: Iterable[Row], figures: str, file: Path = LIST) -> list[Row]:
    """Write the list anew, with the words that were there; returns those of which it says nothing."""
    known, rows = explained(file), sorted(survivors)
    head = file.read_text().partition(FIGURES)[0]
    said = {row: known.get(_key(row), "") for row in rows}
    table = "\n".join([HEAD, RULE, *(f"| {_key(row)} | {why} |" for row, why in said.items())])
    file.write_text(f"{head}{FIGURES}\n{figures}\n\n{table}\n")
    return [row for row, why in said.items() if not why]


def _key(row: Row) -> str:
    return " | ".join(row.cells())


def stale(rows: Mapping[str, str], keys: Iterable[Row]) -> list[str]:
    """What the list tells of that is in no module any more."""
    return sorted(set(rows) - {_key(row) for row in keys})
