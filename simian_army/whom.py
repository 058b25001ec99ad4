"""Whom people mean by a name: a target, a workload or group by its first member, or a whole place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from simian_army.errors import UsageError
from simian_army.model import Target

NAMED = 10
PLACES = ("namespace ", "ns ", "ns/")
"""What people write before the name of a place to say that they mean one."""


@dataclass(frozen=True, slots=True)
class Place:
    """A namespace, an account's region, a toxiproxy server: whatever is the ``scope`` of targets."""

    scope: str


def whom(name: str, found: Sequence[Target]) -> Target | Place:
    """What ``web-1``, ``shop/web-1``, ``pod shop/web-1``, an id, ``shop/web``, ``deployment shop/web`` or ``shop`` is.

    Raises:
        UsageError: it is nothing, with the nearest names; or several things, with what to write.
    """
    by_id = {target.id: target for target in found}
    scopes = {target.scope for target in by_id.values()} - {""}
    meant = next((name.removeprefix(word) for word in PLACES if name.startswith(word)), "")
    if meant in scopes:
        return Place(meant)
    matches = [target for target in by_id.values() if name in _names(target)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise UsageError(f"{name} is the name of several: {_listed(map(str, matches))}; write one of these")
    members = sorted((t for t in by_id.values() if name in group_names(t)), key=lambda one: one.name)
    groups = {member.group: member for member in reversed(members)}
    if len(groups) > 1:
        raise UsageError(f"{name} is the name of several: {_listed(iter(sorted(groups)))}; write one of these")
    if members:
        return members[0]
    if name in scopes:
        return Place(name)
    raise UsageError(f"there is no target {name}; {_near(name, list(by_id.values()), scopes)}")


def named(name: str, found: Sequence[Target]) -> Target:
    """The one target people call ``name``.

    Raises:
        UsageError: there is none, or there are several.
    """
    one = whom(name, found)
    if isinstance(one, Place):
        raise UsageError(f"{one.scope} is a place with many targets; name one of them")
    return one


def group_names(target: Target) -> tuple[str, ...]:
    """What people call the target's group, such as the workload ``shop/Deployment/web``; nothing if it has none."""
    scope, group = target.scope, target.group
    if not group:
        return ()
    kind, _, name = group.removeprefix(f"{scope}/").partition("/")
    return group, f"{scope}/{name}", name, f"{kind} {scope}/{name}", f"{kind.lower()} {scope}/{name}"


def _names(target: Target) -> tuple[str, ...]:
    said = target.facts.get("Name")
    own = (target.id, str(target), target.name, f"{target.scope}/{target.name}", f"{target.kind} {target.name}")
    return (*own, said) if isinstance(said, str) else own


def _listed(names: Iterator[str]) -> str:
    listed = list(names)
    more = f" and {len(listed) - NAMED} more" if len(listed) > NAMED else ""
    return ", ".join(listed[:NAMED]) + more


def _near(name: str, found: Sequence[Target], scopes: set[str]) -> str:
    words = {word for one in found for word in (*_names(one)[1:], *group_names(one))} | scopes
    near = get_close_matches(name, sorted(words), n=3)
    if near:
        return f"did you mean {' or '.join(near)}?"
    return f"none of the {len(found)} targets that are there is like it"
