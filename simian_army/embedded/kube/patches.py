"""What an object is after a patch: JSON Patch (RFC 6902) and JSON Merge Patch (RFC 7386)."""

from __future__ import annotations

from typing import Any

from simian_army.embedded.kube.objects import copied
from simian_army.embedded.kube.status import rejected

Json = dict[str, Any]


def merge(target: Any, patch: Any) -> Any:
    """``target`` with a merge patch applied: null removes, objects merge, all else replaces."""
    if not isinstance(patch, dict):
        return patch
    base = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            base.pop(key, None)
            continue
        base[key] = merge(base.get(key), value)
    return base


def json_patch(target: Json, operations: list[Json]) -> Json:
    """``target`` with all operations applied, in order.

    Raises:
        Problem: 422, an operation does not apply or a ``test`` fails; nothing is changed.
    """
    document: Any = copied(target)
    for operation in operations:
        try:
            document = _apply(document, operation)
        except (KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
            raise rejected() from error
    if not isinstance(document, dict):
        raise rejected()
    return document


def _apply(document: Any, operation: Json) -> Any:
    kind, path = operation["op"], _steps(operation["path"])
    if kind == "test":
        if not _same(_read(document, path, None), operation.get("value")):
            raise ValueError
        return document
    if kind == "add":
        return _add(document, path, operation["value"])
    if kind == "replace":
        _read(document, path)
        return _replace(document, path, operation["value"])
    if kind == "remove":
        return _remove(document, path)
    if kind in ("move", "copy"):
        return _carry(document, kind, _steps(operation["from"]), path)
    raise ValueError


def _carry(document: Any, kind: str, source: list[str], path: list[str]) -> Any:
    value = copied(_read(document, source))
    if kind == "move":
        if path[: len(source)] == source and path != source:
            raise ValueError
        document = _remove(document, source)
    return _add(document, path, value)


def _steps(pointer: str) -> list[str]:
    if pointer and not pointer.startswith("/"):
        raise ValueError
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


_MUST = object()


def _read(document: Any, path: list[str], default: Any = _MUST) -> Any:
    for number, step in enumerate(path):
        if isinstance(document, list):
            document = document[_place(step, len(document) - 1)]
            continue
        if step not in document and default is not _MUST and number == len(path) - 1:
            return default
        document = document[step]
    return document


def _place(step: str, highest: int) -> int:
    if not step.isdecimal() or (len(step) > 1 and step[0] == "0") or int(step) > highest:
        raise IndexError
    return int(step)


def _add(document: Any, path: list[str], value: Any) -> Any:
    if not path:
        return copied(value)
    parent = _read(document, path[:-1])
    if isinstance(parent, list):
        place = len(parent) if path[-1] == "-" else _place(path[-1], len(parent))
        parent.insert(place, copied(value))
        return document
    _an_object(parent)[path[-1]] = copied(value)
    return document


def _replace(document: Any, path: list[str], value: Any) -> Any:
    if not path:
        return copied(value)
    parent = _read(document, path[:-1])
    if isinstance(parent, list):
        parent[_place(path[-1], len(parent) - 1)] = copied(value)
        return document
    _an_object(parent)[path[-1]] = copied(value)
    return document


def _remove(document: Any, path: list[str]) -> Any:
    parent = _read(document, path[:-1])
    if isinstance(parent, list):
        del parent[_place(path[-1], len(parent) - 1)]
        return document
    del _an_object(parent)[path[-1]]
    return document


def _an_object(value: Any) -> Json:
    if not isinstance(value, dict):
        raise TypeError
    return value


def _same(one: Any, other: Any) -> bool:
    # in Python True == 1, in JSON it is not
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)
