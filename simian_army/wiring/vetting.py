"""What the plug-ins say of a config while it is read: is there such a one, and can it be made of what is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simian_army.model import Needs
from simian_army.plugins import found, suggest
from simian_army.standing import bears, struck

if TYPE_CHECKING:
    from config.schema import Settings

Wrong = tuple[str, str, str]
"""A key below ``with``, what is wrong there, and what to write instead."""


def vet(kind: str, name: str, arguments: Mapping[str, Any], on: str = "") -> list[Wrong]:
    """What is wrong with one use of a plug-in (of a monkey: on that platform); empty when it can be used."""
    plugin = found(kind).get(name)
    if plugin is None:
        return [_missing("", kind, name)]
    if kind == "fault":
        return []  # config names it only; what it is given, its monkey says
    if kind in ("guard", "notifier") and plugin.make is None:
        return []  # it denies everything, or is loud: a config that does not load could not revert
    wrong = plugin.wrong(arguments)
    if wrong or kind != "monkey" or plugin.make is None:
        return wrong
    wanted = plugin.make(**arguments).needs.faults
    unknown = [_missing(_key(arguments, fault), "fault", fault) for fault in wanted if fault not in found("fault")]
    return unknown or [misfit for fault in wanted if (misfit := _elsewhere(_key(arguments, fault), fault, on))]


def proposed(settings: Settings, platform: str) -> tuple[object, ...]:
    """The fault kinds that config's monkeys may propose on a platform, those that can be loaded, each once."""
    kinds: dict[object, None] = {}
    for said in settings.monkeys:
        make = found("monkey")[said.use].make if said.use in found("monkey") else None
        needs = make(**said.with_).needs if make and said.on == platform else Needs()
        kinds |= {found("fault")[fault].make: None for fault in needs.faults if fault in found("fault")}
    return tuple(kind for kind in kinds if kind is not None)


def bearers(settings: Settings, platform: str) -> tuple[str, ...]:
    """The kinds of target that the faults of config's monkeys hold on a platform, and so may bear their marks."""
    held = [kind for kind in proposed(settings, platform) if getattr(kind, "reversible", False)]
    return tuple(sorted({name for kind in held for name in (*struck(kind), *bears(kind))}))


def _key(arguments: Mapping[str, Any], fault: str) -> str:
    """Where below ``with`` a fault is named."""
    several = arguments.get("faults")
    listed = several if isinstance(several, list | tuple) else ()
    named = [n for n, one in enumerate(listed) if isinstance(one, Mapping) and one.get("fault") == fault]
    return f"faults[{named[0]}].fault" if named else "fault"


def _elsewhere(key: str, fault: str, on: str) -> Wrong | None:
    there = found("fault")
    platform = getattr(there[fault].make, "platform", on)
    if not on or platform == on:
        return None
    fit = [name for name, plugin in there.items() if getattr(plugin.make, "platform", "") == on]
    return key, f"{fault} strikes {platform}, this monkey is on {on}", f"there are: {', '.join(fit) or 'none'}"


def _missing(key: str, kind: str, name: str) -> Wrong:
    there = found(kind)
    return key, f"there is no {kind} {name!r}", suggest(name, there) or f"there are: {', '.join(there)}"
