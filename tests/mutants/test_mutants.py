"""Does the mutation tool flip what it says, is a flip noticed, and is every survivor explained."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.mutants.__main__ import modules
from tests.mutants.flips import Flip, flips
from tests.mutants.listing import FIGURES, LIST, Row, explained, stale, written
from tests.mutants.running import KILLED, LATE, SURVIVED, Job, file_of, tried

SOURCE = """
class Guard:
    def __call__(self, a, b):
        if not a or a <= b < 3:
            return a in b
        return a == b
"""


def flipped() -> list[Flip]:
    return list(flips(SOURCE))


def test_every_comparison_is_flipped_both_at_its_limit_and_as_a_whole() -> None:
    assert [(flip.text, flip.change) for flip in flipped()] == [
        ("not a or a <= b < 3", "or → and"),
        ("not a", "not → (nothing)"),
        ("a <= b < 3", "<= → < (the 1.)"),
        ("a <= b < 3", "<= → > (the 1.)"),
        ("a <= b < 3", "< → <= (the 2.)"),
        ("a <= b < 3", "< → >= (the 2.)"),
        ("a in b", "in → not in"),
        ("a == b", "== → !="),
    ]
    assert {flip.where for flip in flipped()} == {"Guard.__call__"}


def test_each_flip_changes_one_thing_and_leaves_the_source_as_it_is() -> None:
    plain = ast.unparse(ast.parse(SOURCE)).splitlines()
    for flip in flipped():
        lines = ast.unparse(flip.tree).splitlines()
        assert sum(one != other for one, other in zip(lines, plain, strict=True)) == 1


def test_what_stands_twice_in_a_function_is_told_apart() -> None:
    source = "def f(a):\n    return a > 1, a > 1\n"
    assert [flip.number for flip in flips(source)] == [1, 1, 2, 2]


GUARD = "safety.protected"
TESTS = (("tests/safety/test_protected.py",),)


@pytest.mark.slow
def test_a_flip_is_noticed_and_the_module_as_it_is_passes() -> None:
    found = list(flips(Path(file_of(GUARD)).read_text()))
    jobs = [Job(GUARD, None, TESTS), *(Job(GUARD, flip.tree, TESTS) for flip in found)]
    assert dict(tried(jobs, 2)) == {0: SURVIVED, **dict.fromkeys(range(1, len(jobs)), KILLED)}


@pytest.mark.slow
def test_what_runs_in_circles_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.mutants.running.LIMIT", 4.0)
    circles = ast.parse("while True:\n    pass\n")
    assert list(tried([Job(GUARD, circles, TESTS)], 1)) == [(0, LATE)]


def test_the_list_keeps_what_was_explained_and_names_what_was_not(tmp_path: Path) -> None:
    file = tmp_path / "mutants.md"
    file.write_text(f"# Mutants\n\n{FIGURES}\n")
    first, second = Row("safety.a", "A.a", "x | y", "or → and"), Row("safety.a", "A.b", "x > 1", "> → >=", 2)
    assert written([first, second], "2 flips", file) == [first, second]
    file.write_text(file.read_text().replace("or → and |  |", "or → and | both are the same there |"))
    assert written([first, second], "2 flips", file) == [second]
    assert list(explained(file).values()) == ["both are the same there", ""]
    assert stale(explained(file), [first]) == ["safety.a | A.b | `x > 1` (2) | > → >="]


def test_every_survivor_is_explained_and_still_there() -> None:
    known = explained(LIST)
    assert [row for row, why in known.items() if len(why) < 20] == []
    there = [Row(module, *flip.key) for module in modules() for flip in flips(Path(file_of(module)).read_text())]
    assert stale(known, there) == []


def test_every_guard_and_the_calendar_are_flipped() -> None:
    assert {"safety.budget", "safety.quorum", "scheduler.calendar"} <= set(modules())
    assert len(modules()) == len(list(Path("safety").glob("[a-z]*.py"))) + 1
