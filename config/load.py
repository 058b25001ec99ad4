"""How simian.yaml is read: YAML to schema, every mistake at once, each with file, line, key path and a suggestion."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from config.locating import line_of, mistakes_in
from config.schema import Settings
from config.text import Lines, parse, read
from simian_army.errors import ConfigError, Mistake

Vet = Callable[[str, str, Mapping[str, Any], str], Sequence[tuple[str, str, str]]]
"""Given plug-in kind, name, arguments and platform: what is wrong, as (key, message, suggestion) each."""

_SECRET = re.compile(r"\$\{(env|file):([^}]*)\}")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A config that is right. ``digest`` is the SHA-256 of what it says, secrets left out; ``secrets`` are the files
    that hold those."""

    settings: Settings
    file: Path
    digest: str
    lines: Lines
    secrets: tuple[Path, ...] = ()

    def mistake(self, path: str, message: str, suggestion: str = "") -> Mistake:
        """A mistake found later, located."""
        return Mistake(str(self.file), line_of(self.lines, path), path, message, suggestion)


def load(path: Path, vet: Vet | None = None) -> Loaded:
    """Read a config file.

    Raises:
        ConfigError: with every mistake in it.
    """
    text = read(path)
    values, lines = parse(path, text)
    if not isinstance(values, dict):
        raise ConfigError([Mistake(str(path), 1, "", "the file must hold keys and values", "see `simian init`")])
    mistakes: list[Mistake] = []
    resolved = _resolve(values, path, lines, mistakes)
    try:
        settings = Settings.model_validate(resolved, context={"vet": vet})
    except ValidationError as error:
        mistakes += [found for one in error.errors() for found in mistakes_in(one, path, lines, Settings)]
    if mistakes:
        raise ConfigError(sorted(mistakes, key=lambda mistake: mistake.line))
    shown = json.dumps(settings.model_dump(mode="json"), sort_keys=True, default=str)
    secrets = tuple(path.parent / name for kind, name in _SECRET.findall(text) if kind == "file")
    return Loaded(settings, path, hashlib.sha256(shown.encode()).hexdigest(), lines, secrets)


def _resolve(value: Any, path: Path, lines: Lines, mistakes: list[Mistake], where: str = "") -> Any:
    if isinstance(value, dict):
        return {k: _resolve(v, path, lines, mistakes, f"{where}.{k}" if where else str(k)) for k, v in value.items()}
    if isinstance(value, list):
        return [_resolve(item, path, lines, mistakes, f"{where}[{n}]") for n, item in enumerate(value)]
    if not isinstance(value, str):
        return value

    def put(match: re.Match[str]) -> str:
        try:
            return _secret(match[1], match[2], path.parent)
        except (OSError, KeyError) as error:
            why = (
                "is not set" if isinstance(error, KeyError) else f"cannot be read: {getattr(error, 'strerror', error)}"
            )
            hint = "make it with `simian init`" if match[1] == "file" else "set it before you start simian"
            mistakes.append(Mistake(str(path), line_of(lines, where), where, f"{match[0]} {why}", hint))
            return "x" * 32  # so that the rest of the file is still checked

    return _SECRET.sub(put, value)


def _secret(kind: str, name: str, folder: Path) -> str:
    if kind == "env":
        return os.environ[name]
    return (folder / name).read_text().strip()
