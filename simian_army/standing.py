"""How a group of targets stands: how many of it may still go, and what of it is in motion."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Floor:
    """Somebody's word on how few members a group may have: a PodDisruptionBudget, an autoscaler, an ASG's MinSize.

    ``room`` is how many more may go now, None when it could not be told; ``detail`` says it with its numbers.
    """

    name: str
    room: int | None
    detail: str
