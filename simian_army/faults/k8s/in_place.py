"""How one field of an object is changed in place and held, and given back while it still says what we wrote."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from simian_army import marks
from simian_army.errors import Conflict, Refused, SimianError
from simian_army.faults.k8s.giving_back import Back, give_back
from simian_army.faults.k8s.ownership import Owner, hand_back, owners_of
from simian_army.model import Evidence, Fault, Json, Mark
from simian_army.ports import KubernetesPort

OWNERS = (
    "who owned the field before, and owns it again afterwards: manager, operation, subresource and API version of each"
)
"""What ``owners`` in an undo means."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field by the keys that lead to it, as it was and as we make it; None means that it is not there."""

    path: tuple[str, ...]
    before: Any
    after: Any
    owners: Sequence[Owner] = ()

    def __str__(self) -> str:
        """``spec.replicas``: never what it says, which may be a secret."""
        return ".".join(self.path)

    def stands(self, obj: Json) -> bool:
        """Whether an object still says what we wrote."""
        return same(value_at(obj, self.path), self.after)


def free(port: KubernetesPort, fault: Fault) -> dict[str, Any]:
    """The target, read whole.

    Raises:
        Refused: it is gone, or another fault holds it.
    """
    obj = port.get(fault.target)
    if obj is None:
        raise Refused(f"{fault.target}: gone")
    if marks.bears(obj):
        raise Refused(f"{fault.target}: another fault holds it: {marks.found(obj) or 'label ' + marks.HELD}")
    return obj


def owners(obj: Json, path: Sequence[str]) -> list[list[str]]:
    """Who owns a field, for an undo."""
    return [list(owner) for owner in owners_of(obj, path)]


def owners_in(undo: Json) -> tuple[Owner, ...]:
    """The same, read back; what makes no sense is left out."""
    said = [list(map(str, one)) for one in undo.get("owners", ()) if len(one) == 4]
    return tuple((manager, operation, sub, version) for manager, operation, sub, version in said)


def inject(port: KubernetesPort, fault: Fault, mark: Mark, change: Change) -> None:
    """Change the field and mark the target in one write; its owners stay what they were, so that no release of theirs
    meets a conflict.

    Raises:
        Refused: it is gone, or another fault holds it; Conflict: the field is not any more as it was looked at.
    """
    obj = free(port, fault)
    if not same(value_at(obj, change.path), change.before):
        raise Conflict(f"{fault.target}: {change} is not what it was when it was looked at")
    port.patch(fault.target, [*port.mark(obj, mark), *written(obj, change.path, change.after)])
    with suppress(SimianError):  # the fault stands; what this cannot do, the revert does
        hand_back(port, fault.target, change.path, change.owners)


def look(port: KubernetesPort, fault: Fault, change: Change) -> tuple[Evidence, dict[str, Any]]:
    """Whether field and mark are as we wrote them, and the target they were seen on, empty when it is gone."""
    obj = port.get(fault.target)
    if obj is None:
        return Evidence(holds=False, detail=f"the {fault.target.kind} is gone"), {}
    stands, held = change.stands(obj), marks.bears(obj)
    words = f"{change} is {'as we wrote it' if stands else 'another'}, {'marked' if held else 'not marked'}"
    return Evidence(stands and held, words), obj


def revert(port: KubernetesPort, fault: Fault, mark: Mark, change: Change) -> Evidence:
    """Give the field back with its owners, unless somebody changed it; proved by reading it back."""
    proof = give_back(port, fault, mark, lambda obj: back(obj, change))
    if not proof.holds or not change.owners:
        return proof
    obj = port.get(fault.target)
    if obj is None or change.stands(obj):
        return proof
    trouble = hand_back(port, fault.target, change.path, change.owners)
    return Evidence(holds=False, detail=trouble) if trouble else proof


def back(obj: Json, change: Change) -> Back:
    """What undoes the change on an object as it stands."""
    if change.stands(obj):
        return Back(written(obj, change.path, change.before), f"{change} given back")
    return Back([], f"{change} changed by someone: kept")


def value_at(obj: Json, path: Sequence[str]) -> Any:
    """What a field says; None where it is not there."""
    value: Any = obj
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def written(obj: Json, path: Sequence[str], value: Any) -> list[Json]:
    """The operations that make a field say ``value``; None removes it."""
    if value is None:
        return [] if value_at(obj, path) is None else [{"op": "remove", "path": _pointer(path)}]
    above = [path[:depth] for depth in range(1, len(path))]
    missing = [{"op": "add", "path": _pointer(one), "value": {}} for one in above if value_at(obj, one) is None]
    return [*missing, {"op": "add", "path": _pointer(path), "value": value}]


def same(one: object, other: object) -> bool:
    """Whether two JSON values are the same: true is not 1."""
    return type(one) is type(other) and one == other


def _pointer(path: Sequence[str]) -> str:
    return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in path)
