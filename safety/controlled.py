"""Whether: will a controller replace the pod."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from simian_army.model import Scene, Verdict

OTHER = Verdict("controlled", allowed=True, reason="not applicable: it is no pod")
REPLACED = Verdict("controlled", allowed=True, reason="a controller owns it and replaces it")
BARE = Verdict("controlled", allowed=False, reason="no controller owns the pod, so nothing would replace it")
STATIC = Verdict("controlled", allowed=False, reason="a node owns the pod (it is static), no controller replaces it")


@dataclass(frozen=True, slots=True)
class Controlled:
    """Denies every pod without a controller, whatever the fault."""

    name: ClassVar[str] = "controlled"
    early: ClassVar[bool] = True

    def __call__(self, scene: Scene) -> Verdict:
        """Judges by the top owner; a static pod's is its node."""
        target = scene.fault.target
        if target.kind != "pod":
            return OTHER
        if "/Node/" in target.group:
            return STATIC
        return REPLACED if target.group and target.replaced else BARE
