"""How a held fault signs its target: a record that anyone may read and only the fleet can have written."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from simian_army.errors import Refused, UsageError
from simian_army.model import Fault, Json, Mark, Target

HELD = "simian-army/held"
"""The label to list marked objects by; its value is ``"true"``."""

FAULT = "simian-army/fault"
"""The annotation that holds the mark."""

LIMIT = 8192
"""The most bytes a mark may have as text."""

_FIELDS = {"fleet": str, "run": str, "kind": str, "deadline": str, "undo": dict, "mac": str}


def sign(key: bytes, fleet: str, run: str, fault: Fault, deadline: datetime) -> Mark:
    """The mark of ``fault``, under the fleet key; ``deadline`` is aware.

    Raises:
        UsageError: the key is empty, or the deadline has no time zone.
        Refused: the undo is too large for a mark.
    """
    if deadline.tzinfo is None:
        raise UsageError(f"the deadline {deadline} of run {run} has no time zone: give it one")
    bare = Mark(fleet, run, fault.kind, deadline.astimezone(UTC), fault.undo or {}, "")
    mark = replace(bare, mac=_mac(key, bare, fault.target.id))
    size = len(to_text(mark).encode())
    if size > LIMIT:
        raise Refused(f"{fault.kind} on {fault.target}: its mark would have {size} bytes, more than {LIMIT}")
    return mark


def verify(key: bytes, mark: Mark, target: Target, fleet: str) -> bool:
    """Whether ``fleet`` wrote this very mark, for this very object. An empty key verifies nothing."""
    return genuine(key, mark, target.id, fleet)


def genuine(key: bytes, mark: Mark, target: str, fleet: str) -> bool:
    """The same of the object with that id."""
    if not key or mark.fleet != fleet:
        return False
    return hmac.compare_digest(_mac(key, mark, target).encode(), mark.mac.encode(errors="surrogatepass"))


def to_text(mark: Mark) -> str:
    """The mark as canonical JSON, for an annotation or a tag."""
    return _canonical({**_body(mark), "mac": mark.mac})


def from_text(text: str) -> Mark | None:
    """The mark in ``text``; None when it is none, or not written as ``to_text`` writes it. It proves nothing: ask
    ``verify``."""
    if len(text.encode(errors="replace")) > LIMIT:
        return None
    try:
        mark = _parse(json.loads(text))
        # a date may be written in many ways that mean the same: only ours is ours
        return mark if mark is not None and to_text(mark) == text else None
    except (ValueError, RecursionError, OverflowError):
        return None


def found(obj: Json) -> str | None:
    """The text of the mark on a Kubernetes object, whatever it says; None when there is none."""
    text = _part(obj, "annotations").get(FAULT)
    return text if isinstance(text, str) else None


def labelled(obj: Json) -> bool:
    """Whether a Kubernetes object carries our label, with whatever value."""
    return HELD in _part(obj, "labels")


def bears(obj: Json) -> bool:
    """Whether a Kubernetes object carries any part of a mark: the label or the annotation."""
    return labelled(obj) or FAULT in _part(obj, "annotations")


def _part(obj: Json, name: str) -> dict[str, Any]:
    metadata = obj.get("metadata")
    part = metadata.get(name) if isinstance(metadata, dict) else None
    return part if isinstance(part, dict) else {}


def _parse(data: object) -> Mark | None:
    if not isinstance(data, dict) or set(data) != set(_FIELDS):
        return None
    if not all(isinstance(data[name], kind) for name, kind in _FIELDS.items()):
        return None
    deadline = datetime.fromisoformat(data["deadline"])
    if deadline.tzinfo is None:
        return None
    return Mark(**{**data, "deadline": deadline.astimezone(UTC)})


def _body(mark: Mark) -> dict[str, Any]:
    deadline = mark.deadline.astimezone(UTC).isoformat()
    return {"fleet": mark.fleet, "run": mark.run, "kind": mark.kind, "deadline": deadline, "undo": dict(mark.undo)}


def _mac(key: bytes, mark: Mark, target: str) -> str:
    if not key:
        raise UsageError("the fleet key is empty: make one with `simian init` and name it as `key` in simian.yaml")
    text = _canonical({**_body(mark), "target": target, "use": "simian-army mark 1"})
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _canonical(data: Json) -> str:
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
