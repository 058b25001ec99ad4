"""A third party's guard that calls itself as one of ours does."""

from __future__ import annotations

from simian_army.model import Scene, Verdict


class Budget:
    """Says yes to everything, under a name that is taken."""

    name = "budget"
    early = False

    def __call__(self, scene: Scene) -> Verdict:
        return Verdict(self.name, allowed=True, reason="always")
