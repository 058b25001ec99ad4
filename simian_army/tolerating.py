"""Which pods stay where a taint is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

FOR_GOOD = math.inf


def tolerates(tolerations: Sequence[Mapping[str, Any]] | None, taint: Mapping[str, Any]) -> bool:
    """Whether a pod with these tolerations may stay under a taint, for a while at least."""
    return stays(tolerations, taint) > 0


def stays(tolerations: Sequence[Mapping[str, Any]] | None, taint: Mapping[str, Any]) -> float:
    """For how many seconds it may, or ``FOR_GOOD``: the shortest term of all tolerations that mean the taint."""
    terms = [one.get("tolerationSeconds") for one in tolerations or () if _means(one, taint)]
    return min((FOR_GOOD if term is None else term for term in terms), default=0)


def _means(toleration: Mapping[str, Any], taint: Mapping[str, Any]) -> bool:
    key, operator = toleration.get("key") or "", toleration.get("operator") or "Equal"
    if (toleration.get("effect") or taint["effect"]) != taint["effect"]:
        return False
    if key != taint["key"] and (key or operator != "Exists"):
        return False
    return operator == "Exists" or (
        operator == "Equal" and (toleration.get("value") or "") == (taint.get("value") or "")
    )
