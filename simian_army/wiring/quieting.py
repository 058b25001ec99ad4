"""Quiet, wired: the windows and calendars of config, with the feeds they read, as the guard blackout."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from simian_army.calendars.spans import Named, Spans
from simian_army.errors import CalendarError
from simian_army.model import Evidence

if TYPE_CHECKING:
    from config.load import Loaded
    from config.quiet import Quiet
    from safety.blackout import Blackout
    from simian_army.calendars.feed import Feed
    from simian_army.clock import Clock
    from simian_army.windows import Blackout as Window
    from simian_army.wiring.house import House


def blackout(loaded: Loaded, clock: Clock) -> Blackout:
    """The guard, with every window and calendar of config; nothing is fetched before it is asked."""
    from safety.blackout import Blackout
    from simian_army.wiring.books import beside

    settings, file = loaded.settings, beside(loaded)
    made = _Maker(loaded.file.parent, file.with_name(f"{file.name}.calendars"), clock)
    for name, said in settings.calendars.items():
        made.calendars[name] = Named(name, tuple(made.window(quiet) for quiet in said))
    windows = tuple(made.window(quiet) for quiet in settings.safety.blackouts)
    return Blackout(windows, ZoneInfo(settings.timezone), made.calendars)


def calendars_read(house: House) -> Iterator[Evidence]:
    """Whether each calendar that others keep can be read, and what it says of now."""
    from safety.blackout import Blackout
    from simian_army.calendars.feed import Feed

    guard = next((one for one in house.engine.judge.guards if isinstance(one, Blackout)), None)
    if guard is None:
        return
    named = [window for calendar in guard.calendars.values() for window in calendar.windows]
    spans = [one for window in (*guard.windows, *named) for one in getattr(window, "spans", ())]
    now = house.books.clock.now()
    for feed in dict.fromkeys(one for one in spans if isinstance(one, Feed)):
        try:
            quiet = feed.covers(now, guard.zone)
        except CalendarError as error:
            yield Evidence(holds=False, detail=f"blackout: {error}")
        else:
            state = f"{feed.called(now, guard.zone)} is quiet now" if quiet else f"{feed} is read, and not quiet now"
            yield Evidence(holds=True, detail=f"blackout: {state}")


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes windows; ``folder`` is the config's, ``copies`` where readings are kept. One feed serves all its users."""

    folder: Path
    copies: Path
    clock: Clock
    calendars: dict[str, Named] = field(default_factory=dict)
    feeds: dict[tuple[object, ...], Feed] = field(default_factory=dict)

    def window(self, quiet: Quiet) -> Window:
        from simian_army.windows import Blackout as Window

        spans: list[Spans] = [self._feed(quiet)] if quiet.ical else []
        if quiet.calendar:
            spans.append(self.calendars[quiet.calendar])
        return Window(
            weekdays=quiet.weekdays,
            daily=quiet.daily,
            dates=quiet.dates,
            days=tuple(days for days in (quiet.days, quiet.holidays and quiet.holidays.feasts) if days),
            spans=tuple(spans),
            zone=ZoneInfo(quiet.zone) if quiet.zone else None,
            monkeys=frozenset(quiet.monkeys),
        )

    def _feed(self, quiet: Quiet) -> Feed:
        from config.quiet import shown
        from simian_army.calendars.copies import Copy
        from simian_army.calendars.feed import PATIENCE, Feed
        from simian_army.calendars.fetching import fetcher

        ical = quiet.ical.get_secret_value() if quiet.ical else ""
        refresh, stale = quiet.ages
        key = (ical, refresh, stale)
        if key not in self.feeds:
            copy = Copy.of(ical, self.copies) if quiet.origin == "url" else None
            fetch = fetcher(ical, self.folder, PATIENCE)
            self.feeds[key] = Feed(shown(ical), fetch, self.clock, refresh, stale, copy)
        return self.feeds[key]
