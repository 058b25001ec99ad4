"""Does every guard say what the documentation says, and nothing else, over scenes that nobody thought of."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import pytest

from simian_army.contract import Guard
from simian_army.model import Scene, Verdict
from tests.oracle.comparing import compare, disagreement
from tests.oracle.house import House, house
from tests.oracle.scenes import Scenes
from tests.oracle.settings import world
from tests.oracle.told import ORACLE, denied
from tests.oracle.wild import WILD
from tests.oracle.words import World

PARTS = 4
SCENES = int(os.environ.get("SIMIAN_SCENES", "100000"))
ENOUGH = 20_000
"""Scenes from which on shares say something."""
SEED = os.environ.get("SIMIAN_SEED", "part 4")
"""Every `make test` has the same scenes; `make soak` others each time, unless it is given a seed."""
PURE = ("words", "consents", "amounts", "quiet", "others", "told")
KNOWN = {"simian_army.model", "simian_army.standing"}


@pytest.mark.slow
@pytest.mark.timeout(0)
@pytest.mark.parametrize("part", range(PARTS))
def test_the_guards_and_the_oracle_agree(part: int, tmp_path: Path) -> None:
    tally = compare(f"{SEED}/{part}", SCENES // PARTS, tmp_path)
    print(tally)
    if tally.scenes >= ENOUGH:
        assert tally.allowed >= tally.scenes / 5
        assert [guard for guard in ORACLE if tally.share(guard) < 1.0] == []


def test_the_oracle_answers_for_every_guard_of_the_house(tmp_path: Path) -> None:
    assert set(house(world(Random(0), 0), tmp_path).guards) == set(ORACLE) == set(WILD)


def test_the_oracle_is_made_of_nouns_and_the_documentation() -> None:
    """No guard and nothing that guards are made of may find its way into it."""
    for name in PURE:
        source = (Path(__file__).parent / f"{name}.py").read_text()
        imported = {module for node in ast.walk(ast.parse(source)) for module in _modules(node)}
        ours = {
            module for module in imported if module.split(".")[0] in ("simian_army", "safety", "config", "scheduler")
        }
        assert ours <= KNOWN, f"{name} imports {ours - KNOWN}"


def _modules(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.ImportFrom):
        yield node.module or ""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)


class Liar:
    """A guard that always says the same."""

    early = False

    def __init__(self, name: str, *, allowed: bool) -> None:
        self.name, self.allowed = name, allowed

    def __call__(self, scene: Scene) -> Verdict:
        return Verdict(self.name, self.allowed, "always")


@pytest.mark.slow
@pytest.mark.parametrize("allowed", [True, False])
def test_a_guard_that_always_says_the_same_is_found_out_whichever_it_is(tmp_path: Path, *, allowed: bool) -> None:
    worlds = [world(Random(f"liars {number}"), number) for number in range(8)]
    houses = [house(here, _folder(tmp_path, number)) for number, here in enumerate(worlds)]
    found: set[str] = set()
    for number, (here, made) in enumerate(zip(worlds, houses, strict=True)):
        for told in islice(Scenes(Random(number), here), 300):
            liars: dict[str, Guard] = {name: Liar(name, allowed=allowed) for name in made.guards}
            found |= House(liars, made.sky).denied(told.case) ^ told.denied
    assert found == set(ORACLE)


def test_a_disagreement_is_told_by_the_smallest_scene_that_shows_it(tmp_path: Path) -> None:
    here = world(Random("small"), 1)

    def build(one: World, folder: Path) -> House:
        made = house(one, folder)
        return replace(made, guards={**made.guards, "halt": Liar("halt", allowed=True)})

    made = build(here, tmp_path)
    told = next(told for told in Scenes(Random(1), here) if told.denied >= {"halt"} and len(told.case.scene.recent) > 1)
    assert "halt" not in made.denied(told.case)
    text = disagreement("small", told.case, frozenset({"halt"}), tmp_path, build)
    assert text.startswith("seed 'small': halt allows (always), the oracle denies:")
    assert "safety: {}" in text
    assert "recent=" not in text
    assert "halt=Halt(" in text or "teams=" in text


def test_the_same_seed_gives_the_same_scenes(tmp_path: Path) -> None:
    def some() -> list[Any]:
        rng = Random("same")
        return [(told.case.scene, told.denied) for told in islice(Scenes(rng, world(rng, 0)), 50)]

    assert some() == some()
    assert all(denied_by <= set(ORACLE) for _, denied_by in some())
    assert denied(next(iter(Scenes(Random(1), world(Random(1), 0)))).case) <= set(ORACLE)


def _folder(above: Path, number: int) -> Path:
    place = above / str(number)
    place.mkdir()
    return place
