"""How much: what config's budgets say, as the guard and the flow take it."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from safety.budget import Budget
from safety.limits import Limits
from simian_army.due import Dues, OptIns
from simian_army.rates import Week

if TYPE_CHECKING:
    from config.limits import Own
    from config.schema import MonkeyEntry, Settings
    from simian_army.contract import Ledger


def budget(settings: Settings) -> Budget:
    """The guard: the fleet's budget, and that of each monkey which has one."""
    own = {said.name: _own(said) for said in settings.monkeys}
    nothing = Limits()
    monkeys = {name: said for name, said in own.items() if said != nothing}
    return Budget(limits(settings.safety.budget), week(settings), monkeys)


def week(settings: Settings) -> Week:
    """Which days are worked."""
    zone, holidays = ZoneInfo(settings.timezone), settings.safety.budget.holidays
    return Week(zone, holidays.feasts.has) if holidays else Week(zone)


def _own(said: MonkeyEntry) -> Limits:
    own = limits(said.budget)
    return replace(own, cooldown=said.each_group.least) if said.each_group else own


def limits(said: Own) -> Limits:
    """One budget's words."""
    return Limits(**{field.name: getattr(said, field.name) for field in fields(Limits)})


def dues(settings: Settings, ledger: Ledger) -> Dues:
    """After how long a quiet time a fault is due."""
    own = {said.name: said.budget.due_after for said in settings.monkeys}
    spells = {name: spell for name, spell in own.items() if spell is not None}
    return Dues(ledger, OptIns(ledger), settings.safety.budget.due_after, spells)


def placed(settings: Settings) -> bool:
    """Whether some budget, segment or select asks in which zone or region a target stands, or on which node."""
    budgets = (settings.safety.budget, *(said.budget for said in settings.monkeys))
    limited = any(one.per_zone is not None or one.per_region is not None for one in budgets)
    selected = any(said.select.stands for said in settings.monkeys)
    return limited or selected or any(said.segment and said.segment.zones for said in settings.monkeys)
