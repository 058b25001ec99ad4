"""Does what the documents say of explaining and game days load, and name what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config.gameday import Known, StepSaid, load_gameday
from simian_army.cli.gameday import CODES
from simian_army.foresight import FIRES
from simian_army.glance import READS
from simian_army.wiring.gamedays import HOLD
from tests.config.test_gameday import KNOWN
from tests.docs.test_readme import HOME, README

EXPLAINING = (HOME / "docs/explaining.md").read_text()
GAMEDAY = (HOME / "docs/gameday.md").read_text()


def rows(text: str, head: str) -> list[list[str]]:
    """The cells of the table that begins with this head."""
    table = text[text.index(f"| {head} |") :].split("\n\n", maxsplit=1)[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table]


def test_the_game_day_in_the_document_loads(tmp_path: Path) -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", GAMEDAY, re.DOTALL)
    file = tmp_path / "day.yaml"
    file.write_text(text)
    plan = load_gameday(file, Known(KNOWN.monkeys, KNOWN.faults))
    assert [step.expect for step in plan.steps] == ["hit", "refused", "hit", "any"]


def test_every_key_of_a_step_is_told_and_no_other() -> None:
    told = {row[0].strip("`") for row in rows(GAMEDAY, "key")}
    assert told == set(StepSaid.model_fields)
    assert f"of a fault {HOLD.total_seconds() / 60:.0f}m" in GAMEDAY


def test_the_exit_codes_of_the_table_are_those_of_the_command() -> None:
    told = {row[0].strip("`"): int(row[2]) for row in rows(GAMEDAY, "word")}
    assert {word: CODES.get(word, 1) for word in told} == told


def test_the_limits_in_the_document_are_those_of_the_code() -> None:
    assert f"At most\n{FIRES:,} fires" in EXPLAINING
    assert f"from the {READS:,}th drawn target" in EXPLAINING


@pytest.mark.parametrize("document", ["docs/explaining.md", "docs/gameday.md"])
def test_the_readme_leads_to_it(document: str) -> None:
    assert f"({document})" in README
