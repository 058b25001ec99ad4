"""A query with places for what a target is called: where such a place may stand, and how a value is put there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeAlias

NAMES = ("namespace", "name", "group", "node")
"""What a query may ask of a target: ``$namespace`` and so on."""

_TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*)
      | (?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
      | (?P<raw>`[^`]*`)
      | (?P<open>["'`])
      | (?P<code>[^"'`\#]+)""",
    re.VERBOSE | re.DOTALL,
)
_PLACE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
_MATCHES = re.compile(r"(?<![=!<>~])(=|!=|=~|!~)\s*$")
_PATTERN = re.compile(r"[\[\]{}\\]|\(\?|^[*+?]")
_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")
_MATCHER = re.compile(r"""\s*[a-zA-Z_][a-zA-Z0-9_]*\s*(?:=~|!~|!=|=)\s*(?:"(?:\\.|[^"\\\n])*"|[^\s"'`{},\\\#]+)\s*""")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value goes: between quotes like ``quote``, into a regular expression if ``pattern``."""

    name: str
    quote: str
    pattern: bool

    def put(self, value: str) -> str:
        """The value so that nothing but itself is meant by it.

        Raises:
            ValueError: it is no text that can be sent.
        """
        value.encode()  # half of a surrogate pair has no bytes
        if self.pattern:
            value = _SPECIAL.sub(r"\\\g<0>", value)
        value = value.replace("\\", "\\\\").replace("\n", "\\n")
        return value.replace(self.quote, f"\\{self.quote}")


Part: TypeAlias = str | Place


@dataclass(frozen=True, slots=True)
class Query:
    """A query as config says it, in parts."""

    text: str
    parts: tuple[Part, ...]

    @property
    def names(self) -> frozenset[str]:
        """What of a target it asks for."""
        return frozenset(part.name for part in self.parts if isinstance(part, Place))

    def fill(self, values: Mapping[str, str]) -> str:
        """The query for one target; ``values`` has all ``names``.

        Raises:
            ValueError: a value is no text that can be sent.
        """
        return "".join(part.put(values[part.name]) if isinstance(part, Place) else part for part in self.parts)


def parse(text: str) -> Query:
    """The query that ``text`` is.

    Raises:
        ValueError: a place stands where a value could mean more than itself, or is of no known name.
    """
    if not text.strip():
        raise ValueError("an empty query sees nothing")
    parts: list[Part] = []
    before = ""
    for token in _TOKEN.finditer(text):
        kind, said = str(token.lastgroup), token[0]
        if kind == "open":
            raise ValueError(f"the quote at letter {token.start() + 1} is not closed")
        found = _MATCHES.search(before)
        if kind == "text" and found and _PLACE.search(said):
            parts += _split(said, pattern="~" in found[1])
        else:
            _must_be_plain(kind, said)
            parts.append(said)
        before = before if kind == "comment" else said if kind == "code" else ""
    return Query(text, tuple(parts))


def matcher(text: str) -> Query:
    """One matcher of an alert's labels, ``severity="page"``.

    Raises:
        ValueError: it is none, or as ``parse``.
    """
    if not _MATCHER.fullmatch(text):
        raise ValueError(f'{text!r} is no matcher: write for instance severity="page", with =, !=, =~ or !~')
    return parse(text)


def _split(said: str, *, pattern: bool) -> list[Part]:
    quote, inner = said[0], said[1:-1]
    parts: list[Part] = [quote]
    at = 0
    for place in _PLACE.finditer(inner):
        parts += [inner[at : place.start()], Place(_known(place[1]), quote, pattern)]
        at = place.end()
    parts += [inner[at:], quote]
    if pattern and any(isinstance(part, str) and _PATTERN.search(part) for part in parts):
        raise ValueError(f"{said}: beside a place for a value, a pattern may not use [ ] {{ }} (? *+? or a backslash")
    if any(isinstance(part, str) and part.endswith("\\") for part in parts):
        raise ValueError(f"{said}: a place for a value may not follow a backslash")
    return parts


def _must_be_plain(kind: str, said: str) -> None:
    for place in _PLACE.finditer(said):
        if kind == "code" or place[1] in NAMES:
            where = 'as in {namespace="$namespace"}'
            raise ValueError(f"{place[0]} may stand only between the quotes of a label's value, {where}")


def _known(name: str) -> str:
    if name in NAMES:
        return name
    near = get_close_matches(name, NAMES, n=1)
    hint = f"did you mean ${near[0]}?" if near else f"there are: {', '.join(f'${name}' for name in NAMES)}"
    raise ValueError(f"${name} is nothing a target has; {hint}")
