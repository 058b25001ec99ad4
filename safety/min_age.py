"""Whether: is the target old enough."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import ClassVar

from safety.wording import age, span
from simian_army.model import Scene, Target, Verdict

NONE = timedelta(0)
AGELESS = frozenset({"proxy"})
"""The kinds of which nobody ever tells the age."""
ANY_AGE = Verdict("min-age", allowed=True, reason="not applicable: the minimum age is 0 s")


@dataclass(frozen=True, slots=True)
class MinAge:
    """Allows targets born at least ``minimum`` ago."""

    name: ClassVar[str] = "min-age"
    early: ClassVar[bool] = True
    minimum: timedelta = NONE

    def __call__(self, scene: Scene) -> Verdict:
        """A target born in the future (a skewed clock) counts as just born."""
        if self.minimum <= NONE:
            return ANY_AGE
        born = scene.fault.target.born
        if born is None:
            return _ageless(scene.fault.target.kind, self.minimum)
        old = scene.now - born
        return _verdict(old >= self.minimum, age(old), self.minimum)

    def changes(self, target: Target, now: datetime) -> datetime | None:
        """When a target that is too young at ``now`` is old enough; None for all others: it stays so."""
        old_enough = target.born + self.minimum if target.born and self.minimum > NONE else now
        return old_enough if old_enough > now else None


@lru_cache(maxsize=64)
def _ageless(kind: str, minimum: timedelta) -> Verdict:
    if kind in AGELESS:
        return Verdict("min-age", allowed=True, reason=f"not applicable: nobody tells how old a {kind} is")
    return Verdict("min-age", allowed=False, reason=f"nobody knows how old it is, {span(minimum)} is the minimum")


@lru_cache(maxsize=1024)
def _verdict(allowed: bool, old: str, minimum: timedelta) -> Verdict:  # noqa: FBT001 - the key of a cache
    return Verdict("min-age", allowed, f"{old} old, {span(minimum)} is the minimum")
