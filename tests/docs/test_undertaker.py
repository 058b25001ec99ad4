"""Does docs/undertaker.md say of each fault what `simian plugins` says of it."""

from __future__ import annotations

import re
from pathlib import Path

from typer.testing import CliRunner

from simian_army.cli.app import app
from simian_army.plugins import found

DOC = Path(__file__).parents[2] / "docs" / "undertaker.md"
OURS = [plugin for plugin in found("fault").values() if plugin.origin.startswith("simian-army ")]


def row(name: str, undo: str, alone: str) -> str:
    """A row of the table."""
    return f"| `{name}` | {undo} | {alone} |"


def test_the_table_is_what_the_faults_say_of_themselves() -> None:
    told = [(one.name, one.undoing()) for one in OURS]
    wanted = [
        row(name, ", ".join(f"`{field}`" for field in said["restores"]) or "none", said["alone"]) for name, said in told
    ]
    written = re.findall(r"^\| `.*$", DOC.read_text(), re.MULTILINE)
    assert written == wanted, "write:\n" + "\n".join(wanted)


def test_the_command_shows_it_in_columns() -> None:
    said = CliRunner().invoke(app, ["plugins"])
    assert said.exit_code == 0
    heads, *rows = said.stdout.splitlines()
    assert "undo" in heads and "ends alone" in heads
    cordon = next(line for line in rows if line.startswith("node-cordon"))
    assert "restores spec.unschedulable" in cordon
    assert "it does not: the next start of an agent" in cordon
