"""Who and when: what config's ``monkeys`` say, as entries of the flow and schedules of the calendar."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from scheduler.calendar import Every, Mtbf, Schedule, Times
from simian_army.contract import Entry, FaultKind, Platform
from simian_army.model import Selector
from simian_army.plugins import pick

if TYPE_CHECKING:
    from config.schema import MonkeyEntry
    from config.schema import Schedule as Said


def entry(said: MonkeyEntry, kinds: Mapping[str, FaultKind], platforms: Mapping[str, Platform]) -> Entry:
    """One monkey at work.

    Raises:
        PluginError: it cannot be loaded.
    """
    make = pick("monkey", said.use).make
    assert make is not None  # noqa: S101 - pick raises otherwise
    monkey = make(**said.with_)
    needs = monkey.needs
    kind = kinds[needs.faults[0]].strikes if needs.faults else needs.kinds[0]
    selector = Selector(kind, said.select.namespaces, said.select.labels, facts=needs.facts)
    return Entry(said.name, said.use, monkey, platforms[said.on], selector, said.hold, said.leashed)


def schedule(said: Said) -> Schedule:
    """When it fires."""
    if said.cron is not None:
        return Times(said.cron, said.between, said.jitter)
    if said.mtbf is not None and said.between is not None:
        return Mtbf(said.mtbf, said.between, said.jitter)
    assert said.every is not None  # noqa: S101 - the schema asks for exactly one
    return Every(said.every, said.between, said.jitter)
