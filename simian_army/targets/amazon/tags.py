"""Which tags a label query asks for; of AWS only a part of it can be asked, so the rest is looked at here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simian_army.errors import PlatformError

_KEY = r'(?:"[^"]*"|[^\s,()"!=]+)'
_VALUE = r'(?:"[^"]*"|[^\s,()"]*)'
_ITEM = r'(?:"[^"]*"|[^\s,()"]+)'
_NEED = re.compile(
    rf"""\s*(?:
        !\s*(?P<absent>{_KEY})
      | (?P<key>{_KEY})\s*(?P<sign>==|=|!=)\s*(?P<value>{_VALUE})
      | (?P<one>{_KEY})\s+(?P<set>in|notin)\s*\(\s*(?P<values>{_ITEM}(?:\s*,\s*{_ITEM})*)\s*\)
      | (?P<there>{_KEY})
    )\s*(?P<end>,|$)""",
    re.VERBOSE,
)
_ITEMS = re.compile(_ITEM)
_WILD = re.compile(r"([*?])")
_MOST = 200  # values that AWS takes in one filter


@dataclass(frozen=True, slots=True)
class Need:
    """One requirement: a tag ``key`` with one of ``values`` (None: any value) is there, or, unless ``wanted``, not."""

    key: str
    values: frozenset[str] | None
    wanted: bool = True


def parse(query: str) -> tuple[Need, ...]:
    """The requirements of a query, all of which must hold: ``app=shop,tier in (a,b),env!=prod,team,!x``.

    As in Kubernetes ``!=`` and ``notin`` hold where the tag is missing. Keys and values with spaces, commas,
    parentheses (keys also ``=`` and ``!``) stand in double quotes.

    Raises:
        PlatformError: a part of it cannot be understood.
    """
    needs: list[Need] = []
    at, more = 0, bool(query.strip())
    while more:
        found = _NEED.match(query, at)
        need = _need(found) if found else None
        if found is None or need is None:
            raise PlatformError(
                f"aws: the tag query {query!r} cannot be understood at {query[at:].strip()!r}: write key=value, "
                'key!=value, key in (a,b), key notin (a,b), key or !key, and "in quotes" what has spaces or commas'
            )
        needs.append(need)
        at, more = found.end(), found["end"] == ","
    return tuple(needs)


def holds(needs: Sequence[Need], tags: Mapping[str, str]) -> bool:
    """Whether ``tags`` are as all of ``needs`` ask, exact in case and without wildcards."""
    return all(_there(need, tags) is need.wanted for need in needs)


def filters(needs: Sequence[Need], *, wild: bool) -> list[dict[str, Any]]:
    """What of ``needs`` AWS can be asked, as its filters: never less than what ``holds`` lets through.

    ``wild`` says that the service takes ``*`` and ``?`` in values for wildcards, so that they are escaped.
    """
    asked: dict[str, list[str]] = {}
    for need in needs:
        name = "tag-key" if need.values is None else f"tag:{need.key}"
        values = sorted({need.key} if need.values is None else need.values)
        # two filters of one name are not said to be joined by "and": the second is left to us
        if need.wanted and name not in asked and _askable(values, wild=wild):
            asked[name] = [_WILD.sub(r"\\\1", value) if wild else value for value in values]
    return [{"Name": name, "Values": values} for name, values in asked.items()]


def tag_is(key: str, value: str) -> Need:
    """The tag has exactly this value."""
    return Need(key, frozenset({value}))


def _need(found: re.Match[str]) -> Need | None:
    if found["absent"]:
        need = Need(_bare(found["absent"]), None, wanted=False)
    elif found["there"]:
        need = Need(_bare(found["there"]), None)
    elif found["key"]:
        need = Need(_bare(found["key"]), frozenset({_bare(found["value"])}), wanted=found["sign"] != "!=")
    else:
        values = frozenset(_bare(item) for item in _ITEMS.findall(found["values"]))
        need = Need(_bare(found["one"]), values, wanted=found["set"] == "in")
    return need if need.key else None


def _there(need: Need, tags: Mapping[str, str]) -> bool:
    return need.key in tags and (need.values is None or tags[need.key] in need.values)


def _askable(values: Sequence[str], *, wild: bool) -> bool:
    # how a backslash is to be escaped is not said, nor what an empty value finds, so they are not sent
    strange = "\\" if wild else "\\*?"
    return len(values) <= _MOST and all(values) and not any(set(strange) & set(value) for value in values)


def _bare(text: str) -> str:
    return text[1:-1] if text.startswith('"') else text
