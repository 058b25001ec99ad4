"""How many must stay: what ``safety.quorum`` in simian.yaml may say."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator

from config.parts import Part
from simian_army.amounts import Amount
from simian_army.selectors import labels_match

Keep = Annotated[Amount, BeforeValidator(lambda value: value if isinstance(value, Amount) else Amount.parse(value))]


def _query(value: object) -> object:
    labels_match(str(value))  # says what is wrong with it
    return value


class Spare(Part):
    """Who is never stopped: what bears labels that a query means, and the first pod of a StatefulSet."""

    labels: Annotated[str, BeforeValidator(_query)] = ""
    ordinal_zero: bool = False


class Quorum(Part):
    """Whether a group can do without one of its members now.

    ``keep`` must be ready afterwards: a number, or a percentage of those wanted, rounded up. ``whole`` strikes only
    groups that lack nobody and are at rest. ``pdb``, ``hpa`` and ``min_size`` heed PodDisruptionBudgets,
    HorizontalPodAutoscalers and the MinSize of Auto Scaling Groups.
    """

    keep: Keep = Amount(1)
    spare_lone: bool = True
    whole: bool = True
    pdb: bool = True
    hpa: bool = True
    min_size: bool = True
    spare: Spare = Spare()

    @property
    def floors(self) -> tuple[str, ...]:
        """Who on Kubernetes is asked for a word."""
        return tuple(name for name in ("pdb", "hpa") if getattr(self, name))
