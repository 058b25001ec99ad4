"""How objects are read and changed: never in place, so that a stored one may be handed out as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any

from simian_army.tolerating import tolerates

Json = dict[str, Any]
Change = Callable[[Json], Json]

ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


def meta(obj: Json) -> Json:
    """The metadata; empty when there is none."""
    found: Json = obj.get("metadata") or {}
    return found


def name_of(obj: Json) -> str:
    """The name."""
    return str(meta(obj).get("name", ""))


def uid_of(obj: Json) -> str:
    """The uid."""
    return str(meta(obj).get("uid", ""))


def space_of(obj: Json) -> str:
    """The namespace; empty for what has none."""
    return str(meta(obj).get("namespace", ""))


def labels_of(obj: Json) -> dict[str, str]:
    """The labels."""
    return meta(obj).get("labels") or {}


def spec_of(obj: Json) -> Json:
    """The spec."""
    found: Json = obj.get("spec") or {}
    return found


def status_of(obj: Json) -> Json:
    """The status."""
    found: Json = obj.get("status") or {}
    return found


def leaving(obj: Json) -> bool:
    """Whether it is being deleted."""
    return "deletionTimestamp" in meta(obj)


def controller_of(obj: Json) -> Json | None:
    """The owner reference of its controller."""
    return next((r for r in meta(obj).get("ownerReferences") or () if r.get("controller")), None)


def owned_by(owner: Json) -> Json:
    """The reference that makes ``owner`` the controller of an object."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": name_of(owner),
        "uid": uid_of(owner),
        "controller": True,
        "blockOwnerDeletion": True,
    }


def dig(obj: Json, path: Iterable[str], default: Any = None) -> Any:
    """The value at ``path``; ``default`` when something on the way is missing."""
    for step in path:
        obj = obj.get(step) if isinstance(obj, dict) else None  # type: ignore[assignment]
    return default if obj is None else obj


def put(obj: Json, path: tuple[str, ...], value: Any) -> Json:
    """A copy with ``value`` at ``path``; all that is not on the path is shared."""
    head, rest = path[0], path[1:]
    return {**obj, head: put(obj.get(head) or {}, rest, value) if rest else value}


def drop(obj: Json, path: tuple[str, ...]) -> Json:
    """A copy without what is at ``path``."""
    head, rest = path[0], path[1:]
    if head not in obj:
        return obj
    if rest:
        return {**obj, head: drop(obj[head] or {}, rest)}
    return {key: value for key, value in obj.items() if key != head}


def copied(value: Any) -> Any:
    """A deep copy of JSON."""
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    if isinstance(value, list):
        return [copied(item) for item in value]
    return value


def stamp(now: datetime) -> str:
    """A time as Kubernetes writes it: UTC, whole seconds."""
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def suffix(chance: Random, length: int = 5) -> str:
    """The random end of a generated name; no vowels, so no words."""
    return "".join(chance.choices(ALPHABET, k=length))


def new_uid(chance: Random) -> str:
    """A random uid, in the form of a version 4 UUID."""
    digits = f"{chance.getrandbits(128):032x}"
    return (
        f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{'89ab'[int(digits[16], 16) % 4]}{digits[17:20]}-{digits[20:]}"
    )


def condition(kind: str, now: str, status: str = "True", reason: str = "") -> Json:
    """One entry of ``status.conditions``."""
    made = {"type": kind, "status": status, "lastTransitionTime": now}
    return {**made, "reason": reason} if reason else made


def is_true(obj: Json, kind: str) -> bool:
    """Whether the condition ``kind`` is True."""
    found = (c for c in status_of(obj).get("conditions") or () if c.get("type") == kind)
    return any(c.get("status") == "True" for c in found)


def ready(pod: Json) -> bool:
    """Whether a pod serves: Ready and not leaving."""
    return not leaving(pod) and is_true(pod, "Ready")


def lets_in(node: Json, pod_spec: Json, effects: Sequence[str] = ("NoSchedule", "NoExecute")) -> bool:
    """Whether a pod of this spec tolerates each taint of a node that has one of these effects."""
    taints = [one for one in spec_of(node).get("taints") or () if one.get("effect") in effects]
    return all(tolerates(pod_spec.get("tolerations"), one) for one in taints)


def finished(pod: Json) -> bool:
    """Whether a pod has ended."""
    return status_of(pod).get("phase") in ("Succeeded", "Failed")
