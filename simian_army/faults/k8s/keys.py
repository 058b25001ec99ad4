"""What can be done to one key of a ConfigMap or Secret: another value, an empty one, or none at all."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

from simian_army.errors import Refused
from simian_army.faults.k8s.arguments import known, word
from simian_army.faults.k8s.dns_fault import NOWHERE
from simian_army.faults.k8s.in_place import value_at
from simian_army.model import Fault, Json, Selector

SET, REMOVE, EMPTY, DNS = "set", "remove", "empty", "dns"

KEY = "which key of it"
VALUE = "the text that stands there instead, as config gives it; only with `change: set`"

_PART = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_HOST = rf"(?:{_PART}\.)*[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?"  # what ends in a number is an address
_NAMED = (
    re.compile(rf"(?P<before>//(?:[^\s/@]*@)?){_HOST}\.?(?![A-Za-z0-9-]|\.[A-Za-z0-9])"),
    re.compile(rf"(?P<before>(?<![A-Za-z0-9./@-])){_HOST}(?=:[0-9]{{1,5}}(?![0-9A-Za-z]))"),
)
"""Where a host is named in a text: in a URL, and before a port."""

_LIST = re.compile(rf"{_HOST}(?:[,\s]+{_HOST})*")


def key_of(fault: Fault, params: Mapping[str, str]) -> str:
    """The key that is meant.

    Raises:
        Refused: none is named, or a parameter is not known.
    """
    known(fault, params)
    key = word(fault, "key")
    if not key:
        raise Refused(f"{fault.kind}: name the key that is to be changed: params: {{key: NAME}}")
    return key


def expect_mutable(fault: Fault, obj: Json) -> None:
    """Raise unless the server lets it be changed.

    Raises:
        Refused: it is immutable.
    """
    if value_at(obj, ("immutable",)) is True:
        raise Refused(f"{fault.target}: it is immutable, it can only be deleted and made anew")


def users_of(fault: Fault) -> Selector:
    """Every pod that mounts it, takes variables from it, or pulls images with it; who reads it by the API nobody can
    tell."""
    target = fault.target
    return Selector(kind="pod", scopes=(target.scope,), fields=(("uses", f"{target.kind}/{target.name}"),))


def changed(fault: Fault, before: str | None, changes: tuple[str, ...]) -> str | None:
    """What the key says instead of the text ``before``, None where that is not told; None when it goes.

    Raises:
        Refused: the parameters make no sense, or it says so already.
    """
    value = fault.params.get("value")
    change = word(fault, "change", EMPTY if value is None else SET)
    if change not in changes:
        raise Refused(f"{fault.kind}: change is {change!r}, give {', '.join(changes[:-1])} or {changes[-1]}")
    if (change == SET) is (value is None):
        raise Refused(f"{fault.kind}: value belongs to `change: set`, and to no other")
    after: dict[str, str | None] = {SET: word(fault, "value"), REMOVE: None, EMPTY: ""}
    said = _elsewhere(fault, before or "") if change == DNS else after[change]
    expect_another(fault, before, said)
    return said


def expect_another(fault: Fault, before: str | None, after: str | None) -> None:
    """Raise unless the key says something else already.

    Raises:
        Refused: it does not.
    """
    if before is not None and after == before:
        raise Refused(f"{fault.target}: the key says so already, nothing would change")


def coded(text: str | None) -> str | None:
    """A value as a Secret or ``binaryData`` holds it."""
    return None if text is None else base64.b64encode(text.encode()).decode()


def part_with(obj: Json, key: str, parts: tuple[str, ...]) -> tuple[str, Any] | None:
    """Which part of it has the key, and what stands there; None when none has."""
    found = ((part, value_at(obj, (part, key))) for part in parts)
    return next(((part, value) for part, value in found if isinstance(value, str)), None)


def _elsewhere(fault: Fault, before: str) -> str:
    """The text, with a name that is nowhere for every host it names."""
    moved, many = before, 0
    for named in _NAMED:
        moved, more = named.subn(rf"\g<before>{NOWHERE}", moved)
        many += more
    if not many and _LIST.fullmatch(before.strip()):
        moved, many = re.subn(_HOST, NOWHERE, before)
    if not many:
        raise Refused(
            f"{fault.target}: no host is named in that key: none in a URL, none before a port, no list of them"
        )
    return moved
