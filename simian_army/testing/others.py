"""What somebody else makes of a thing that a fault changed: another value again, neither the old one nor ours."""

from __future__ import annotations

from typing import Any

THEIRS = "theirs00"
"""A word that may stand in a name, an image, a label, a host and base64 alike."""


def third(before: Any, now: Any) -> Any:
    """``now``, with a third value wherever it differs from ``before``; the old one where there are but two."""
    if before == now:
        return now
    if isinstance(now, dict) and isinstance(before, dict | None):
        return {key: third((before or {}).get(key), now.get(key)) for key in {**(before or {}), **now}}
    if isinstance(now, list) and isinstance(before, list | None):
        return _third_list(before or [], now)
    said = before if now is None else now
    if isinstance(said, bool):
        return before if before is not None else not now
    if isinstance(said, int):
        return max(one for one in (before, now) if one is not None) + 1
    return THEIRS


def _third_list(before: list[Any], now: list[Any]) -> list[Any]:
    if len(before) == len(now):
        return [third(one, other) for one, other in zip(before, now, strict=True)]
    return [*before, *(_another(one) for one in now if one not in before)]


def _another(one: Any) -> Any:
    """A thing of theirs instead of the one that we added."""
    if not isinstance(one, dict):
        return THEIRS
    return {key: THEIRS if key in ("name", "key") else value for key, value in one.items()}
