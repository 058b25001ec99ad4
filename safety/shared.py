"""Whether: has everyone else the fault harms opted in to it, and is none of them protected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from safety.consent import Also, consent
from safety.protected import protection
from simian_army.bearing import BEARERS, place_of
from simian_army.model import Scene, Target, Verdict
from simian_army.standing import SWEPT

NAMED = 10
FINISHED = frozenset({"Succeeded", "Failed"})


@dataclass(frozen=True, slots=True)
class Shared:
    """Allows a fault only if every pod in its reach consents; static and finished pods are not asked, nor those of
    DaemonSets that the fault does not sweep away.

    A pod in a namespace that matches a pattern of ``protected`` never consents, whatever its labels say. ``also`` are
    the keys of others that consent too.
    """

    name: ClassVar[str] = "shared"
    early: ClassVar[bool] = False
    protected: tuple[str, ...] = ()
    also: tuple[Also, ...] = ()

    def __call__(self, scene: Scene) -> Verdict:
        """Denies when the reach is not known, and names up to ten of those that do not consent."""
        if scene.reach is None:
            return Verdict(self.name, allowed=False, reason="whom the fault harms could not be computed")
        ours = frozenset((scene.fault.undo or {}).get(BEARERS, ()))  # what the fault itself made is asked nothing
        asked = [other for other in scene.reach if is_harmed(other) and place_of(other) not in ours]
        if not asked:
            return Verdict(self.name, allowed=True, reason=f"not applicable: {_nobody(len(scene.reach))}")
        verdicts = ((other, self._one(scene, other)) for other in asked)
        noes = [(other, verdict) for other, verdict in verdicts if not verdict.allowed]
        if not noes:
            return Verdict(self.name, allowed=True, reason=f"all {len(asked)} others harmed consent")
        named = "; ".join(f"{other}: {verdict.reason}" for other, verdict in noes[:NAMED])
        more = f"; and {len(noes) - NAMED} more" if len(noes) > NAMED else ""
        reason = f"{len(noes)} of {len(asked)} others harmed do not consent, all must: {named}{more}"
        return Verdict(self.name, allowed=False, reason=reason)

    def _one(self, scene: Scene, other: Target) -> Verdict:
        spared = protection(self.protected, other.scope if other.platform == "kubernetes" else "")
        return consent(scene.use, scene.fault.kind, other, self.also) if spared.allowed else spared


def is_harmed(other: Target) -> bool:
    """Whether the fault can harm it: DaemonSet pods that are not swept away and static ones stay where they are,
    finished ones are done."""
    facts = other.facts
    stays = "/DaemonSet/" in other.group and facts.get(SWEPT) is not True
    return not stays and facts.get("mirror") is not True and facts.get("phase") not in FINISHED


def _nobody(reached: int) -> str:
    if not reached:
        return "it harms nobody else"
    return f"all {reached} others it reaches are DaemonSet, static or finished pods"
