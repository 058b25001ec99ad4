"""What ``each_group`` of a monkey may say."""

from __future__ import annotations

from pathlib import Path

import pytest

from simian_army.rates import Days
from tests.config.test_load import GOOD, loaded, mistakes


def written(text: str) -> str:
    return GOOD.replace("mode: {fixed: 1}}}", f"mode: one-per-group}}, each_group: {text}}}")


def test_the_least_time_may_be_left_out(tmp_path: Path) -> None:
    said = loaded(tmp_path, written("{mean: 5 working days}")).settings.monkeys[0].each_group
    assert said is not None
    assert (said.mean, said.min) == (Days.parse("5 working days"), None)
    both = loaded(tmp_path, written("{mean: 5d, min: 2d}")).settings.monkeys[0].each_group
    assert both is not None and both.min == Days.parse("2d")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{}", "each_group.mean: is missing"),
        ("{mean: 0d}", "each_group.mean: "),
        ("{mean: soon}", "each_group.mean: 'soon' is "),
        ("{mean: null}", "each_group.mean: "),
        ("{mean: 5d, min: soon}", "each_group.min: 'soon' is "),
        ("{mean: 5d, min: 3 working days}", "each_group"),
        ("{mean: 2d, min: 5d}", "each_group"),
        ("{mean: 5d, least: 2d}", "each_group.least: unknown key"),
    ],
)
def test_a_mistake_is_located_at_its_key(tmp_path: Path, text: str, told: str) -> None:
    (line,) = mistakes(tmp_path, written(text))
    assert line.startswith("simian.yaml:")
    assert f"monkeys[0].{told}" in line
    assert "None" not in line and "nput should" not in line
