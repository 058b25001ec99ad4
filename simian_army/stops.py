"""Why a held fault has to end at once: asked of the halts once for all that is held."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from simian_army.model import Target
from simian_army.stopping import Halting, Standing

UNREADABLE = 30.0  # seconds for which nobody could tell whether the fleet is halted, after which all is reverted


@dataclass(slots=True)
class Stops:
    """What the halts say of everything held, as of the last ``look``."""

    halts: Halting
    _standings: dict[str, Standing] = field(default_factory=dict)

    def look(self, held: Iterable[Target]) -> None:
        """Have read what is due, and take in what is known of where the targets live; waits for nobody."""
        self.halts.watch()
        scopes: defaultdict[str, set[str]] = defaultdict(set)
        for target in held:
            scopes[target.platform].add(target.scope)
        self._standings = {name: self.halts.known(name, found - {""}, UNREADABLE) for name, found in scopes.items()}

    def why(self, target: Target) -> str:
        """Why a fault on it has to end; empty when it may go on."""
        standing = self._standings.get(target.platform)
        halt = standing.over(target.scope) if standing else None
        return f"{halt}, for {UNREADABLE:g} s" if halt and halt.doubt else str(halt or "")
