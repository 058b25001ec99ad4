"""Whether: does the target stand in a protected namespace."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import ClassVar

from simian_army.model import Scene, Verdict

ELSEWHERE = Verdict("protected", allowed=True, reason="not applicable: only Kubernetes has namespaces")


@dataclass(frozen=True, slots=True)
class Protected:
    """Denies what stands in a namespace that matches a pattern (``*`` as in a shell), and such a namespace itself."""

    name: ClassVar[str] = "protected"
    early: ClassVar[bool] = True
    patterns: tuple[str, ...] = ()

    def __call__(self, scene: Scene) -> Verdict:
        """What has no namespace (a node) is not applicable."""
        target = scene.fault.target
        if target.platform != "kubernetes":
            return ELSEWHERE
        return protection(self.patterns, target.name if target.kind == "namespace" else target.scope)


@lru_cache(maxsize=4096)
def protection(patterns: tuple[str, ...], namespace: str) -> Verdict:
    """Whether a namespace is protected by one of ``patterns``; allowed means it is not."""
    if not namespace:
        return Verdict("protected", allowed=True, reason="not applicable: it stands in no namespace")
    listed = ", ".join(patterns) or "none"
    match = next((pattern for pattern in patterns if fnmatchcase(namespace, pattern)), "")
    if match:
        return Verdict("protected", allowed=False, reason=f"{namespace} is protected by {match} (of {listed})")
    return Verdict("protected", allowed=True, reason=f"{namespace} is not protected (protected are: {listed})")
