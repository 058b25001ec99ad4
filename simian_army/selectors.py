"""Which labels a selector means: queries as people write them, and LabelSelector objects as Kubernetes stores them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

Labels: TypeAlias = Mapping[str, str]
Test: TypeAlias = Callable[[Labels], bool]
"""Whether labels are meant."""

Term: TypeAlias = tuple[str, str, tuple[str, ...]]
"""Key, operator (``In``, ``NotIn``, ``Exists`` or ``DoesNotExist``) and values of one requirement."""

_PART = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_WORD = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?(?![-A-Za-z0-9_.])"
_NAME = rf"(?:{_PART}(?:\.{_PART})*/)?{_WORD}"
_VALUE = rf"(?:{_WORD})?"
KEY = re.compile(_NAME)
VALUE = re.compile(_VALUE)
_WHOLE = re.compile(r"-?\d{1,18}")
_REQUIREMENT = re.compile(
    rf"\s*(?:(?P<absent>!)\s*(?P<gone>{_NAME})"
    rf"|(?P<key>{_NAME})\s*(?:(?P<sign>==|=|!=|>|<)\s*(?P<value>{_VALUE})"
    rf"|\s(?P<word>in|notin)\s*\((?P<values>[^()]*)\))?)\s*(?:,(?=.)|$)"
)
_WRITTEN = {
    "In": "{key} in ({values})",
    "NotIn": "{key} notin ({values})",
    "Exists": "{key}",
    "DoesNotExist": "!{key}",
}


def labels_match(query: str) -> Test:
    """The test that a label query (``app=web,tier in (a,b),!old``) asks for; an empty one means everything.

    Raises:
        ValueError: the query is not one.
    """
    tests = [_requirement(found) for found in _requirements(query)]
    return lambda labels: all(test(labels) for test in tests)


def keys_of(query: str) -> list[str]:
    """The keys that a label query asks for, each once.

    Raises:
        ValueError: the query is not one.
    """
    return list(dict.fromkeys(found["gone"] or found["key"] for found in _requirements(query)))


def object_selector(selector: Mapping[str, Any] | None) -> Test:
    """The test that a LabelSelector object asks for: None means nothing, an empty one everything.

    Raises:
        ValueError: it is not one, or holds an operator that is none.
    """
    if selector is None:
        return lambda _: False
    pairs = _pairs(selector)
    tests = [_operator(*term) for term in _terms(selector)]
    return lambda labels: all(labels.get(k) == v for k, v in pairs) and all(test(labels) for test in tests)


def written(selector: Mapping[str, Any] | None) -> str:
    """A LabelSelector object as a query; None is written like an empty one, for a query cannot mean nothing.

    Raises:
        ValueError: it is not one, or holds an operator that is none.
    """
    if selector is None:
        return ""
    parts = [f"{key}={value}" for key, value in _pairs(selector)]
    for key, operator, values in _terms(selector):
        if operator not in _WRITTEN:
            raise _unknown(operator)
        parts.append(_WRITTEN[operator].format(key=key, values=",".join(values)))
    return ",".join(parts)


def _requirements(query: str) -> Iterator[re.Match[str]]:
    position = 0
    while position < len(query):
        found = _REQUIREMENT.match(query, position)
        if found is None:
            raise ValueError(f"unable to parse requirement: found {query[position:]!r}, expected: a label requirement")
        yield found
        position = found.end()


def _pairs(selector: Mapping[str, Any]) -> list[tuple[str, str]]:
    if not isinstance(selector, Mapping):
        raise ValueError(f"{selector!r} is not a label selector")
    pairs = selector.get("matchLabels") or {}
    if not isinstance(pairs, Mapping):
        raise ValueError(f"matchLabels: {pairs!r} is not a mapping of labels")
    return sorted(pairs.items())


def _terms(selector: Mapping[str, Any]) -> Iterator[Term]:
    terms = selector.get("matchExpressions") or ()
    if not isinstance(terms, list | tuple):
        raise ValueError(f"matchExpressions: {terms!r} is not a list")
    for term in terms:
        if not isinstance(term, Mapping) or not isinstance(term.get("key"), str):
            raise ValueError(f"matchExpressions: {term!r} names no key")
        values = term.get("values") or ()
        if not isinstance(values, list | tuple):
            raise ValueError(f"matchExpressions: {values!r} is not a list of values")
        yield term["key"], str(term.get("operator")), tuple(map(str, values))


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
        raise ValueError(f"unable to parse requirement: for 'Gt', 'Lt' operators, {value!r} must be an integer")

    def test(labels: Labels) -> bool:
        said = labels.get(key, "")
        return bool(_WHOLE.fullmatch(said)) and (int(said) > int(value) if sign == ">" else int(said) < int(value))

    return test


def _must_be_values(values: tuple[str, ...]) -> None:
    for value in values:
        if not VALUE.fullmatch(value):
            raise ValueError(f"unable to parse requirement: {value!r} is not a label value")


def _operator(key: str, operator: str, values: tuple[str, ...]) -> Test:
    if operator == "In":
        return lambda labels: labels.get(key) in values
    if operator == "NotIn":
        return lambda labels: labels.get(key) not in values
    if operator == "Exists":
        return lambda labels: key in labels
    if operator == "DoesNotExist":
        return lambda labels: key not in labels
    raise _unknown(operator)


def _unknown(operator: str) -> ValueError:
    return ValueError(f'"{operator}" is not a valid label selector operator')
