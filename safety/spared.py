"""Which members of a group are never stopped: leaders by their labels, and the first of a StatefulSet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from simian_army.model import Target
from simian_army.selectors import Test, labels_match

INDEX = "apps.kubernetes.io/pod-index"
"""The label in which a StatefulSet writes a pod's ordinal."""

STATEFUL = "StatefulSet"


def _nobody(_: object) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Spared:
    """``query`` is the label query that ``leads`` tests; an empty one spares nobody."""

    query: str = ""
    ordinal_zero: bool = False
    leads: Test = field(default=_nobody, repr=False, compare=False)

    @classmethod
    def of(cls, query: str, *, ordinal_zero: bool) -> Self:
        """From what config says.

        Raises:
            ValueError: the query is none.
        """
        return cls(query, ordinal_zero, labels_match(query) if query.strip() else _nobody)

    def why(self, target: Target) -> str:
        """Why it is spared; empty when it is not."""
        if self.leads(target.labels):
            return f"{target} matches {self.query} (spare.labels)"
        if self.ordinal_zero and _is_first(target):
            return f"{target} is the first of its StatefulSet (spare.ordinal_zero)"
        return ""


def _is_first(target: Target) -> bool:
    """By its label or by its name: labels are tenants' to write, so neither can talk the other out of it."""
    owner = next((level for level in target.levels if level.kind == STATEFUL), None)
    if target.kind != "pod" or owner is None:
        return False
    return target.labels.get(INDEX) == "0" or target.name == f"{owner.name}-0"
