"""Whose holidays are meant, and what is said of those that nobody knows."""

from __future__ import annotations

from datetime import date

import holidays
import pytest

from simian_army.calendars.feasts import ELSEWHERE, Feasts, wrong
from simian_army.errors import CalendarError

ISO = "write its ISO code, such as DE"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("de", "DE"),
        ("uk", "UK"),
        ("germany", "DE"),
        ("Germany", "DE"),
        ("GERMANY", "DE"),
        ("United Kingdom", "GB"),
        ("unitedkingdom", "GB"),
        ("Great Britain", "GB"),
        ("America", "US"),
        ("Holland", "NL"),
        ("South Korea", "KR"),
        ("GER", "DE"),
        ("sui", "CH"),
        ("Germny", "DE"),
        ("Swizerland", "CH"),
        ("England", "{country: GB, subdivision: ENG}"),
        ("Northern Ireland", "{country: GB, subdivision: NIR}"),
    ],
)
def test_a_country_by_another_name_than_its_code_gets_the_code(written: str, meant: str) -> None:
    key, message, fix = wrong(Feasts(written))
    assert (key, fix) == ("country", f"did you mean {meant}?")
    assert message == f"{written!r} is no country with known holidays"


@pytest.mark.parametrize("written", ["", "zz", "XXX", "IRA", "TOG", "Deutschland", "1", "Atlantis"])
def test_what_is_like_no_country_is_not_guessed_at(written: str) -> None:
    assert wrong(Feasts(written))[2] == ISO


def test_whatever_is_meant_by_another_name_has_holidays() -> None:
    for meant in ELSEWHERE.values():
        if meant.startswith("{"):
            country, part = meant.strip("{}").replace("country: ", "").replace(" subdivision: ", "").split(",")
            assert wrong(Feasts(country, part)) == ("", "", "")
        else:
            assert wrong(Feasts(meant)) == ("", "", "")


def test_a_country_without_a_holiday_in_any_year_to_come_is_refused_and_every_other_is_taken() -> None:
    tables = {code: wrong(Feasts(code)) for code in holidays.list_supported_countries()}
    refused = {code: said for code, said in tables.items() if said != ("", "", "")}
    assert {"BV", "HM"} & set(refused), "islands where nobody lives"
    for code, (key, message, fix) in refused.items():
        assert key == "country"
        assert message == f"the library knows no holidays of {code} any more, nor of the years to come"
        assert fix == "leave it out, or write the days under days or dates"
    assert len(refused) < len(tables) / 20


def test_a_year_beyond_the_tables_is_told_how_far_these_go() -> None:
    first, last = holidays.country_holidays("DE").start_year, holidays.country_holidays("DE").end_year
    assert Feasts("DE").has(date(first, 12, 25)) and Feasts("DE").has(date(last, 12, 25))
    for year in (first - 1, last + 1):
        with pytest.raises(CalendarError) as doubt:
            Feasts("DE").has(date(year, 12, 25))
        told = (
            f"no holiday of {year} (its tables go from {first} to {last}); update the library, or write the days under"
        )
        assert told in str(doubt.value)


def test_a_year_without_a_holiday_within_the_tables_is_no_fault_of_an_old_library() -> None:
    tables = holidays.country_holidays("BV")
    for year in (tables.start_year, 2030, tables.end_year):
        with pytest.raises(CalendarError) as doubt:
            Feasts("BV").has(date(year, 1, 1))
        assert f"the library knows no holiday of {year}" in str(doubt.value)
        assert str(doubt.value).endswith("; write the days under days or dates")
        assert "update" not in str(doubt.value)
