"""Whether: has the target's owner opted in to this use and fault."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import ClassVar

from safety.consent import GUARD, Also, consent
from simian_army.model import Scene, Verdict


@dataclass(frozen=True, slots=True)
class OptIn:
    """Allows only targets that consent, as safety/consent.py reads their labels.

    ``by_name`` are the platforms whose targets bear no labels: there config itself names, by patterns (``*`` as in a
    shell, a leading ``!`` excludes), who opted in. ``also`` are the keys of others that consent too.
    """

    name: ClassVar[str] = GUARD
    early: ClassVar[bool] = True
    by_name: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    also: tuple[Also, ...] = ()

    def __call__(self, scene: Scene) -> Verdict:
        """The consent of the target itself; that of others it harms is the guard ``shared``'s."""
        fault = scene.fault
        patterns = self.by_name.get(fault.target.platform)
        if patterns is None:
            return consent(scene.use, fault.kind, fault.target, self.also)
        return _named(fault.target.platform, fault.target.name, patterns)


@lru_cache(maxsize=4096)
def _named(platform: str, name: str, patterns: tuple[str, ...]) -> Verdict:
    key = f"platforms.{platform}.opt_in"
    no = next((pattern for pattern in patterns if pattern.startswith("!") and fnmatchcase(name, pattern[1:])), "")
    if no:
        return Verdict(GUARD, allowed=False, reason=f"{name} is excluded by {no} in {key}")
    yes = next((pattern for pattern in patterns if not pattern.startswith("!") and fnmatchcase(name, pattern)), "")
    if yes:
        return Verdict(GUARD, allowed=True, reason=f"{name} matches {yes} in {key}")
    listed = ", ".join(patterns) or "empty"
    return Verdict(GUARD, allowed=False, reason=f"{name} matches nothing in {key} ({listed}); add its name there")
