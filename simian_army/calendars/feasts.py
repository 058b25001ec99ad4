"""Which days are holidays somewhere, by the tables of the library ``holidays``, loaded when first asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import lru_cache

from simian_army.errors import CalendarError

PUBLIC = ("public",)


@dataclass(frozen=True, slots=True)
class Feasts:
    """The holidays of a country (ISO code) or one part of it; ``categories`` as the library knows them."""

    country: str
    subdivision: str = ""
    categories: tuple[str, ...] = PUBLIC

    def has(self, day: date) -> bool:
        """Whether ``day`` is one.

        Raises:
            CalendarError: the tables do not reach there, so nobody can say.
        """
        return day in _of(self, day.year)

    def called(self, day: date) -> str:
        """What it is called there."""
        return _of(self, day.year).get(day, "")

    def __str__(self) -> str:
        """``holidays DE-BY``."""
        kinds = "" if self.categories == PUBLIC else f" {'+'.join(self.categories)}"
        return f"holidays {self.country}" + (f"-{self.subdivision}" if self.subdivision else "") + kinds


def wrong(feasts: Feasts) -> tuple[str, str, str]:
    """The key that is wrong, what is, and what to write instead; three times empty when there are such tables."""
    import holidays

    there = holidays.list_supported_countries()
    if feasts.country not in there:
        near = [feasts.country.upper()] if feasts.country.upper() in there else []
        near = near or get_close_matches(feasts.country.upper(), there, n=1)
        return "country", f"{feasts.country!r} is no country with known holidays", _hint(near) or "write its ISO code"
    try:
        tables = holidays.country_holidays(feasts.country)
    except NotImplementedError as error:
        return "country", str(error), ""
    parts = [*tables.subdivisions, *tables.subdivisions_aliases]
    if feasts.subdivision and feasts.subdivision not in parts:
        message = f"{feasts.country} has no part {feasts.subdivision!r} with holidays of its own"
        near = get_close_matches(feasts.subdivision, parts, n=1)
        return "subdivision", message, _hint(near) or f"there are: {', '.join(parts) or 'none'}"
    for category in feasts.categories:
        if category not in tables.supported_categories:
            known = sorted(tables.supported_categories)
            message = f"{feasts.country} has no holidays of category {category!r}"
            return "categories", message, _hint(get_close_matches(category, known, n=1)) or f"{', '.join(known)}"
    return "", "", ""


def _hint(near: list[str]) -> str:
    return f"did you mean {near[0]}?" if near else ""


@lru_cache(maxsize=256)
def _of(feasts: Feasts, year: int) -> Mapping[date, str]:
    import holidays

    part = feasts.subdivision or None
    tables = holidays.country_holidays(feasts.country, part, years=year, expand=False, categories=feasts.categories)
    found = {day: name for day, name in tables.items() if day.year == year}
    if not found:  # the library says nothing of years beyond its tables, nor of some countries
        known = f"its tables go from {tables.start_year} to {tables.end_year}"
        fix = "update the library, or write the days under days or dates"
        raise CalendarError(f"{feasts}: the library knows no holiday of {year} ({known}); {fix}")
    return found
