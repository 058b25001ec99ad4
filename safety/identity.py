"""Whether: is this the cluster or account the config names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from simian_army.model import Identity, Scene, Target, Verdict
from simian_army.servers import same_server


@dataclass(frozen=True, slots=True)
class KnownPlace:
    """Allows unleashed faults only where the platform's identity is one that config names.

    ``known`` maps a platform to its cluster uid or accounts. ``servers`` maps it to the URL that its API must be at,
    ``regions`` to those that its targets must stand in; one that is not named there is not asked for it.
    """

    name: ClassVar[str] = "identity"
    early: ClassVar[bool] = False
    known: Mapping[str, frozenset[str]] = field(default_factory=dict)
    servers: Mapping[str, str] = field(default_factory=dict)
    regions: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def __call__(self, scene: Scene) -> Verdict:
        """A denial is final, for every target of the run is in the same place; but for one on account of a region."""
        here, platform = scene.identity, scene.fault.target.platform
        if here is None:
            return self._no(f"where {platform} really is could not be read")
        if here.platform != platform:
            return self._no(f"the identity read is of {here.platform}, the target is on {platform}")
        if here.embedded:
            return Verdict(self.name, allowed=True, reason=f"not applicable: {here.endpoint} is the embedded world")
        server = self.servers.get(platform, "")
        if server and not same_server(here.endpoint, server):
            return self._no(f"the API is at {here.endpoint}, config says {server} (platforms.{platform}.server)")
        if scene.leashed:
            return Verdict(self.name, allowed=True, reason=f"leashed, not compared: this is {here.id}")
        return self._elsewhere(scene.fault.target) or self._compared(here, platform)

    def _elsewhere(self, target: Target) -> Verdict | None:
        regions = self.regions.get(target.platform)
        region = target.scope.rpartition("/")[2]
        if regions is None or region in regions:
            return None
        listed = ", ".join(sorted(regions)) or "none"
        return Verdict(self.name, allowed=False, reason=f"{target} is in {region or 'no region'}, config says {listed}")

    def _compared(self, here: Identity, platform: str) -> Verdict:
        known = self.known.get(platform, frozenset())
        listed = ", ".join(sorted(known))
        if here.id in known:
            return Verdict(self.name, allowed=True, reason=f"{here.endpoint} is {here.id}, as config says ({listed})")
        asked = f"config asks for {listed}" if known else "config names none (cluster_uid or accounts)"
        return self._no(f"{here.endpoint} is {here.id or 'unknown'}, {asked}")

    def _no(self, reason: str) -> Verdict:
        return Verdict(self.name, allowed=False, reason=reason, final=True)
