"""Do the examples of docs/choosing.md load as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config.load import load
from simian_army.wiring.vetting import vet

PAGE = Path(__file__).parents[2] / "docs" / "choosing.md"
HEAD = "fleet: shop\nkey: 0123456789abcdef0123456789abcdef\nplatforms: {kubernetes: {embedded: true}}\n"
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_of_the_page_loads(tmp_path: Path, number: int) -> None:
    file = tmp_path / "simian.yaml"
    file.write_text(f"{HEAD}{EXAMPLES[number]}")
    assert len(load(file, vet).settings.monkeys) == 1


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) == 2
