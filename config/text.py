"""How the YAML text becomes plain values, each with the line it stands on; safe, and without YAML's old traps."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from simian_army.errors import ConfigError, Mistake

LIMIT = 1 << 20
"""Bytes; a larger file is refused unread."""

MAKE = "make one with `simian init`, or name yours with -c FILE"
"""How a config comes to be."""

Lines = dict[str, int]


class _Loader(yaml.SafeLoader):
    """YAML with JSON's scalars only: ``on`` stays a word, and 22:00 is no number."""


_Loader.yaml_implicit_resolvers = {}
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:null|~|)$"), ["n", "~", ""])
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^-?(?:0|[1-9][0-9]*)$"), list("-0123456789"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"^-?[0-9]+\.[0-9]+$"), list("-0123456789"))


def read(path: Path, make: str = MAKE) -> str:
    """The text of a config file; ``make`` says how one comes to be.

    Raises:
        ConfigError: it is missing, no file, too large or not UTF-8.
    """
    try:
        if path.stat().st_size > LIMIT:
            raise _one(path, 0, f"larger than {LIMIT // 1024} KiB, which no config is; is it the right file?")
        return path.read_bytes().decode()
    except FileNotFoundError as error:
        raise _one(path, 0, "there is no such file", make) from error
    except UnicodeDecodeError as error:
        raise _one(path, 0, "not UTF-8 text") from error
    except OSError as error:
        raise _one(path, 0, f"cannot be read: {error.strerror}") from error


def parse(path: Path, text: str, make: str = MAKE) -> tuple[Any, Lines]:
    """The values, and the line of each key path.

    Raises:
        ConfigError: it is no YAML, has several documents, aliases, or a key twice.
    """
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        said = getattr(error, "problem", None) or str(error)
        raise _one(path, mark.line + 1 if mark else 0, f"not readable as YAML: {said}") from error
    if node is None:
        raise _one(path, 1, "the file is empty", make)
    lines: Lines = {}
    mistakes: list[Mistake] = []
    _walk(_Place(path, lines, mistakes, set()), node, "")
    if mistakes:
        raise ConfigError(mistakes)
    try:
        return loader.construct_document(node), lines
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        message = f"not safe YAML: {getattr(error, 'problem', error)}"
        raise _one(path, mark.line + 1 if mark else 0, message) from error


class _Place:
    """Where the walk puts what it finds."""

    def __init__(self, path: Path, lines: Lines, mistakes: list[Mistake], seen: set[int]) -> None:
        self.path, self.lines, self.mistakes, self.seen = path, lines, mistakes, seen

    def wrong(self, node: yaml.Node, where: str, message: str, hint: str = "") -> None:
        self.mistakes.append(Mistake(str(self.path), node.start_mark.line + 1, where, message, hint))


def _walk(place: _Place, node: yaml.Node, where: str) -> None:
    place.lines[where] = node.start_mark.line + 1
    if id(node) in place.seen:
        place.wrong(node, where, "aliases (&name, *name) are not used here", "write the value out")
        return
    place.seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            _walk(place, item, f"{where}[{number}]")
    if isinstance(node, yaml.MappingNode):
        _walk_keys(place, node, where)


def _walk_keys(place: _Place, node: yaml.MappingNode, where: str) -> None:
    known: set[str] = set()
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            place.wrong(key, where, "a key must be a word")
            continue
        key.tag = "tag:yaml.org,2002:str"
        here = f"{where}.{key.value}" if where else str(key.value)
        if key.value in known:
            place.wrong(key, here, "the key stands there twice", "keep one")
        known.add(key.value)
        _walk(place, value, here)
        place.lines[here] = key.start_mark.line + 1


def _one(path: Path, line: int, message: str, hint: str = "") -> ConfigError:
    return ConfigError([Mistake(str(path), line, "", message, hint)])
