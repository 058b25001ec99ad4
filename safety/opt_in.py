"""Whether: has the target's owner opted in to this use and fault."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from safety.consent import consent
from simian_army.model import Scene, Verdict


@dataclass(frozen=True, slots=True)
class OptIn:
    """Allows only targets that consent, as safety/consent.py reads their labels."""

    name: ClassVar[str] = "opt-in"
    early: bool = True

    def __call__(self, scene: Scene) -> Verdict:
        """The consent of the target itself; that of others it harms is the guard ``shared``'s."""
        fault = scene.fault
        return consent(scene.use, fault.kind, fault.target)
