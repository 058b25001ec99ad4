"""Is every mistake of a kind that a schema knows told in our own words, wherever it stands."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic_core import ErrorDetails
from pydantic_core.core_schema import ErrorType

from config.locating import SAID, _shown
from tests.config.everything import Path_, everything, instead, is_leaf, places, put, said

WRONG: tuple[Any, ...] = (None, True, -1, 3.5, "", " ", "x" * 5000, "a\n", [], [[]], {}, {"x": 1}, "\x00")
NOT_OURS = re.compile(
    r"[Ii]nput should|[Vv]alue error|[Aa]ssertion|valid (string|integer|number|boolean|list|tuple|dict|set)"
    r"|object is not|\n|datetime\.|timedelta|pydantic|<class|NoneType|__|\[type="
)
"""What pydantic or Python say in words of their own."""
LINE = re.compile(r"simian\.yaml(:\d+)?( [^ :]+(\[\d+\])*)?: \S")


def test_a_config_with_every_key_loads(tmp_path: Path) -> None:
    assert said(tmp_path, everything()) == []


def strange(lines: list[str]) -> list[str]:
    return [line for line in lines if NOT_OURS.search(line) or not LINE.match(line)]


@pytest.mark.parametrize("value", WRONG, ids=lambda one: repr(one)[:12])
def test_whatever_stands_in_all_places_at_once_is_told_in_our_words_and_at_each_key(tmp_path: Path, value: Any) -> None:
    made, leaves = everything(), [place for place in places(everything()) if is_leaf(place)]
    for place in leaves:
        put(made, place, value)
    lines = said(tmp_path, made)
    assert strange(lines) == []
    assert len(lines) > len(leaves) / 3, "most of what is wrong is a mistake"


@pytest.mark.slow
@pytest.mark.parametrize("value", ["", {"x": 1}], ids=repr)
def test_whatever_stands_in_one_place_is_told_in_our_words_and_at_its_key(tmp_path: Path, value: Any) -> None:
    found = {place: said(tmp_path, instead(place, value)) for place in places(everything())}
    assert {place: odd for place, lines in found.items() if (odd := strange(lines))} == {}
    assert sum(map(bool, found.values())) > len(found) / 2, "most of what is wrong is a mistake"


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        (("fleet",), 3, "fleet: must be text"),
        (("fleet",), None, "fleet: must be text"),
        (("leashed",), "maybe", "leashed: must be true or false"),
        (("safety", "max_stuck"), 2.5, "safety.max_stuck: must be a whole number"),
        (("safety", "max_stuck"), "many", "safety.max_stuck: must be a whole number"),
        (("safety", "max_stuck"), 0, "safety.max_stuck: must be at least 1"),
        (("safety", "look", 0, "min"), "low", "safety.look[0].min: must be a number"),
        (("monkeys", 0, "segment", "percent"), 101, "monkeys[0].segment.percent: must be at most 100"),
        (("monkeys", 0, "approval", "expires"), "8d", "monkeys[0].approval.expires: must be at most 7 days"),
        (("monkeys", 0, "hold"), "13h", "monkeys[0].hold: must be at most 12 hours"),
        (("safety", "recovery_limit"), "0s", "safety.recovery_limit: must be more than 0 seconds"),
        (("safety", "look"), {}, "safety.look: must be a list, such as [a, b]"),
        (("safety",), [], "safety: must be a section of keys and values"),
        (("platforms", "kubernetes"), "here", "platforms.kubernetes: must be a section of keys and values"),
        (("monkeys", 2, "segment"), {"version": "two"}, "monkeys[2].segment.version: must have the form "),
    ],
)
def test_a_mistake_says_what_must_stand_there(tmp_path: Path, place: Path_, value: Any, told: str) -> None:
    (line,) = [one for one in said(tmp_path, instead(place, value)) if told.partition(":")[0] in one]
    assert re.sub(r"^simian\.yaml:\d+ ", "", line).startswith(told), line


def test_what_is_missing_is_told_so(tmp_path: Path) -> None:
    made = everything()
    del made["monkeys"][0]["use"]
    assert [line.partition(" ")[2] for line in said(tmp_path, made)] == ["monkeys[0].use: is missing"]


def test_every_type_of_mistake_that_has_words_is_one_of_pydantics() -> None:
    assert set(SAID) <= set(get_args(ErrorType))
    assert "loc" in ErrorDetails.__annotations__


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(0), "0 seconds"),
        (timedelta(seconds=1), "1 second"),
        (timedelta(seconds=59), "59 seconds"),
        (timedelta(seconds=60), "1 minute"),
        (timedelta(seconds=90), "90 seconds"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(hours=12), "12 hours"),
        (timedelta(days=1), "1 day"),
        (timedelta(days=7), "7 days"),
        (timedelta(days=1, seconds=1), "86401 seconds"),
    ],
)
def test_a_length_of_time_is_shown_in_its_largest_whole_unit(span: timedelta, words: str) -> None:
    assert _shown(repr(span)) == words
    assert _shown(words) == words, "as pydantic hands some over"
