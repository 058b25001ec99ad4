"""A number, or a percentage of a whole, rounded up."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simian_army.amounts import Amount


@pytest.mark.parametrize(
    ("text", "whole", "many"), [(2, 9, 2), ("0", 9, 0), ("50%", 3, 2), ("50%", 4, 2), ("0%", 7, 0)]
)
def test_an_amount_of_a_whole(text: Any, whole: int, many: int) -> None:
    amount = Amount.parse(text)
    assert amount.of(whole) == many
    assert str(amount) == str(text)


@pytest.mark.parametrize("text", [True, -1, 1.5, "", "half", "50 %", "101%", "5%%", None, "\u0661"])
def test_what_is_no_amount_is_told_with_an_example(text: Any) -> None:
    with pytest.raises(ValueError, match="for instance 2, or a percentage, 50%|100% at most"):
        Amount.parse(text)


@given(st.integers(0, 100), st.integers(0, 1000))
def test_a_percentage_is_never_less_than_its_share(number: int, whole: int) -> None:
    many = Amount(number, percent=True).of(whole)
    assert many * 100 >= whole * number
    assert (many - 1) * 100 < whole * number
