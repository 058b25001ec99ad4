"""A case made as small as it can be while it still shows what it shows, and printed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar

import yaml

from simian_army.model import Scene, Target
from tests.oracle.words import Case, Weather, World

QUIET: Mapping[str, Any] = {
    "recent": (),
    "reach": (),
    "peers": (),
    "halt": None,
    "teams": (),
    "health": None,
    "stand": None,
    "at_most": None,
    "crowd": None,
    "identity": None,
    "leashed": False,
}
"""The fields of a scene when nothing is said of it."""

T = TypeVar("T")


def smallest(case: Case, shows: Callable[[Case], bool]) -> Case:
    """The case with every field reset that may be, in config, scene and weather alike."""
    while True:
        simpler = next((one for one in _simpler(case) if shows(one)), None)
        if simpler is None:
            return case
        case = simpler


def printed(case: Case) -> str:
    """What matters of it: the config's words, the scene without what is quiet, the weather where it is bad."""
    scene, monkey = case.scene, dict(case.world.monkey(case.scene.entry))
    said = {"safety": dict(case.world.safety), "calendars": case.world.said.get("calendars", {}), "monkey": monkey}
    shown = [f"{one.name}={getattr(scene, one.name)!r}" for one in fields(Scene) if _loud(one.name, scene)]
    sky = [f"{one.name}={getattr(case.weather, one.name)!r}" for one in fields(Weather) if _bad(one.name, case.weather)]
    text = yaml.safe_dump(said, sort_keys=False, default_flow_style=None)
    files = f"files: {case.world.files}\n" if case.world.files else ""
    return f"{text}timezone: {case.world.zone}\nwe are: {dict(case.world.own)}\n{files}" + "\n".join([*shown, *sky])


def _loud(name: str, scene: Scene) -> bool:
    return name not in QUIET or getattr(scene, name) != QUIET[name]


def _bad(name: str, sky: Weather) -> bool:
    return bool(getattr(sky, name) != getattr(Weather(), name))


def _simpler(case: Case) -> Iterator[Case]:
    yield from (replace(case, world=world) for world in _worlds(case.world))
    for name in (one.name for one in fields(Weather)):
        if _bad(name, case.weather):
            yield replace(case, weather=replace(case.weather, **{name: getattr(Weather(), name)}))
    yield from (replace(case, scene=scene) for scene in _scenes(case.scene))


def _scenes(scene: Scene) -> Iterator[Scene]:
    for name, value in QUIET.items():
        if getattr(scene, name) != value:
            yield replace(scene, **{name: value})
    yield from (replace(scene, recent=tuple(kept)) for kept in _fewer(scene.recent))
    yield from (replace(scene, reach=tuple(kept)) for kept in _fewer(scene.reach or ()))
    yield from (replace(scene, fault=replace(scene.fault, target=one)) for one in _targets(scene.fault.target))


def _targets(target: Target) -> Iterator[Target]:
    yield from (replace(target, labels=kept) for kept in _less(target.labels))
    yield from (replace(target, facts=kept) for kept in _less(target.facts))
    yield from (replace(target, levels=tuple(kept)) for kept in _fewer(target.levels))
    if target.born is not None:
        yield replace(target, born=None)


def _worlds(world: World) -> Iterator[World]:
    for said in _less(world.said, ("timezone",)):
        yield replace(world, said=said)
    for part in ("safety", "calendars"):
        yield from (replace(world, said={**world.said, part: kept}) for kept in _shorter(world.said.get(part, {})))
    for number, monkey in enumerate(world.said["monkeys"]):
        for kept in _less(monkey, ("budget", "segment")):
            monkeys = [*world.said["monkeys"][:number], kept, *world.said["monkeys"][number + 1 :]]
            yield replace(world, said={**world.said, "monkeys": monkeys})
    yield from (replace(world, own=kept) for kept in _less(world.own))
    yield from (replace(world, files=kept) for kept in _less(world.files))


def _shorter(said: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Without one of its keys, without one of a list's entries, without one word of a part or of an entry."""
    yield from _less(said)
    for key, value in said.items():
        for kept in _parts(value):
            yield {**said, key: kept}


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from _less(value)
    if not isinstance(value, list) or len(value) == 0:
        return
    yield from (list(kept) for kept in _fewer(value) if kept)
    for number, entry in enumerate(value):
        if isinstance(entry, dict) and len(entry) > 1:
            yield from ([*value[:number], kept, *value[number + 1 :]] for kept in _less(entry))


def _less(said: Mapping[str, T], keys: Iterable[str] | None = None) -> Iterator[dict[str, T]]:
    for key in said if keys is None else keys:
        if key in said:
            yield {other: value for other, value in said.items() if other != key}


def _fewer(said: Sequence[T]) -> Iterator[list[T]]:
    for number in range(len(said)):
        yield [*said[:number], *said[number + 1 :]]
