"""What differs between two looks at a world, leaf by leaf, and what must be there once a fault was reverted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from simian_army.model import Json

Leaves: TypeAlias = Mapping[tuple[str, ...], Any]
"""Every value in a look by the keys that lead to it."""

_NAMES = ("name", "key", "ProcessName")


def leaves(value: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """The leaves below ``value``. Of a list of named things each is known by its name, in whatever order."""
    if isinstance(value, list | tuple) and value and all(_name(one) for one in value):
        value = {_name(one): one for one in value}
    if isinstance(value, list | tuple) and value and all(isinstance(one, Mapping) for one in value):
        value = {str(number): one for number, one in enumerate(value)}
    if not isinstance(value, Mapping) or not value:
        return {path: value}
    return {key: leaf for name, one in value.items() for key, leaf in leaves(one, (*path, str(name))).items()}


def differing(old: Json, new: Json) -> list[tuple[str, ...]]:
    """The paths at which two looks differ, in order; empty mappings count as nothing."""
    one, other = _solid(old), _solid(new)
    return sorted(path for path in {*one, *other} if one.get(path) != other.get(path))


def left_wrong(before: Json, struck: Json, changed: Json, after: Json) -> list[str]:
    """What is not as compare-and-restore leaves it, in words: what others changed in ``struck`` stays, all else is as
    it was ``before``."""
    was, during, theirs, now = map(_solid, (before, struck, changed, after))
    wrong = []
    for path in sorted({*was, *during, *theirs, *now}):
        wanted = was.get(path) if theirs.get(path) == during.get(path) else theirs.get(path)
        if now.get(path) != wanted:
            wrong.append(f"{said(path)} is {now.get(path)!r}, not {wanted!r}")
    return wrong


def said(path: tuple[str, ...]) -> str:
    """``node n1: spec.unschedulable``."""
    return f"{path[0]}: {'.'.join(path[1:]) or 'all of it'}" if path else "everything"


def _name(one: Any) -> str:
    if not isinstance(one, Mapping):
        return ""
    return next((str(one[key]) for key in _NAMES if isinstance(one.get(key), str)), "")


def _solid(look: Json) -> Leaves:
    return {path: value for path, value in leaves(look).items() if value not in ({}, None)}
