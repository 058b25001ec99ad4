"""Cron lines: days by name, and nothing read two ways."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest

from simian_army.cron import Cron

MONDAY = date(2026, 11, 23)


def days(text: str) -> list[int]:
    return [number for number in range(7) if Cron.parse(text).times(MONDAY + timedelta(days=number))]


def test_weekdays_by_name_are_the_days_they_say() -> None:
    assert days("0 9 * * mon-fri") == [0, 1, 2, 3, 4]
    assert days("0 9 * * sat,sun") == [5, 6]
    assert days("0 9 * * sat-mon") == [0, 5, 6]


@pytest.mark.parametrize("text", ["0 9 * * 1-5", "0 9 * * 0", "0 9 * * mon,7"])
def test_weekdays_by_number_are_refused_with_the_reason(text: str) -> None:
    with pytest.raises(ValueError, match="mean different days.*mon-fri"):
        Cron.parse(text)


def test_steps_lists_and_ranges() -> None:
    found = Cron.parse("*/20 8-10/2,23 * * *").times(MONDAY)
    assert found == [time(h, m) for h in (8, 10, 23) for m in (0, 20, 40)]


def test_months_and_days_of_the_month() -> None:
    assert Cron.parse("0 0 29 feb *").times(date(2028, 2, 29)) == [time(0, 0)]
    assert Cron.parse("0 0 1 1,jul *").times(date(2026, 7, 1)) == [time(0, 0)]
    assert Cron.parse("0 0 1 1,jul *").times(date(2026, 8, 1)) == []


@pytest.mark.parametrize(
    "text",
    [
        "* * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * * 13 *",
        "*/0 * * * *",
        "5-1 * * * *",
        "@daily",
        "0 0 1 * mon",
    ],
)
def test_what_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="."):
        Cron.parse(text)
