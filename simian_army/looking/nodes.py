"""Is the node well that is struck, or on which the pod runs that is struck?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from simian_army.looking.values import KUBERNETES, node_of
from simian_army.model import Target
from simian_army.sights import NodePort, Question, Sight

PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure")


@dataclass(frozen=True, slots=True)
class Nodes:
    """A node must be Ready and under no pressure."""

    port: NodePort
    timeout: float

    @property
    def shared(self) -> bool:
        return False

    def about(self, target: Target) -> Question | Sight:
        if target.platform != KUBERNETES:
            return Sight(fine=True, words=f"node pressure: not applicable to {target.kind}s")
        node = node_of(target)
        if not node:
            words = f"node pressure: nobody knows the node of {target}"
            return Sight(fine=False, words=words, doubt=True)
        return Question(("node", node), f"node {node}", self.timeout, partial(self._ask, node))

    def _ask(self, node: str) -> Sight:
        said = self.port.conditions(node)
        if said is None:
            return Sight(fine=False, words=f"node {node}: there is no such node", doubt=True)
        if "Ready" not in said:
            return Sight(fine=False, words=f"node {node}: it does not say whether it is Ready", doubt=True)
        wanted = {"Ready": "True", **dict.fromkeys(PRESSURES, "False")}
        bad = [f"{name} is {said[name]}" for name, value in wanted.items() if said.get(name, value) != value]
        if bad:
            return Sight(fine=False, words=f"node {node}: {', '.join(bad)}")
        return Sight(fine=True, words=f"node {node}: Ready, no pressure")
