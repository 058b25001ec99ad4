"""Whether: is this the cluster or account the config names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from simian_army.model import Scene, Verdict


@dataclass(frozen=True, slots=True)
class KnownPlace:
    """Allows unleashed faults only where the platform's identity is one that config names.

    ``known`` maps a platform to its cluster uid or accounts.
    """

    name: ClassVar[str] = "identity"
    early: ClassVar[bool] = False
    known: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def __call__(self, scene: Scene) -> Verdict:
        """A denial is final: every target of the run is in the same place."""
        here, platform = scene.identity, scene.fault.target.platform
        if here is None:
            return self._no(f"where {platform} really is could not be read")
        if here.platform != platform:
            return self._no(f"the identity read is of {here.platform}, the target is on {platform}")
        if here.embedded:
            return Verdict(self.name, allowed=True, reason=f"not applicable: {here.endpoint} is the embedded world")
        if scene.leashed:
            return Verdict(self.name, allowed=True, reason=f"leashed, not compared: this is {here.id}")
        known = self.known.get(platform, frozenset())
        listed = ", ".join(sorted(known))
        if here.id in known:
            return Verdict(self.name, allowed=True, reason=f"{here.endpoint} is {here.id}, as config says ({listed})")
        asked = f"config asks for {listed}" if known else "config names none (cluster_uid or accounts)"
        return self._no(f"{here.endpoint} is {here.id or 'unknown'}, {asked}")

    def _no(self, reason: str) -> Verdict:
        return Verdict(self.name, allowed=False, reason=reason, final=True)
