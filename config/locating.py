"""Where in a file a mistake stands, and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from config.parts import LocatedError
from config.text import Lines
from simian_army.errors import Mistake

SECTION, LIST, TEXT = "must be a section of keys and values", "must be a list, such as [a, b]", "must be text"
WHOLE, NUMBER, EITHER = "must be a whole number", "must be a number", "must be true or false"
SAID = {
    "missing": "is missing",
    "string_type": TEXT,
    "string_too_short": "must have {min_length} or more characters",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "must have the form {pattern}",
    "int_type": WHOLE,
    "int_parsing": WHOLE,
    "int_from_float": WHOLE,
    "float_type": NUMBER,
    "float_parsing": NUMBER,
    "finite_number": NUMBER,
    "bool_type": EITHER,
    "bool_parsing": EITHER,
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "too_short": "must have at least {min_length}, and has {actual_length}",
    "too_long": "must have at most {max_length}, and has more",
    "list_type": LIST,
    "tuple_type": LIST,
    "set_type": LIST,
    "frozen_set_type": LIST,
    "dict_type": SECTION,
    "mapping_type": SECTION,
    "model_type": SECTION,
    "model_attributes_type": SECTION,
}
"""What a type of pydantic's errors means, in our words and with what pydantic says of it."""

SPAN = re.compile(r"datetime\.timedelta\((?:days=(?P<days>\d+))?(?:, )?(?:seconds=(?P<seconds>\d+)|0)?\)")
UNITS = {"day": 86400, "hour": 3600, "minute": 60, "second": 1}


def mistakes_in(error: Any, path: Path, lines: Lines, root: type[BaseModel]) -> list[Mistake]:
    """What one of pydantic's errors over a file says, located; ``root`` is what the whole file is."""
    where = _path(error["loc"])
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, LocatedError):
        return [
            Mistake(str(path), line_of(lines, _join(where, key)), _join(where, key), message, hint)
            for key, message, hint in cause.found
        ]
    message, hint = _words(error, root)
    return [Mistake(str(path), line_of(lines, where), where, message, hint)]


def _words(error: Any, root: type[BaseModel]) -> tuple[str, str]:
    if error["type"] == "extra_forbidden":
        key = str(error["loc"][-1])
        near = get_close_matches(key, _siblings(error["loc"], root), n=1)
        return "unknown key", f"did you mean {near[0]}?" if near else ""
    if error["type"] in SAID:
        return SAID[error["type"]].format(**{name: _shown(value) for name, value in error.get("ctx", {}).items()}), ""
    said = str(error["msg"]).removeprefix("Value error, ")
    return said[0].lower() + said[1:] if said[:2].istitle() else said, ""


def _shown(value: object) -> object:
    """Pydantic hands some lengths of time over in words, ``12 hours``, and others as Python writes them."""
    found = SPAN.fullmatch(str(value))
    if found is None:
        return value
    seconds = int(found["days"] or 0) * UNITS["day"] + int(found["seconds"] or 0)
    unit = next(name for name, size in UNITS.items() if seconds % size == 0 and (seconds or size == 1))
    count = seconds // UNITS[unit]
    return f"{count} {unit}{'' if count == 1 else 's'}"


def _siblings(location: Sequence[Any], root: type[BaseModel]) -> list[str]:
    model: Any = root
    for step in location[:-1]:
        if isinstance(step, int):
            continue
        field = next((f for n, f in model.model_fields.items() if step in (n, f.alias)), None)
        model = _model(field.annotation) if field else None
        if model is None:
            return []
    return [field.alias or name for name, field in model.model_fields.items()]


def _model(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in getattr(annotation, "__args__", ()) if (found := _model(part))), None)


def _path(location: Sequence[Any]) -> str:
    text = ""
    for step in location:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def _join(where: str, key: str) -> str:
    return f"{where}.{key}" if where and key else where or key


def line_of(lines: Lines, where: str) -> int:
    """The line of a key path, or of the nearest one above it that has one."""
    while where and where not in lines:
        where = re.sub(r"(\.[^.\[]+|\[\d+\]|^[^.\[]+)$", "", where)
    return lines.get(where, 1)
