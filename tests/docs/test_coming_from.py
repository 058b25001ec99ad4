"""Does docs/coming-from.md name only faults, modes and words that there are, and do its examples load."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config.load import load
from simian_army.plugins import found
from simian_army.wiring.vetting import vet

PAGE = (Path(__file__).parents[2] / "docs" / "coming-from.md").read_text()
HEAD = "fleet: shop\nkey: 0123456789abcdef0123456789abcdef\nplatforms: {kubernetes: {embedded: true}}\n"
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
HERE = [row.split(" | ")[1] for row in PAGE.splitlines() if row.startswith("| ") and " | " in row]


@pytest.mark.parametrize("number", range(2))
def test_an_example_of_the_page_loads(tmp_path: Path, number: int) -> None:
    file = tmp_path / "simian.yaml"
    file.write_text(f"{HEAD}{EXAMPLES[number]}")
    assert len(load(file, vet).settings.monkeys) == 1


def test_every_fault_that_it_names_is_one_and_none_of_kubernetes_is_forgotten() -> None:
    named = {word for cell in HERE for word in re.findall(r"`([a-z]+(?:-[a-z]+)+)`", cell)}
    faults = found("fault")
    assert named <= faults.keys() | {"fixed-percent"}
    peers = {name for name, one in faults.items() if getattr(one.make, "platform", "") == "kubernetes"}
    assert peers - named == {"exec", "job-suspend", "rollout-restart", "secret-fault"}, "what the others do not have"
