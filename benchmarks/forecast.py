"""What it costs to plan a month of faults for 10,000 groups, beside asking the platform for each fire."""

from __future__ import annotations

import sys
from pathlib import Path

# The file select.py beside this one must not shadow the standard library's module of that name.
sys.path.remove(str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import os
import tempfile
from datetime import timedelta

from safety.limits import Limits
from scheduler.calendar import Every, upcoming
from simian_army.clock import SystemClock
from simian_army.expecting import Expecting
from simian_army.explain import forecast
from simian_army.foresight import Days, Foresight
from simian_army.rates import Rate
from simian_army.wiring.foreseeing import WAYS
from tests.simian_army.crowd import BERLIN, Crowd, Rules, Yard, entry, member, yard
from tests.simian_army.fakes import NOW

GROUPS = int(os.environ.get("GROUPS", "10000"))
MEMBERS = int(os.environ.get("MEMBERS", "2"))
DAYS = 30
LIMIT = 2.0
ROUNDS = 5
CLOCK = SystemClock()
SCHEDULE = Every(timedelta(hours=2))
MONTH = Days(lambda name, after: upcoming(SCHEDULE, after, BERLIN, name), NOW, NOW + timedelta(days=DAYS))


def planned(made: Yard) -> tuple[float, int, int]:
    """Seconds, fires and faults of a whole plan, the listing and the frequencies of every group among it."""
    start = CLOCK.monotonic()
    expecting = Expecting()
    fires = list(Foresight.of(made.engine, made.entries, WAYS, NOW).fires(MONTH))
    for told in fires:
        expecting.add(told)
    groups = expecting.over(timedelta(days=DAYS))
    seconds = CLOCK.monotonic() - start
    assert len(groups) == GROUPS
    return seconds, len(fires), sum(one.planned for one in groups.values())


def one_by_one(made: Yard) -> float:
    """Seconds for a single fire that is taken through the flow by itself, as often as there are fires."""
    (one,) = made.entries.values()
    start = CLOCK.monotonic()
    forecast(made.engine, one, NOW + timedelta(hours=2), one.find())
    return CLOCK.monotonic() - start


def main() -> int:
    """Plan, and print the time."""
    crowd = Crowd([member(group, number) for group in range(GROUPS) for number in range(MEMBERS)])
    rules = Rules(Limits(concurrent=3, per_day=Rate(20, timedelta(days=1)), per_group=1, cooldown=timedelta(hours=1)))
    with (
        tempfile.TemporaryDirectory() as folder,
        yard(Path(folder), crowd, [entry(crowd, "pods", "poke")], rules) as made,
    ):
        rounds = [planned(made) for _ in range(ROUNDS)]
        alone = min(one_by_one(made) for _ in range(ROUNDS))
    seconds, fires, faults = min(rounds)
    kept = seconds <= LIMIT
    print(f"{GROUPS} groups of {MEMBERS}, {DAYS} days, {fires} fires, {faults} faults; best of {ROUNDS} rounds")
    print(f"  the whole plan         {seconds:7.2f} s   {seconds / fires * 1000:.2f} ms a fire")
    print(f"  each fire by itself    {alone * fires:7.2f} s   {alone * fires / seconds:.0f} times as long")
    print(f"  limit {LIMIT} s: {'kept' if kept else 'BROKEN'}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
