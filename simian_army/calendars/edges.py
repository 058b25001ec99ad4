"""When the clocks of a zone show something new: midnights, given times of day, and the clocks' own changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def next_edge(moment: datetime, zone: ZoneInfo, times: Sequence[time]) -> datetime:
    """The first moment after ``moment`` at which a local day begins, one of ``times`` comes, or the clocks change.

    Now and then it is one at which nothing of that happens, never one too late.
    """
    local = moment.astimezone(zone)
    # both passes of a time that comes twice; of one that is skipped, both are near and at most one too many
    found = [
        _at(local.date() + day, clock, zone, fold)
        for day in (timedelta(0), DAY)
        for clock in (time(0), *times)
        for fold in (0, 1)
    ]
    today = moment.astimezone(UTC).date()
    found += [at for at in (change(today, zone), change(today + DAY, zone)) if at]
    return min(edge for edge in found if edge > moment)


@lru_cache(maxsize=4096)
def change(day: date, zone: ZoneInfo) -> datetime | None:
    """The moment of that UTC day at which the clocks of ``zone`` change, to the second; None when they do not."""
    start = datetime.combine(day, time(0), UTC)
    before, after = 0, int(DAY.total_seconds())
    old, new = (_offset(start + timedelta(seconds=seconds), zone) for seconds in (before, after))
    if old == new:
        return None
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(start + timedelta(seconds=middle), zone) == old:
            before = middle
        else:
            after = middle
    return start + timedelta(seconds=after)


def whole(moment: datetime) -> datetime:
    """``moment``, or else the minute that begins after it."""
    rest = timedelta(seconds=moment.second, microseconds=moment.microsecond)
    return moment - rest + MINUTE if rest else moment


def _at(day: date, clock: time, zone: ZoneInfo, fold: int) -> datetime:
    return datetime.combine(day, clock.replace(fold=fold), zone).astimezone(UTC)


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta | None:
    return moment.astimezone(zone).utcoffset()
