"""When it is quiet: the oracle of the blackouts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import holidays

from tests.oracle.words import PREFIX, Case, Event, World, harmed, labels_of

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = timedelta(days=1)


class DoubtError(Exception):
    """Nobody can tell."""


def blackout(case: Case) -> bool:
    """None of the fleet's windows for this monkey, nor of the calendars that anybody harmed names, covers now."""
    try:
        return not (_fleet(case) or any(_named(case, name) for name in _calendars(case)))
    except DoubtError:
        return False


def _fleet(case: Case) -> bool:
    mine = [
        one
        for one in case.world.safety.get("blackouts", ())
        if case.scene.entry in one.get("monkeys", [case.scene.entry])
    ]
    return any(covers(case.world, one, case.scene.now, case.world.zone) for one in mine)


def _calendars(case: Case) -> list[str]:
    everybody = [case.target, *harmed(case.scene.reach)]
    said = [labels for one in everybody for labels in labels_of(one) if labels]
    return [labels[f"{PREFIX}calendar"] for labels in said if f"{PREFIX}calendar" in labels]


def _named(case: Case, name: str) -> bool:
    if name not in case.world.said.get("calendars", {}):
        raise DoubtError
    return any(covers(case.world, one, case.scene.now, case.world.zone) for one in case.world.said["calendars"][name])


def covers(world: World, window: Mapping[str, Any], now: datetime, zone: ZoneInfo) -> bool:
    """All that is given must hold. Over midnight, the days are those on which the window started."""
    zone = ZoneInfo(window["zone"]) if "zone" in window else zone
    local = now.astimezone(zone)
    day, at = local.date(), local.time()
    if "daily" in window:
        start, end = _daily(window["daily"])
        if start < end:
            if not start <= at < end:
                return False
        elif at < end:
            day -= DAY
        elif at < start:
            return False
    words = [
        lambda: _days(window, day),
        lambda: "ical" not in window or _quiet(world, window["ical"], now, zone),
        lambda: (
            "calendar" not in window
            or any(covers(world, one, now, zone) for one in world.said["calendars"][window["calendar"]])
        ),
        lambda: "holidays" not in window or is_feast(window["holidays"], day),
    ]
    return _all(words)


def _all(words: Sequence[Callable[[], bool]]) -> bool:
    """One that certainly does not hold settles it, whatever nobody knows of another."""
    doubt = None
    for word in words:
        try:
            if not word():
                return False
        except DoubtError as error:
            doubt = error
    if doubt:
        raise doubt
    return True


def _days(window: Mapping[str, Any], day: date) -> bool:
    if "weekdays" in window and WEEKDAYS[day.weekday()] not in window["weekdays"]:
        return False
    if "dates" in window and not _dates(window["dates"], day):
        return False
    return "days" not in window or any(_yearly(one, day) for one in _listed(window["days"]))


def is_feast(said: Any, day: date) -> bool:
    """Whether that day is a holiday there.

    Raises:
        DoubtError: the library knows none in that year.
    """
    known = feast(said, day)
    if known is None:
        raise DoubtError
    return known


def _listed(said: Any) -> list[str]:
    return said if isinstance(said, list) else [said]


@lru_cache
def _daily(text: str) -> tuple[time, time]:
    start, end = (time.fromisoformat(one) for one in text.split("-"))
    return start, end


def _dates(text: str, day: date) -> bool:
    first, _, last = text.partition("..")
    return date.fromisoformat(first) <= day <= date.fromisoformat(last or first)


def _yearly(text: str, day: date) -> bool:
    first, _, last = text.partition("..")
    last, this = last or first, f"{day:%m-%d}"
    return first <= this <= last if first <= last else this >= first or this <= last


def feast(said: Any, day: date) -> bool | None:
    """Whether that day is a holiday there; None when the library knows none in that year."""
    words = {"country": said} if isinstance(said, str) else said
    known = _feasts(words["country"], words.get("subdivision"), tuple(words.get("categories", ())), day.year)
    return day in known if known else None


@lru_cache
def _feasts(country: str, part: str | None, categories: tuple[str, ...], year: int) -> frozenset[date]:
    more: dict[str, Any] = {"categories": categories} if categories else {}
    return frozenset(holidays.country_holidays(country, subdiv=part, years=year, **more))


def _quiet(world: World, name: str, now: datetime, zone: ZoneInfo) -> bool:
    if name not in world.files:
        raise DoubtError
    return any(_on(event, now, zone) for event in world.files[name] if not event.cancelled)


def _on(event: Event, now: datetime, zone: ZoneInfo) -> bool:
    moment = datetime.combine(now.astimezone(zone).date(), time(0), event.start.tzinfo) if event.days else now
    starts = (event.start + timedelta(weeks=week) for week in range(event.weeks))
    return any(start <= moment < start + event.length for start in starts)
