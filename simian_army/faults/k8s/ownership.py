"""Who owns a field of an object, as the API server keeps it, and how it is theirs again after we wrote it.

Whoever changes a field becomes its owner, and putting the old value back does not undo that: the next release by Helm,
or a server-side apply, would meet a conflict with us. To write nothing but ``managedFields`` makes nobody owner.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, TypeAlias

from simian_army.errors import Conflict, Gone
from simian_army.model import Json, Target
from simian_army.ports import KubernetesPort

US = "simian-army"
"""The name under which the API server knows our writes: how our user agent begins."""

TRIES = 5

Owner: TypeAlias = tuple[str, str, str, str]
"""Manager, operation (Apply or Update), subresource and API version, as an entry of ``managedFields`` says them."""

Path: TypeAlias = Sequence[str]
"""A field by the keys that lead to it: ``("spec", "replicas")``."""


def owners_of(obj: Json, path: Path) -> tuple[Owner, ...]:
    """Everybody but us who owns the field; none where the server does not tell."""
    entries = [entry for entry in _entries(obj) if not _is_ours(entry) and _has(entry.get("fieldsV1"), path)]
    return tuple(dict.fromkeys(_owner(entry) for entry in entries))


def hand_back(port: KubernetesPort, target: Target, path: Path, owners: Sequence[Owner]) -> str:
    """Make ``owners`` those of the field again, and us none; why that is not so, empty when it is.

    Raises:
        PlatformError: nobody can say.
    """
    for _ in range(TRIES):
        obj = port.get(target)
        wanted = None if obj is None else _handed_back(obj, path, owners)
        if obj is None or wanted is None:
            return ""
        version = obj["metadata"]["resourceVersion"]
        try:
            port.patch(
                target,
                [
                    {"op": "test", "path": "/metadata/resourceVersion", "value": version},
                    {"op": "replace", "path": "/metadata/managedFields", "value": wanted},
                ],
            )
        except (Conflict, Gone):
            continue
        return ""
    return f"{target} changed {TRIES} times while {'.'.join(path)} was to be its owners' again; try again"


def _handed_back(obj: Json, path: Path, owners: Sequence[Owner]) -> list[dict[str, Any]] | None:
    """The entries as they should be; None where we own nothing of the field."""
    entries = copy.deepcopy(_entries(obj))
    ours = [entry for entry in entries if _is_ours(entry) and _has(entry.get("fieldsV1"), path)]
    if not ours:
        return None
    for entry in ours:
        _take(entry["fieldsV1"], path)
    for owner in owners:
        # whoever owned nothing else has no entry any more
        found = [entry for entry in entries if _owner(entry) == owner and isinstance(entry.get("fieldsV1"), dict)]
        if not found:
            found = [_entry(owner, ours[0].get("time"))]
            entries += found
        _give(found[0]["fieldsV1"], path)
    return [entry for entry in entries if entry not in ours or entry["fieldsV1"]]


def _entries(obj: Json) -> list[dict[str, Any]]:
    found = obj["metadata"].get("managedFields")
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def _owner(entry: Json) -> Owner:
    manager, operation, sub, version = (
        str(entry.get(key, "")) for key in ("manager", "operation", "subresource", "apiVersion")
    )
    return manager, operation, sub, version


def _entry(owner: Owner, time: Any) -> dict[str, Any]:
    manager, operation, sub, version = owner
    made = {"manager": manager, "operation": operation, "apiVersion": version, "fieldsType": "FieldsV1", "fieldsV1": {}}
    return {**made, **({"subresource": sub} if sub else {}), **({"time": time} if time else {})}


def _is_ours(entry: Json) -> bool:
    return _owner(entry)[:3] == (US, "Update", "")


def _has(fields: Any, path: Path) -> bool:
    for key in path:
        fields = fields.get(f"f:{key}") if isinstance(fields, dict) else None
    return isinstance(fields, dict)


def _take(fields: dict[str, Any], path: Path) -> None:
    """Without the field, nor what holds nothing else."""
    key, rest = f"f:{path[0]}", path[1:]
    if rest:
        _take(fields[key], rest)
    if not rest or set(fields[key]) <= {"."}:
        del fields[key]


def _give(fields: dict[str, Any], path: Path) -> None:
    for key in path:
        fields = fields.setdefault(f"f:{key}", {})
