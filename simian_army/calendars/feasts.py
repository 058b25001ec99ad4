"""Which days are holidays somewhere, by the tables of the library ``holidays``, loaded when first asked."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import lru_cache

from simian_army.errors import CalendarError

PUBLIC = ("public",)
CODE = 3
"""Letters of an ISO code; one that is wrong is like too many others to guess."""
ALIKE = 0.8
_CODES = (
    "greatbritain=GB britain=GB holland=NL america=US unitedstatesofamerica=US alg=DZ bul=BG chi=CL crc=CR cro=HR "
    "den=DK ger=DE gre=GR hon=HN ina=ID iri=IR ksa=SA lat=LV mas=MY ned=NL ngr=NG par=PY phi=PH por=PT rsa=ZA slo=SI "
    "sui=CH tpe=TW uae=AE uru=UY vie=VN"
)
ELSEWHERE = {
    **dict(pair.split("=") for pair in _CODES.split()),
    "england": "{country: GB, subdivision: ENG}",
    "scotland": "{country: GB, subdivision: SCT}",
    "wales": "{country: GB, subdivision: WLS}",
    "northernireland": "{country: GB, subdivision: NIR}",
}
"""What people call countries beside name and ISO code: everyday names, codes of the Olympic committees, parts."""


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
        message = f"{feasts.country!r} is no country with known holidays"
        return "country", message, _meant(feasts.country, there) or "write its ISO code, such as DE"
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
    if not _listed(feasts, tables.end_year):
        message = f"the library knows no holidays of {feasts.country} any more, nor of the years to come"
        return "country", message, "leave it out, or write the days under days or dates"
    return "", "", ""


def _meant(country: str, there: Collection[str]) -> str:
    """What somebody meant who wrote a name, small letters, or the code that sports give a country."""
    from holidays.registry import COUNTRIES

    if country.upper() in there:
        return _hint([country.upper()])
    plain = _plain(country)
    if plain in ELSEWHERE:
        return f"did you mean {ELSEWHERE[plain]}?"
    codes = {_plain(name): code for key, (name, code, *_) in COUNTRIES.items() for name in (key, name)}
    if plain in codes:
        return _hint([codes[plain]])
    near = get_close_matches(plain, codes, n=1, cutoff=ALIKE) if len(plain) > CODE else []
    return _hint([codes[name] for name in near])


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalpha())


def _hint(near: list[str]) -> str:
    return f"did you mean {near[0]}?" if near else ""


def _of(feasts: Feasts, year: int) -> Mapping[date, str]:
    found = _listed(feasts, year)
    if not found:  # the library says nothing of years beyond its tables, nor of some countries
        import holidays

        tables = holidays.country_holidays(feasts.country)
        within = tables.start_year <= year <= tables.end_year
        known = f"its tables go from {tables.start_year} to {tables.end_year}"
        update = "" if within else "update the library, or "
        fix = f"{update}write the days under days or dates"
        raise CalendarError(f"{feasts}: the library knows no holiday of {year} ({known}); {fix}")
    return found


@lru_cache(maxsize=256)
def _listed(feasts: Feasts, year: int) -> Mapping[date, str]:
    """The days of that year, as the library has them; of years beyond its tables it has none."""
    import holidays

    part = feasts.subdivision or None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # it warns of such years; we deny
        tables = holidays.country_holidays(feasts.country, part, years=year, expand=False, categories=feasts.categories)
    return {day: name for day, name in tables.items() if day.year == year}
