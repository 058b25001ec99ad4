"""How often each group: what config says of it, as the flow draws."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from scheduler.calendar import Schedule, of_day
from simian_army.errors import ConfigError
from simian_army.extras import ByGroup
from simian_army.pacing import Pacing
from simian_army.wiring.limiting import week

if TYPE_CHECKING:
    from config.load import Loaded
    from config.schema import Settings
    from simian_army.contract import Entry


def pacing(settings: Settings, plan: Mapping[str, Schedule], seed: str) -> Pacing:
    """Whose turn it is, by the schedules of ``plan``."""
    zone = ZoneInfo(settings.timezone)

    def fires(name: str, day: date) -> Iterator[datetime]:
        return of_day(plan[name], day, zone, f"{seed}/{name}")

    return Pacing(zone, week(settings), fires)


def must_keep_pace(loaded: Loaded, entries: Mapping[str, Entry], pacing: Pacing) -> None:
    """What config says of each group must be possible with the monkey's schedule.

    Raises:
        ConfigError: a mean cannot be kept, or the monkey's targets say themselves how often.
    """
    wrong = []
    for number, said in enumerate(loaded.settings.monkeys):
        entry = entries[said.name]
        if entry.pace is None:
            continue
        why, hint = pacing.wrong(said.name, entry.pace), "write a longer mean, or a schedule that fires more often"
        if isinstance(entry.monkey, ByGroup) and entry.monkey.pace(()) is not None:
            why, hint = "its targets say themselves how often (with.labels)", "write one of them"
        if why:
            wrong.append(loaded.mistake(f"monkeys[{number}].each_group", why, hint))
    if wrong:
        raise ConfigError(wrong)
