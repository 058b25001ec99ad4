"""Which stretches of time are quiet, and how several join when some of them cannot be told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from simian_army.errors import CalendarError

FAR = timedelta(days=400)  # how far ahead an end is looked for


class Spans(Protocol):
    """Stretches of time, wherever they come from.

    Raises (every method): CalendarError: nobody can say.
    """

    def covers(self, moment: datetime, zone: ZoneInfo) -> bool:
        """Whether ``moment`` (aware) lies in one; local times are those of ``zone`` unless it has its own."""
        ...

    def ends(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        """``moment`` if it is free, else the first whole minute after it that is; None beyond 400 days."""
        ...

    def called(self, moment: datetime, zone: ZoneInfo) -> str:
        """It as people know it, with the name of what covers ``moment``."""
        ...


@dataclass(frozen=True, slots=True)
class Named:
    """A calendar of the config: quiet when one of its windows is."""

    name: str
    windows: tuple[Spans, ...]

    def covers(self, moment: datetime, zone: ZoneInfo) -> bool:
        """Whether a window covers it, whatever of the others cannot be told."""
        return some([partial(one.covers, moment, zone) for one in self.windows])

    def ends(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        """When none of its windows covers any more: the end of one may lie in another."""
        return free(self.windows, moment, zone)

    def called(self, moment: datetime, zone: ZoneInfo) -> str:
        """Its name, and the windows that cover ``moment``."""
        now = ", ".join(one.called(moment, zone) for one in covering(self.windows, moment, zone))
        return f"{self} ({now})" if now else str(self)

    def __str__(self) -> str:
        """``calendar freeze``."""
        return f"calendar {self.name}"


Kind = TypeVar("Kind", bound=Spans)


def covering(windows: Iterable[Kind], moment: datetime, zone: ZoneInfo) -> tuple[Kind, ...]:
    """Those that cover ``moment`` for sure."""

    def surely(one: Kind) -> bool:
        try:
            return one.covers(moment, zone)
        except CalendarError:
            return False

    return tuple(one for one in windows if surely(one))


def free(windows: Sequence[Spans], moment: datetime, zone: ZoneInfo) -> datetime | None:
    """The first moment from ``moment`` on that none covers; None beyond 400 days.

    Raises:
        CalendarError: nobody can say.
    """
    probe, limit = moment, moment + FAR
    while now := [one for one in windows if one.covers(probe, zone)]:
        ends = [one.ends(probe, zone) for one in now]
        later = [end for end in ends if end is not None]
        if len(later) < len(ends) or max(later) > limit:
            return None
        probe = max(later)
    return probe


def every(tests: Iterable[Callable[[], bool]]) -> bool:
    """Whether all hold: one that does not decides, even if another cannot be told.

    Raises:
        CalendarError: none fails, and one cannot be told.
    """
    return not _one_is(tests, answer=False)


def some(tests: Iterable[Callable[[], bool]]) -> bool:
    """Whether one holds, even if another cannot be told.

    Raises:
        CalendarError: none holds, and one cannot be told.
    """
    return _one_is(tests, answer=True)


def _one_is(tests: Iterable[Callable[[], bool]], *, answer: bool) -> bool:
    doubt: CalendarError | None = None
    for test in tests:
        try:
            if test() is answer:
                return True
        except CalendarError as error:
            doubt = doubt or error
    if doubt:
        raise doubt
    return False
