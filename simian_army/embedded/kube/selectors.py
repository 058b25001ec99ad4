"""Which objects a selector means: label queries, label selectors in objects, and field selectors."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from simian_army.embedded.kube.objects import dig, labels_of, meta
from simian_army.embedded.kube.resources import Resource
from simian_army.embedded.kube.status import Problem, bad_request

Json = dict[str, Any]
Labels = Mapping[str, str]
Match = Callable[[Json], bool]
Test = Callable[[Labels], bool]

_PART = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_WORD = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?(?![-A-Za-z0-9_.])"
_NAME = rf"(?:{_PART}(?:\.{_PART})*/)?{_WORD}"
_VALUE = rf"(?:{_WORD})?"
KEY = re.compile(_NAME)
VALUE = re.compile(_VALUE)
_WHOLE = re.compile(r"-?\d{1,18}")
_ESCAPED = re.compile(r"\\([\\,=])")
_REQUIREMENT = re.compile(
    rf"\s*(?:(?P<absent>!)\s*(?P<gone>{_NAME})"
    rf"|(?P<key>{_NAME})\s*(?:(?P<sign>==|=|!=|>|<)\s*(?P<value>{_VALUE})"
    rf"|\s(?P<word>in|notin)\s*\((?P<values>[^()]*)\))?)\s*(?:,(?=.)|$)"
)


def labels_match(query: str) -> Test:
    """The test a ``labelSelector`` asks for; an empty one means everything.

    Raises:
        Problem: 400, the query is not one.
    """
    tests: list[Test] = []
    position = 0
    while position < len(query):
        found = _REQUIREMENT.match(query, position)
        if found is None or found.end() == position:
            raise bad_request(f"unable to parse requirement: found '{query[position:]}', expected: a label requirement")
        tests.append(_requirement(found))
        position = found.end()
    return lambda labels: all(test(labels) for test in tests)


def _requirement(found: re.Match[str]) -> Test:
    if found["absent"]:
        return _operator(found["gone"], "DoesNotExist", ())
    if found["word"]:
        values = tuple(value.strip() for value in found["values"].split(","))
        _must_be_values(values)
        return _operator(found["key"], "In" if found["word"] == "in" else "NotIn", values)
    if found["sign"] in (">", "<"):
        return _compared(found["key"], found["sign"], found["value"])
    if found["sign"]:
        return _operator(found["key"], "NotIn" if found["sign"] == "!=" else "In", (found["value"],))
    return _operator(found["key"], "Exists", ())


def _compared(key: str, sign: str, value: str) -> Test:
    if not _WHOLE.fullmatch(value):
        raise bad_request(f"unable to parse requirement: for 'Gt', 'Lt' operators, {value!r} must be an integer")

    def test(labels: Labels) -> bool:
        said = labels.get(key, "")
        return bool(_WHOLE.fullmatch(said)) and (int(said) > int(value) if sign == ">" else int(said) < int(value))

    return test


def _must_be_values(values: tuple[str, ...]) -> None:
    for value in values:
        if not VALUE.fullmatch(value):
            raise bad_request(f"unable to parse requirement: {value!r} is not a label value")


def _operator(key: str, operator: str, values: tuple[str, ...]) -> Test:
    if operator == "In":
        return lambda labels: labels.get(key) in values
    if operator == "NotIn":
        return lambda labels: labels.get(key) not in values
    if operator == "Exists":
        return lambda labels: key in labels
    if operator == "DoesNotExist":
        return lambda labels: key not in labels
    raise bad_request(f'"{operator}" is not a valid label selector operator')


def object_selector(selector: Json | None) -> Test:
    """The test a LabelSelector object asks for: None means nothing, an empty one everything.

    Raises:
        Problem: 400, it holds an operator that is none.
    """
    if selector is None:
        return lambda _: False
    pairs = (selector.get("matchLabels") or {}).items()
    tests = [
        _operator(e["key"], e["operator"], tuple(e.get("values") or ())) for e in selector.get("matchExpressions") or ()
    ]
    return lambda labels: all(labels.get(k) == v for k, v in pairs) and all(test(labels) for test in tests)


def written(selector: Json | None) -> str:
    """A LabelSelector object as a query."""
    selector = selector or {}
    parts = [f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items())]
    words = {
        "In": "{key} in ({values})",
        "NotIn": "{key} notin ({values})",
        "Exists": "{key}",
        "DoesNotExist": "!{key}",
    }
    for term in selector.get("matchExpressions") or ():
        values = ",".join(term.get("values") or ())
        parts.append(words[term["operator"]].format(key=term["key"], values=values))
    return ",".join(parts)


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
