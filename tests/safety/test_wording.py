"""Are lengths of time said in plain words, and what others wrote in quotes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from safety.wording import SHOWN, age, quoted, span


@pytest.mark.parametrize(
    ("length", "words", "rough"),
    [
        (timedelta(0), "0 s", "0 s"),
        (timedelta(seconds=-5), "0 s", "0 s"),
        (timedelta(milliseconds=1500), "1 s", "1 s"),
        (timedelta(seconds=90), "1 min 30 s", "1 min"),
        (timedelta(hours=1), "1 h", "1 h"),
        (timedelta(days=2, minutes=5), "2 d 5 min", "2 d"),
    ],
)
def test_a_span_is_exact_to_the_second_and_an_age_to_its_largest_unit(
    length: timedelta, words: str, rough: str
) -> None:
    assert span(length) == words
    assert age(length) == rough


def test_what_others_wrote_is_shown_in_quotes_and_beyond_60_characters_with_how_many_there_are() -> None:
    assert quoted("yes") == "'yes'"
    assert quoted("") == "''"
    assert quoted("x" * 60) == f"'{'x' * 60}'"
    assert quoted("x" * 61) == f"'{'x' * 60}'… (61 characters)"


@given(st.text(max_size=60) | st.text(min_size=61, max_size=200))
@example("\n" * 61)
def test_nothing_that_others_wrote_leaves_its_line_or_moves_a_cursor(text: str) -> None:
    shown = quoted(text)
    assert shown.isprintable()
    assert shown[0] in "'\""
    assert len(shown) <= SHOWN * len(r"\U0010ffff") + 30
