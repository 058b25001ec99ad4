"""Which pods stay where a taint is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def tolerates(
    tolerations: Sequence[Mapping[str, Any]] | None, taint: Mapping[str, Any], *, for_good: bool = False
) -> bool:
    """Whether a pod with these tolerations may stay under a taint: for a while at least, or ``for_good``."""
    meant = [one for one in tolerations or () if _means(one, taint)]
    terms = [one["tolerationSeconds"] for one in meant if one.get("tolerationSeconds") is not None]
    return bool(meant) and (not terms if for_good else all(seconds > 0 for seconds in terms))


def _means(toleration: Mapping[str, Any], taint: Mapping[str, Any]) -> bool:
    key, operator = toleration.get("key") or "", toleration.get("operator") or "Equal"
    if (toleration.get("effect") or taint["effect"]) != taint["effect"]:
        return False
    if key != taint["key"] and (key or operator != "Exists"):
        return False
    return operator == "Exists" or (
        operator == "Equal" and (toleration.get("value") or "") == (taint.get("value") or "")
    )
