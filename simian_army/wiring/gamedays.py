"""Game days, wired: what their steps may name, and what strikes for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from simian_army.contract import Entry, FaultKind, Platform
from simian_army.errors import UsageError
from simian_army.gameday.steps import BY_HAND, Plan, Step, step_of
from simian_army.model import Fault, Json, Selector, Target
from simian_army.plugins import found, pick
from simian_army.whom import named

if TYPE_CHECKING:
    from config.gameday import Known
    from config.load import Loaded
    from simian_army.wiring.house import House

HOLD = timedelta(minutes=5)  # of a fault whose step says nothing else, as of a monkey whose config says nothing


def known(loaded: Loaded) -> Known:
    """What the steps of a game day of this fleet may name."""
    from config.gameday import Known

    given = loaded.settings.platforms.given
    faults = {
        name: frozenset(getattr(plugin.make, "params", {}))
        for name, plugin in found("fault").items()
        if plugin.make and getattr(plugin.make, "platform", "") in given
    }
    return Known({monkey.name: monkey.hold for monkey in loaded.settings.monkeys}, faults)


def entry_for(house: House, step: Step) -> Entry:
    """What strikes for a step: the monkey it names, holding no longer than config says, or one made for its fault.

    Raises:
        UsageError: config has no such monkey or fault, or a longer hold is asked.
    """
    if step.fault:
        return _made(house.kinds, house.platforms, step)
    entry = house.entries.get(step.monkey)
    if entry is None:
        raise UsageError(f"the config has no monkey {step.monkey!r}")
    if step.hold is None:
        return entry
    if step.hold > entry.hold:
        raise UsageError(f"monkey {entry.name} holds for {entry.hold}: a step may only shorten that")
    return replace(entry, hold=step.hold)


def must_find(house: House, plan: Plan) -> None:
    """Each target that the steps of a game day name must be there before the first begins.

    Raises:
        ConfigError: some are not, or are several; with the line of each and the nearest names.
        PlatformError: a platform cannot be asked.
    """
    from config.gameday import nobody

    troops: dict[tuple[str, tuple[Selector, ...]], Sequence[Target]] = {}
    whys: dict[int, str] = {}
    for number, step in enumerate(plan.steps):
        if not step.target:
            continue
        entry = entry_for(house, step)
        key = entry.name, tuple(entry.selectors)
        if key not in troops:
            troops[key] = entry.find()
        try:
            named(step.target, troops[key])
        except UsageError as error:
            whys[number] = str(error)
    if whys:
        raise nobody(Path(plan.file), whys)


def stepped(house: House, said: Json) -> Entry:
    """The same for a step as a request writes it down.

    Raises:
        UsageError: as above, or it is not of that form.
    """
    try:
        step = step_of(said)
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"the step that was asked for cannot be read: {error!r}") from error
    return entry_for(house, step)


def struck_by_hand(
    kinds: Mapping[str, FaultKind], platforms: Mapping[str, Platform], name: str, fault: Fault
) -> Entry | None:
    """The entry of that name which struck a held fault, if it was made for a step; None if it was not."""
    use = "chaos" if name == BY_HAND else name.removeprefix(f"{BY_HAND}-")
    if name not in (BY_HAND, f"{BY_HAND}-{use}") or fault.kind not in kinds:
        return None
    return _made(kinds, platforms, Step("", fault=fault.kind, use=use))


def _made(kinds: Mapping[str, FaultKind], platforms: Mapping[str, Platform], step: Step) -> Entry:
    kind = kinds.get(step.fault)
    make = pick("monkey", "chaos").make
    if kind is None or make is None:
        raise UsageError(f"the fault {step.fault!r} cannot be used: its plug-in or platform is not there")
    monkey = make(fault=kind.name, params=dict(step.params))
    selectors = (Selector(kind.strikes),)
    return Entry(step.entry, step.use, monkey, platforms[kind.platform], selectors, step.hold or HOLD, leashed=False)
