"""Whether: does the target belong to the segment that this monkey may strike."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import ClassVar

from simian_army.model import Scene, Target, Verdict
from simian_army.standing import places_of

NAME, ZONE = "segment", "zone"
BITS = 53  # as many as a float keeps, so that no group is at 100


@dataclass(frozen=True, slots=True)
class Segment:
    """One part of all targets, by exactly one of these; an empty one is not given.

    ``namespaces`` and ``zones`` are patterns (``*`` as in a shell, ``!`` excludes), ``version`` is ``label=pattern``.
    ``percent`` takes so much of all groups by a hash of fleet, ``salt`` and group, so that a group is in as a whole or
    not at all, and stays so; what has no group is taken by its id. A larger percentage keeps those of a smaller one.
    """

    namespaces: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    version: str = ""
    percent: int = 0
    salt: str = ""


@dataclass(frozen=True, slots=True)
class Segments:
    """Denies what is outside the segment of its monkey, as far as the target's metadata tell; ``monkeys`` by name."""

    name: ClassVar[str] = NAME
    early: ClassVar[bool] = True
    monkeys: Mapping[str, Segment] = field(default_factory=dict)

    def __call__(self, scene: Scene) -> Verdict:
        """The reason names the segment, and what of the target is compared with it."""
        segment = self.monkeys.get(scene.entry)
        if segment is None:
            return _nothing(NAME, scene.entry)
        target = scene.fault.target
        if segment.namespaces:
            return _place(target.scope, segment.namespaces)
        if segment.version:
            label, _, pattern = segment.version.partition("=")
            return _version(target.labels.get(label), label, pattern)
        if segment.percent:
            return _share(segment, scene.fleet, target.group or target.id)
        return _nothing(NAME, scene.entry)


@dataclass(frozen=True, slots=True)
class Zones:
    """The same for segments of zones: which one a target is in is known once it was read whole."""

    name: ClassVar[str] = ZONE
    early: ClassVar[bool] = False
    monkeys: Mapping[str, Segment] = field(default_factory=dict)

    def __call__(self, scene: Scene) -> Verdict:
        """What stands in several zones must be in the segment with all of them."""
        segment = self.monkeys.get(scene.entry)
        if segment is None or not segment.zones:
            return _nothing(ZONE, scene.entry)
        return _zone(scene.fault.target, segment.zones)


def share(fleet: str, salt: str, group: str) -> float:
    """Where a group stands among all, evenly from 0 to below 100, always at the same place."""
    said = hashlib.sha256(f"{fleet}\0{salt}\0{group}".encode(errors="surrogatepass")).digest()
    return (int.from_bytes(said[:8], "big") >> (64 - BITS)) * 100 / (1 << BITS)


@lru_cache(maxsize=256)
def _nothing(guard: str, entry: str) -> Verdict:
    what = "zones" if guard == ZONE else "segment"
    return Verdict(guard, allowed=True, reason=f"not applicable: monkey {entry} has no {what} to keep to")


@lru_cache(maxsize=4096)
def _place(scope: str, patterns: tuple[str, ...]) -> Verdict:
    listed = ", ".join(patterns)
    if not scope:
        return Verdict(NAME, allowed=False, reason=f"it stands in no namespace, and segment.namespaces is {listed}")
    if _among(scope, patterns):
        return Verdict(NAME, allowed=True, reason=f"namespace {scope} is in segment.namespaces ({listed})")
    reason = f"namespace {scope} is not in segment.namespaces ({listed}); add it there to expose it"
    return Verdict(NAME, allowed=False, reason=reason)


def _among(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether a pattern fits and none with a leading ``!`` does; with only those, everything else is meant."""
    wanted = [pattern for pattern in patterns if not pattern.startswith("!")]
    if any(fnmatchcase(name, pattern[1:]) for pattern in patterns if pattern.startswith("!")):
        return False
    return not wanted or any(fnmatchcase(name, pattern) for pattern in wanted)


@lru_cache(maxsize=4096)
def _version(value: str | None, label: str, pattern: str) -> Verdict:
    said = f"segment.version ({label}={pattern})"
    if value is None:
        return Verdict(NAME, allowed=False, reason=f"it has no label {label}, which {said} asks for")
    if fnmatchcase(value, pattern):
        return Verdict(NAME, allowed=True, reason=f"{label}={value} is in {said}")
    return Verdict(NAME, allowed=False, reason=f"{label}={value} is not in {said}; widen the pattern to expose it")


@lru_cache(maxsize=16384)
def _share(segment: Segment, fleet: str, group: str) -> Verdict:
    at, percent = share(fleet, segment.salt, group), segment.percent
    salt = f", salt {segment.salt}" if segment.salt else ""
    if at < percent:
        return Verdict(NAME, allowed=True, reason=f"it is in the {percent} % of segment.percent{salt}")
    reason = f"it is not in the {percent} % of segment.percent{salt}; from {int(at) + 1} % on it would be"
    return Verdict(NAME, allowed=False, reason=reason)


def _zone(target: Target, patterns: tuple[str, ...]) -> Verdict:
    listed, zones = ", ".join(patterns), places_of(target.facts).get("zone")
    if not zones:
        why = "in which zone it stands is not known" if zones is None else "it stands in no zone"
        return Verdict(ZONE, allowed=False, reason=f"{why}, and segment.zones is {listed}")
    outside = [zone for zone in zones if not _among(zone, patterns)]
    if outside:
        reason = f"zone {', '.join(outside)} is not in segment.zones ({listed}); add it there to expose it"
        return Verdict(ZONE, allowed=False, reason=reason)
    return Verdict(ZONE, allowed=True, reason=f"zone {', '.join(zones)} is in segment.zones ({listed})")
