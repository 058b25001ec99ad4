"""How guards say a length of time in plain words, and what others wrote."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache

SHOWN = 60  # characters of what others wrote
UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


@lru_cache(maxsize=1024)
def span(length: timedelta) -> str:
    """``1 d 2 h``, ``90 s`` as ``1 min 30 s``; parts of a second are dropped, and less than one is ``0 s``."""
    rest = max(0, int(length.total_seconds()))
    words: list[str] = []
    for size, unit in UNITS:
        count, rest = divmod(rest, size)
        if count:
            words.append(f"{count} {unit}")
    return " ".join(words) or "0 s"


def age(length: timedelta) -> str:
    """``3 h``: the largest whole unit only, so that a thousand targets share a few dozen wordings."""
    seconds = int(length.total_seconds())
    for size, unit in UNITS:
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return "0 s"


def quoted(text: str) -> str:
    """What others wrote, in quotes: on one line, nothing in it that moves a cursor or passes for our own words, and at
    most 60 characters, with how many there are."""
    return repr(text) if len(text) <= SHOWN else f"{text[:SHOWN]!r}… ({len(text)} characters)"
