"""When it is quiet: what ``safety.blackouts`` and ``calendars`` in simian.yaml may say."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from difflib import get_close_matches
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, field_serializer, field_validator, model_validator

from config.parts import Days, Duration, LocatedError, Names, Part, Range, Window
from config.zones import Zone
from simian_army.calendars.days import AnyOf, Yearly
from simian_army.calendars.feasts import PUBLIC, Feasts, wrong

REFRESH = {"url": timedelta(minutes=10), "file": timedelta(seconds=2)}
STALE = {"url": timedelta(hours=1), "file": timedelta(minutes=1)}
WORDS = ("weekdays", "daily", "dates", "days", "holidays", "ical", "calendar")


_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


def _yearly(value: object) -> object:
    days = value if isinstance(value, list) else [value]
    if not days:
        raise ValueError("an empty list of days would cover nothing")
    return AnyOf(tuple(Yearly.parse(str(day)) for day in days))


class Holidays(Part):
    """The holidays of a country (ISO code) or of one part of it; a country alone may be written as one word."""

    country: str
    subdivision: str = ""
    categories: Names = PUBLIC

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {"country": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _known(self) -> Holidays:
        key, message, hint = wrong(self.feasts)
        if message:
            raise LocatedError([(key, message, hint)])
        return self

    @property
    def feasts(self) -> Feasts:
        """The days it means."""
        return Feasts(self.country, self.subdivision, self.categories)


class Quiet(Part):
    """One blackout window: all that is given must hold.

    ``ical`` is a file (from the config's folder) or a URL, which may hold a secret; it is read anew when the last
    reading is ``refresh`` old, and nobody trusts one that is ``stale`` old. ``zone`` counts instead of ``timezone``.
    """

    weekdays: Days = frozenset()
    daily: Window | None = None
    dates: Range | None = None
    days: Annotated[AnyOf, BeforeValidator(_yearly)] | None = None
    holidays: Holidays | None = None
    ical: SecretStr | None = None
    refresh: Duration | None = Field(default=None, ge=timedelta(seconds=1))
    stale: Duration | None = None
    calendar: str = ""
    zone: Zone = ""
    monkeys: Names = ()

    @field_validator("ical")
    @classmethod
    def _readable(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            _vet(value.get_secret_value())
        return value

    @field_serializer("ical")
    def _masked(self, value: SecretStr | None) -> str:
        return shown(value.get_secret_value()) if value else ""

    @model_validator(mode="after")
    def _something(self) -> Quiet:
        if not any(getattr(self, word) for word in WORDS):
            raise ValueError(f"an empty blackout would cover nothing: give {', '.join(WORDS[:-1])} or {WORDS[-1]}")
        lost = [word for word in ("refresh", "stale") if getattr(self, word) is not None and self.ical is None]
        if lost:
            raise LocatedError([(lost[0], f"{lost[0]} is for ical, which is not given", "leave it out, or add ical")])
        if self.ical is not None and self.ages[1] <= self.ages[0]:
            message = "a reading must not be stale before the next one is due"
            raise LocatedError([("stale", message, "write a stale longer than refresh")])
        return self

    @property
    def origin(self) -> Literal["url", "file"]:
        """Where ``ical`` is."""
        return "url" if self.ical is not None and urlsplit(self.ical.get_secret_value()).netloc else "file"

    @property
    def ages(self) -> tuple[timedelta, timedelta]:
        """How old a reading gets before it is taken anew, and before it is stale."""
        refresh = self.refresh if self.refresh is not None else REFRESH[self.origin]
        stale = self.stale if self.stale is not None else max(STALE[self.origin], 3 * refresh)
        return refresh, stale


def shown(ical: str) -> str:
    """A file as it is written; of a URL only scheme and host, because its path may be a secret."""
    parts = urlsplit(ical)
    if not parts.netloc:
        return ical
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/..."


def misnamed(
    blackouts: Sequence[Quiet], calendars: Mapping[str, Sequence[Quiet]], monkeys: Collection[str]
) -> Iterator[tuple[str, str, str]]:
    """Each name of a calendar or monkey that is none, as (path, message, suggestion)."""
    for number, quiet in enumerate(blackouts):
        where = f"safety.blackouts[{number}]"
        if quiet.calendar and quiet.calendar not in calendars:
            yield f"{where}.calendar", f"there is no calendar {quiet.calendar!r}", _near(quiet.calendar, calendars)
        for name in set(quiet.monkeys) - set(monkeys):
            yield f"{where}.monkeys", f"there is no monkey {name!r}", _near(name, monkeys)
    for name, windows in calendars.items():
        yield from _misused(name, windows)


def _misused(name: str, windows: Sequence[Quiet]) -> Iterator[tuple[str, str, str]]:
    where = f"calendars.{name}"
    if not _NAME.fullmatch(name):
        hint = "write small letters, digits and hyphens, 40 at most: labels name it"
        yield where, f"{name!r} is no name for a calendar", hint
    if not windows:
        yield where, "an empty calendar would cover nothing", "give it a window, or leave it out"
    for number, quiet in enumerate(windows):
        for word in ("calendar", "monkeys"):
            if getattr(quiet, word):
                hint = f"say it in safety.blackouts, beside calendar: {name}"
                yield f"{where}[{number}].{word}", f"a calendar's window has no {word}", hint


def _near(name: str, there: Collection[str]) -> str:
    near = get_close_matches(name, there, n=1)
    return f"did you mean {near[0]}?" if near else f"there are: {', '.join(there) or 'none'}"


def _vet(ical: str) -> None:
    scheme, _, rest = ical.partition("://")
    if not rest and scheme == ical:
        if not ical.strip():
            raise ValueError("write the file or URL of a calendar")
        return
    if scheme in ("webcal", "webcals"):
        raise ValueError(f"{scheme}:// is for people's calendar programs: write https:// instead")
    if scheme not in ("http", "https", "file"):
        raise ValueError(f"{scheme}:// cannot be read: write a file, or a URL with https, http or file")
    if any(sign.isspace() or not sign.isprintable() for sign in rest):
        raise ValueError("a URL has no spaces: write %20")
    if (scheme == "file") == bool(urlsplit(ical).netloc):
        fix = "write file:///PATH" if scheme == "file" else "write https://HOST/PATH"
        raise ValueError(f"this URL does not say where the calendar is: {fix}")
