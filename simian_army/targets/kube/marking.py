"""Which JSON Patch operations put a mark on a Kubernetes object and take it off again."""

from __future__ import annotations

from typing import Any

from simian_army import marks
from simian_army.errors import Refused
from simian_army.model import Json, Mark

_LABEL = "/metadata/labels/" + marks.HELD.replace("/", "~1")
_ANNOTATION = "/metadata/annotations/" + marks.FAULT.replace("/", "~1")


def put(obj: Json, mark: Mark) -> list[Json]:
    """Label and annotation, if the object is still exactly as it was read.

    Raises:
        Refused: it bears a mark already.
    """
    if marks.bears(obj):
        raise Refused(f"another fault holds it: {marks.found(obj) or 'label ' + marks.HELD}")
    metadata = obj["metadata"]
    operations: list[Json] = [_same_version(obj)]
    if metadata.get("labels") is None:
        operations.append({"op": "add", "path": "/metadata/labels", "value": {}})
    operations.append({"op": "add", "path": _LABEL, "value": "true"})
    if metadata.get("annotations") is None:
        operations.append({"op": "add", "path": "/metadata/annotations", "value": {}})
    operations.append({"op": "add", "path": _ANNOTATION, "value": marks.to_text(mark)})
    return operations


def take_off(obj: Json, mark: Mark) -> list[Json]:
    """What is left of the mark of that run; a damaged mark counts as it, a mark of another run does not."""
    text = marks.found(obj)
    there = marks.from_text(text) if text is not None else None
    if there is not None and (there.fleet, there.run, there.kind) != (mark.fleet, mark.run, mark.kind):
        return []
    removals: list[Json] = []
    if text is not None:
        removals.append({"op": "remove", "path": _ANNOTATION})
    if marks.labelled(obj):
        removals.append({"op": "remove", "path": _LABEL})
    return [_same_version(obj), *removals] if removals else []


def _same_version(obj: Json) -> dict[str, Any]:
    return {"op": "test", "path": "/metadata/resourceVersion", "value": obj["metadata"]["resourceVersion"]}
