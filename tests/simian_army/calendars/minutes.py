"""An oracle that knows no arithmetic of zones: it lets the clock of a zone run and looks at it every minute."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
NIGHTS = [
    (zone, night)
    for zone in (
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",  # half an hour
        "America/Santiago",  # at midnight
        "Asia/Beirut",  # at midnight, too
        "America/Havana",  # midnight comes twice
    )
    for night in (0, 1)
]


def changes(zone: ZoneInfo, year: int) -> list[datetime]:
    """The moments of a year at which the clock does not show what follows, to the minute."""
    found, moment = [], datetime(year, 1, 1, tzinfo=UTC)
    while moment.year == year:
        if moment.astimezone(zone).utcoffset() != (moment + DAY).astimezone(zone).utcoffset():
            found.append(
                next(at for at in walk(moment, moment + DAY) if shown(at, zone) != shown(at - MINUTE, zone) + MINUTE)
            )
        moment += DAY
    return found


def night(zone: ZoneInfo, number: int) -> tuple[datetime, datetime]:
    """From noon before to noon after one of the two nights of 2026, a day longer at each end."""
    change = changes(zone, 2026)[number]
    return change - 1.5 * DAY, change + 1.5 * DAY


def walk(start: datetime, end: datetime) -> Iterator[datetime]:
    """Every minute, in real time."""
    while start < end:
        yield start
        start += MINUTE


def shown(moment: datetime, zone: ZoneInfo) -> datetime:
    """What the clock on the wall shows."""
    return moment.astimezone(zone).replace(tzinfo=None)


def quiet_minutes(
    start: datetime, end: datetime, day_is_quiet: Callable[[date], bool], hours: tuple[time, time] | None = None
) -> set[datetime]:
    """Every minute that a clock may show while it is quiet: of each quiet day, from the hour it starts until it ends."""
    found = set[datetime]()
    day = start.date() - 3 * DAY
    while day < end.date() + 3 * DAY:
        if day_is_quiet(day):
            first, last = hours or (time(0), time(0))
            ends = datetime.combine(day if last > first else day + DAY, last)
            moment = datetime.combine(day, first)
            while moment < ends:
                found.add(moment)
                moment += MINUTE
        day += DAY
    return found
