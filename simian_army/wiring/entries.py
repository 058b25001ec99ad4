"""Who and when: what config's ``monkeys`` say, as entries of the flow and schedules of the calendar."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from scheduler.calendar import Every, Mtbf, Schedule, Times
from simian_army.contract import Entry, FaultKind, Platform
from simian_army.errors import PluginError
from simian_army.model import Selector
from simian_army.pace import Pace
from simian_army.plugins import pick
from simian_army.standing import struck

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
    struck_by = [struck(_kind(fault, kinds)) for fault in needs.faults]
    wanted = [kind for each in struck_by for kind in each] if needs.faults else needs.kinds
    select = said.select
    selectors = tuple(
        Selector(kind, select.scopes, select.labels, names=select.names, facts=needs.facts, stands=select.stands)
        for kind in dict.fromkeys(wanted)
    )
    approval = said.approval.expires if said.approval else None
    return Entry(
        name=said.name,
        use=said.use,
        monkey=monkey,
        platform=platforms[said.on],
        selectors=selectors,
        hold=said.hold,
        leashed=said.leashed,
        approval=approval,
        pace=pace(said),
    )


def pace(said: MonkeyEntry) -> Pace | None:
    """How often it strikes in each group, if config says so."""
    if said.each_group is None:
        return None
    mean, least = said.each_group.mean, said.each_group.least
    return Pace(mean.count, least.count, working=mean.working, steady=True)


def _kind(fault: str, kinds: Mapping[str, FaultKind]) -> FaultKind:
    if fault not in kinds:
        error = pick("fault", fault).error or "its platform is not in config"
        raise PluginError(f"the fault {fault} cannot be used: {error}")
    return kinds[fault]


def schedule(said: Said) -> Schedule:
    """When it fires."""
    if said.cron is not None:
        return Times(said.cron, said.between, said.jitter)
    if said.mtbf is not None and said.between is not None:
        return Mtbf(said.mtbf, said.between, said.jitter)
    assert said.every is not None  # noqa: S101 - the schema asks for exactly one
    return Every(said.every, said.between, said.jitter)
