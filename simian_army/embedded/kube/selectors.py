"""Which objects a selector means: label queries, label selectors in objects, and field selectors."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from simian_army import selectors
from simian_army.embedded.kube.objects import dig, labels_of, meta
from simian_army.embedded.kube.resources import Resource
from simian_army.embedded.kube.status import Problem, bad_request
from simian_army.selectors import Test

Json = dict[str, Any]
Match = Callable[[Json], bool]

_ESCAPED = re.compile(r"\\([\\,=])")


def labels_match(query: str) -> Test:
    """The test a ``labelSelector`` asks for; an empty one means everything.

    Raises:
        Problem: 400, the query is not one.
    """
    try:
        return selectors.labels_match(query)
    except ValueError as error:
        raise bad_request(str(error)) from error


def object_selector(selector: Json | None) -> Test:
    """The test a LabelSelector object asks for: None means nothing, an empty one everything.

    Raises:
        Problem: 400, it holds an operator that is none.
    """
    try:
        return selectors.object_selector(selector)
    except ValueError as error:
        raise bad_request(str(error)) from error


def fields_match(resource: Resource, query: str) -> Match:
    """The test a ``fieldSelector`` asks for.

    Raises:
        Problem: 400, the query is not one or names a field this kind cannot be selected by.
    """
    tests = [_field(resource, part) for part in re.split(r"(?<!\\),", query) if part]
    return lambda obj: all(test(obj) for test in tests)


def _field(resource: Resource, part: str) -> Match:
    found = re.fullmatch(r"([^=!]+)(==|=|!=)(.*)", part)
    if found is None:
        raise bad_request(f"invalid selector: '{part}'; can't understand '{part}'")
    key, sign, said = found.groups()
    if re.search(r"[\\=]", _ESCAPED.sub("", said)):
        raise bad_request(f"invalid selector: '{part}'; can't understand '{said}'")
    wanted = _ESCAPED.sub(r"\1", said)
    if key not in _selectable(resource):
        raise _unknown_field(resource, key)
    path = tuple(key.split("."))
    return lambda obj: (_text(dig(obj, path), key) == wanted) is (sign != "!=")


def _selectable(resource: Resource) -> tuple[str, ...]:
    return ("metadata.name", *(("metadata.namespace",) if resource.namespaced else ()), *resource.fields)


def _unknown_field(resource: Resource, key: str) -> Problem:
    return bad_request(f"field label not supported: {key} (known of {resource.id}: {', '.join(_selectable(resource))})")


def _text(value: Any, key: str) -> str:
    if value is None:
        return "false" if key in ("spec.unschedulable", "spec.hostNetwork") else ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def selects(resource: Resource, labels: str, fields: str) -> Match:
    """Both selectors of a request as one test.

    Raises:
        Problem: 400, one of them cannot be understood.
    """
    by_label, by_field = labels_match(labels), fields_match(resource, fields)
    if not fields:
        return lambda obj: by_label(labels_of(obj))
    return lambda obj: bool(meta(obj)) and by_label(labels_of(obj)) and by_field(obj)
