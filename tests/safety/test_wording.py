"""Are lengths of time said in plain words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from safety.wording import age, span


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
