"""What words in a config mean, by the documentation alone: times, patterns, places, who stands where."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from simian_army.model import Fault, Scene, Target

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
PREFIX = "simian-army/"


@dataclass(frozen=True)
class Event:
    """One event of an iCalendar file: whole local days where ``days``, else moments in UTC; repeated weekly."""

    start: datetime
    length: timedelta
    days: bool = False
    weeks: int = 1
    cancelled: bool = False


@dataclass(frozen=True)
class Weather:
    """What everybody outside answers who is looked at. ``fronts`` are the Services that the API server asks: namespace
    and selector, empty where there is no such Service, None where it does not say whom it leads to."""

    value: Any = 0.1
    series: int = 1
    warns: bool = False
    off: float = 0.0
    status: int = 200
    text: str = "all ok"
    alerts: tuple[tuple[str, str], ...] = (("Watchdog", "active"),)
    alarms: tuple[tuple[str, str], ...] = (("shop-cpu", "OK"), ("shop-disk", "OK"))
    node: Mapping[str, str] | None = field(default_factory=lambda: {"Ready": "True"})
    fronts: tuple[tuple[str, tuple[tuple[str, str], ...] | None], ...] = (("shop", (("app", "policy"),)),)
    away: frozenset[str] = frozenset()


@dataclass(frozen=True)
class World:
    """A config as it is written, who we are ourselves, and what stands in the calendar files."""

    said: Mapping[str, Any]
    own: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, tuple[Event, ...]] = field(default_factory=dict)

    @property
    def safety(self) -> Mapping[str, Any]:
        said: Mapping[str, Any] = self.said.get("safety", {})
        return said

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.said.get("timezone", "UTC"))

    def monkey(self, entry: str) -> Mapping[str, Any]:
        return next((one for one in self.said["monkeys"] if one["name"] == entry), {})


@dataclass(frozen=True)
class Case:
    """One scene in one world under one weather: all that an answer may depend on."""

    world: World
    scene: Scene
    weather: Weather = Weather()

    @property
    def target(self) -> Target:
        return self.scene.fault.target


@dataclass(frozen=True)
class Kind:
    """What the documentation says of a fault: whether it is undone, whether what it destroys is made anew, be it by what
    owns the target or by the target itself, and whom it stops."""

    undone: bool
    replaced: bool = False
    stops: str = "target"
    anew: bool = False


KINDS = {
    "pod-evict": Kind(undone=False, replaced=True),
    "pod-delete": Kind(undone=False, replaced=True),
    "node-cordon": Kind(undone=True, stops="nobody"),
    "node-drain": Kind(undone=True, stops="reach"),
    "node-taint": Kind(undone=True, stops="reach"),
    "rollout-restart": Kind(undone=False, replaced=True, stops="reach", anew=True),
    "instance-stop": Kind(undone=True),
    "instance-terminate": Kind(undone=False, replaced=True),
    "asg-suspend": Kind(undone=True, stops="nobody"),
    "proxy-latency": Kind(undone=True, stops="nobody"),
    "pod-poison": Kind(undone=False),  # third parties'
    "node-crash": Kind(undone=True, stops="every pod on the node"),
}


def stopped(fault: Fault) -> str:
    """Whom a fault stops; a taint by its effect."""
    if fault.kind == "node-taint" and fault.params.get("effect") != "NoExecute":
        return "nobody"
    return KINDS.get(fault.kind, Kind(undone=False, stops="nobody knows whom")).stops


@lru_cache(maxsize=4096)
def seconds(text: str) -> timedelta:
    """``90s``, ``2h``, ``1d``."""
    return timedelta(seconds=sum(int(n) * UNITS[u] for n, u in re.findall(r"(\d+)([smhd])", text)))


def fits(patterns: Iterable[str], name: str) -> bool:
    """``*`` as in a shell, a leading ``!`` excludes."""
    said = list(patterns)
    if any(fnmatchcase(name, one[1:]) for one in said if one.startswith("!")):
        return False
    return any(fnmatchcase(name, one) for one in said if not one.startswith("!"))


def labels_of(target: Target) -> Iterator[Mapping[str, str] | None]:
    """The labels of the target and of the places above it, nearest first; None where they could not be read."""
    yield target.labels
    for level in target.levels:
        yield level.labels


def harmed(reach: Sequence[Target] | None) -> list[Target]:
    """Whom a fault harms besides its target: not static and finished pods, nor those of DaemonSets that it leaves
    where they are."""
    return [one for one in reach or () if not _spared(one)]


def _spared(pod: Target) -> bool:
    if pod.kind != "pod":
        return False
    stays = "/DaemonSet/" in pod.group and not pod.facts.get("swept")
    return stays or bool(pod.facts.get("mirror")) or pod.facts.get("phase") in ("Succeeded", "Failed")


def place(target: Target, which: str) -> tuple[str, ...] | None:
    """The node, zone or region where it stands; empty when it has none, None when nobody knows."""
    found = target.facts.get("places", {}).get(which)
    return None if found is None else tuple(found)
