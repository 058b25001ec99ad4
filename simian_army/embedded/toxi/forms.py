"""What the JSON of a request says, read as leniently and as strictly as the real server does."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]
_INT64 = 1 << 63


class Problem(Exception):
    """A no of the server: ``status`` and the words of its ``error``."""

    def __init__(self, status: int, words: str) -> None:
        self.status, self.words = status, words
        super().__init__(f"{status} {words}")


def bad_body(words: str) -> Problem:
    """The body is not what it should be."""
    return Problem(400, f"bad request body: {words}")


def value_of(body: bytes) -> Any:
    """The first JSON value in a body; what follows it is ignored.

    Raises:
        Problem: there is none.
    """
    try:
        text = body.decode().lstrip(" \t\r\n")
        if not text:
            raise bad_body("EOF")
        return json.JSONDecoder(parse_constant=_no_constant).raw_decode(text)[0]
    except (ValueError, RecursionError) as error:
        raise bad_body(str(error)) from error


def object_of(value: Any, what: str) -> Json:
    """The members of an object by their names in small letters; null has none.

    Raises:
        Problem: it is another kind of value.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise bad_body(f"json: {what} must be an object")
    return {name.lower(): member for name, member in value.items()}


def text(said: Mapping[str, Any], name: str, default: str = "") -> str:
    """A string.

    Raises:
        Problem: it is none.
    """
    value = said.get(name)
    if value is None:
        return default
    if not isinstance(value, str):
        raise bad_body(f"json: {name} must be a string")
    return value


def flag(said: Mapping[str, Any], name: str, *, default: bool) -> bool:
    """True or false.

    Raises:
        Problem: it is neither.
    """
    value = said.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise bad_body(f"json: {name} must be true or false")
    return value


def whole(said: Mapping[str, Any], name: str, default: int = 0) -> int:
    """A whole number of 64 bits.

    Raises:
        Problem: it is none.
    """
    value = said.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not -_INT64 <= value < _INT64:
        raise bad_body(f"json: {name} must be a whole number")
    return value


def share(said: Mapping[str, Any], name: str, default: float) -> float:
    """A number as 32 bits keep it, written as short as it can be.

    Raises:
        Problem: it is none, or too large.
    """
    value = said.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise bad_body(f"json: {name} must be a number")
    try:
        kept = struct.pack("f", value)
    except (OverflowError, struct.error) as error:
        raise bad_body(f"json: {name} is too large") from error
    exact = struct.unpack("f", kept)[0]
    short = next(number for digits in range(1, 10) if struct.pack("f", number := float(f"{exact:.{digits}g}")) == kept)
    return int(short) if short.is_integer() else short


def _no_constant(name: str) -> Any:
    raise ValueError(f"invalid character {name[0]!r} looking for beginning of value")
