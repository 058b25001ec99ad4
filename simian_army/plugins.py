"""Which plug-ins are there: name to class, by entry point, the built-in ones too."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from simian_army.errors import PluginError
from simian_army.strangers import Apart

KINDS = {
    "monkey": "simian_army.monkeys",
    "fault": "simian_army.faults",
    "guard": "simian_army.guards",
    "notifier": "simian_army.notifiers",
}
"""What a plug-in can be, and the entry point group that offers it."""

OURS = "simian-army"
IMPORT = 15.0  # seconds for the import of a third party's plug-in: large libraries on a cold disk need some

UNSAID = "it does not say: count on the next start of an agent, or `simian revert --all`"
MOMENTARY = "momentary: nothing to end"
"""How a fault ends alone whose kind does not say: the first when it is reversible, else the second."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """One offered plug-in. ``error`` says why it cannot be used; ``make`` is then None."""

    kind: str
    name: str
    origin: str
    make: Callable[..., Any] | None = field(default=None, repr=False)
    error: str = ""

    def parameters(self) -> Mapping[str, str]:
        """Each parameter: of a fault its meaning, of others how it is declared (type and default)."""
        if self.make is None:
            return {}
        if self.kind == "fault":
            return dict(getattr(self.make, "params", {}))
        return {name: _declared(parameter) for name, parameter in self._signature()}

    def undoing(self) -> Mapping[str, Any]:
        """Of a fault how it is undone, what it needs, and how it ends ``alone``; of others nothing."""
        if self.kind != "fault" or self.make is None:
            return {}
        reversible = bool(getattr(self.make, "reversible", False))
        return {
            "reversible": reversible,
            "restores": list(getattr(self.make, "restores", ())),
            "undo": dict(getattr(self.make, "undo", {})),
            "alone": getattr(self.make, "alone", UNSAID if reversible else MOMENTARY),
            "permissions": [list(one) for one in getattr(self.make, "permissions", ())],
        }

    def wrong(self, arguments: Mapping[str, Any]) -> list[tuple[str, str, str]]:
        """What is wrong with ``with:`` as (key, message, suggestion); empty when the plug-in can be made of it."""
        if self.make is None:
            return [("", f"the {self.kind} {self.name} cannot be loaded: {self.error}", "")]
        known = dict(self._signature())
        unknown = [
            (key, f"unknown parameter of {self.name}", suggest(key, known)) for key in arguments if key not in known
        ]
        missing = [
            (name, f"{self.name} needs the parameter {name}", "")
            for name, parameter in known.items()
            if parameter.default is parameter.empty and name not in arguments
        ]
        return unknown or missing or self._refused(arguments)

    def _refused(self, arguments: Mapping[str, Any]) -> list[tuple[str, str, str]]:
        if self.make is None or self.kind == "guard":
            return []  # a guard that cannot be made denies: a config that does not load could not revert
        try:
            self.make(**arguments)
        except (ValueError, TypeError) as error:
            return [("", str(error), "")]
        return []

    def _signature(self) -> list[tuple[str, inspect.Parameter]]:
        assert self.make is not None  # noqa: S101 - asked by callers above
        kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        return [
            (n, p) for n, p in inspect.signature(self.make, eval_str=True).parameters.items() if p.kind not in kinds
        ]


@cache
def found(kind: str) -> Mapping[str, Plugin]:
    """Every plug-in of a kind by name. One that cannot be imported is there too, with its error.

    Two owners of one name leave none usable: nobody could say which of them runs.
    """
    offered: dict[str, Plugin] = {}
    for point in sorted(entry_points(group=KINDS[kind]), key=lambda p: (p.name, p.value)):
        plugin = _load(kind, point)
        other = offered.get(plugin.name)
        if other and other.origin != plugin.origin:
            error = f"two packages offer it: {other.origin} and {plugin.origin}; uninstall one"
            plugin = Plugin(kind, plugin.name, f"{other.origin}, {plugin.origin}", error=error)
        offered[plugin.name] = plugin
    return offered


def pick(kind: str, name: str) -> Plugin:
    """The usable plug-in of that name.

    Raises:
        PluginError: there is none, with the nearest name; or it cannot be loaded, with the reason.
    """
    plugin = found(kind).get(name)
    if plugin is None:
        offered = ", ".join(found(kind)) or "none"
        raise PluginError(f"there is no {kind} named {name}{_also(suggest(name, found(kind)))} (there are: {offered})")
    if plugin.make is None:
        raise PluginError(f"the {kind} {name} of {plugin.origin} cannot be loaded: {plugin.error}")
    return plugin


def suggest(word: str, known: Mapping[str, Any]) -> str:
    """``did you mean minutes?``, or nothing."""
    near = get_close_matches(word, list(known), n=1)
    return f"did you mean {near[0]}?" if near else ""


def _also(suggestion: str) -> str:
    return f", {suggestion}" if suggestion else ""


def _declared(parameter: inspect.Parameter) -> str:
    words = str(parameter).partition(":")[2].strip() or str(parameter)
    return words.replace("collections.abc.", "").replace("typing.", "")


def _load(kind: str, point: EntryPoint) -> Plugin:
    origin = f"{point.dist.name} {point.dist.version}" if point.dist else point.value
    try:
        ours = point.dist is not None and point.dist.name == OURS
        make = point.load() if ours else Apart(IMPORT).do(point.load)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - the plug-in border: loud and disabled, never silent; sys.exit() too
        return Plugin(kind, point.name, origin, error=f"{type(error).__name__}: {error}")
    if not callable(make):
        return Plugin(kind, point.name, origin, error=f"{point.value} is not a class")
    return Plugin(kind, point.name, origin, make)
