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
    if error["type"] == "missing":
        return "is missing", ""
    said = str(error["msg"]).removeprefix("Value error, ")
    return said[0].lower() + said[1:] if said[:2].istitle() else said, ""


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
