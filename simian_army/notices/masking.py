"""How secrets are kept out of texts: every value that config gave a notifier, whole and in pieces, becomes ***."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

SHORTEST = 6  # letters; a shorter piece is a word like any other, and hides nothing
HIDDEN = "***"


def masking(*values: Any) -> Callable[[str], str]:
    """A function that takes all texts in ``values`` (strings, in lists and mappings at any depth) out of a text."""
    found = {piece for value in values for text in _texts(value) for piece in _pieces(text)}
    if not found:
        return lambda text: text
    pattern = re.compile("|".join(re.escape(piece) for piece in sorted(found, key=len, reverse=True)))
    return lambda text: pattern.sub(HIDDEN, text)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _texts(item)


def _pieces(text: str) -> Iterator[str]:
    for said in {text, unquote(text)}:
        yield from (piece for piece in [said, *re.split(r"[/:@?&=#,\s]+", said)] if len(piece) >= SHORTEST)
