"""Who bears a mark besides the target that it was signed for: what the signed undo names, and nobody else."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from simian_army.model import Fault, Mark, Target

STRUCK, BEARERS = "struck", "bearers"
"""The keys of an undo that say for which target its mark is signed, and who else bears it: uids of what is there, and
``kind/namespace/name`` of what we make."""


def borne_by(target: Target, *bearers: str) -> dict[str, Any]:
    """The part of an undo that lets others bear the mark too."""
    said = {"platform": target.platform, "kind": target.kind, "id": target.id, "name": target.name}
    return {STRUCK: {**said, "scope": target.scope, "group": target.group}, BEARERS: list(bearers)}


def name_for(fault: Fault) -> str:
    """The name of what is made for a fault: the same one for each fault of that kind on that target."""
    said = hashlib.sha256(f"{fault.kind}\0{fault.target.id}".encode()).hexdigest()
    return f"simian-army-{said[:12]}"


def place_of(target: Target) -> str:
    """``kind/namespace/name``: how an undo names what we make."""
    return f"{target.kind}/{target.scope}/{target.name}"


def signed_for(mark: Mark, uid: str, place: str) -> str:
    """The id for which a mark must be signed that is found on the object of that uid at that place."""
    said, named = mark.undo.get(STRUCK), mark.undo.get(BEARERS)
    if isinstance(said, Mapping) and isinstance(named, list) and (uid in named or place in named):
        return str(said.get("id", ""))
    return uid


def struck_by(mark: Mark) -> Target | None:
    """The target that the undo of a mark names; None when it names none."""
    said = mark.undo.get(STRUCK)
    if not isinstance(said, Mapping):
        return None
    platform, kind, uid, name, scope, group = (
        str(said.get(key, "")) for key in ("platform", "kind", "id", "name", "scope", "group")
    )
    return Target(platform, kind, uid, name, scope, group, None, {})
