"""Whether: can what the fault destroys be had again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

from simian_army.model import Scene, Verdict


class Nature(NamedTuple):
    """What wiring knows of a fault kind: is it reverted, and if not, does a controller replace what it destroys, or the
    target itself make it anew."""

    reversible: bool
    replaces: bool
    anew: bool = False


@dataclass(frozen=True, slots=True)
class Irreversible:
    """Allows reversible kinds, those whose loss a controller makes good, and those named in ``allow``."""

    name: ClassVar[str] = "irreversible"
    early: ClassVar[bool] = True
    kinds: Mapping[str, Nature] = field(default_factory=dict)
    allow: frozenset[str] = frozenset()

    def __call__(self, scene: Scene) -> Verdict:
        """A kind nobody knows is denied."""
        kind = scene.fault.kind
        nature = self.kinds.get(kind)
        if nature is None:
            return Verdict(self.name, allowed=False, reason=f"nobody knows whether {kind} can be undone")
        if nature.reversible:
            return Verdict(self.name, allowed=True, reason=f"not applicable: {kind} is reverted")
        if nature.anew or (nature.replaces and scene.fault.target.replaced):
            return Verdict(self.name, allowed=True, reason=f"not applicable: what {kind} destroys is replaced")
        listed = ", ".join(sorted(self.allow)) or "empty"
        if kind in self.allow:
            return Verdict(self.name, allowed=True, reason=f"{kind} is in safety.allow_irreversible ({listed})")
        lost = "nothing replaces this target" if nature.replaces else "cannot be undone"
        reason = f"{kind}: {lost}, and it is not in safety.allow_irreversible ({listed}); to allow it, add it"
        return Verdict(self.name, allowed=False, reason=reason)
