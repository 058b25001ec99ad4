"""What a fault kind needs to be allowed, and where: all of it, what its revert needs, and what it needs everywhere."""

from __future__ import annotations

from typing import TypeAlias

Permission: TypeAlias = tuple[str, str, str, str]
"""On Kubernetes verb, API group, resource, subresource: what RBAC grants."""


def needed(kind: object) -> tuple[Permission, ...]:
    """All that a Kubernetes kind needs, as its attribute ``permissions`` says."""
    return _of(kind, "permissions")


def reverting(kind: object) -> tuple[Permission, ...]:
    """What its revert needs, and so an undertaker: its attribute ``reverting``; of a reversible kind that has none
    all it needs, of a momentary one nothing."""
    if not getattr(kind, "reversible", False):
        return ()
    return _of(kind, "reverting" if hasattr(kind, "reverting") else "permissions")


def everywhere(kind: object) -> tuple[Permission, ...]:
    """What it needs in every namespace, whichever config names: its attribute ``everywhere``. One that lists pods
    everywhere may harm anybody's, so whoever uses it must find and read them everywhere."""
    return _of(kind, "everywhere")


def _of(kind: object, attribute: str) -> tuple[Permission, ...]:
    found = (tuple(map(str, one)) for one in getattr(kind, attribute, ()))
    return tuple((verb, group, resource, sub) for verb, group, resource, sub in found)
