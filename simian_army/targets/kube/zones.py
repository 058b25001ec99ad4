"""Where a pod or node stands: its node, and that node's zone and region by its labels, remembered for a minute."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from simian_army.clock import Clock
from simian_army.errors import PlatformError
from simian_army.model import Json
from simian_army.targets.kube.call import Call
from simian_army.targets.kube.facts import at
from simian_army.targets.kube.kinds import NODE
from simian_army.targets.kube.lists import Lists
from simian_army.targets.telling import warn

KEPT = 60.0  # seconds for which a list of the nodes is believed
SOON = 5.0  # seconds after which it is asked for again on account of a node that is not in it
LABELS = {"zone": "topology.kubernetes.io/zone", "region": "topology.kubernetes.io/region"}


@dataclass(slots=True)
class Zones:
    """One cluster's. Nodes are listed only where ``wanted`` says that somebody asks for zones; may be used by many
    threads."""

    lists: Lists
    clock: Clock
    wanted: bool
    _known: Mapping[str, Mapping[str, str]] = field(default_factory=dict, init=False)
    _read: float = field(default=float("-inf"), init=False)
    _guard: threading.Lock = field(default_factory=threading.Lock, init=False)

    def of(self, kind: str, obj: Json) -> dict[str, list[str]]:
        """The fact ``places`` of an object read whole; what nobody knows is left out."""
        if kind == "node":
            return _places(str(at(obj, "metadata.name")), at(obj, "metadata.labels") or {})
        if kind != "pod":
            return {}
        node = at(obj, "spec.nodeName")
        if not node:
            return {"node": [], "zone": [], "region": []}
        return _places(str(node), self._labels(str(node)) if self.wanted else {})

    def _labels(self, node: str) -> Mapping[str, str]:
        with self._guard:
            age = self.clock.monotonic() - self._read
            if age >= KEPT or (age >= SOON and node not in self._known):
                self._known = self._listed()
                self._read = self.clock.monotonic()
            return self._known.get(node, {})

    def _listed(self) -> dict[str, Mapping[str, str]]:
        try:
            found = self.lists.all(Call("list", NODE, "", partial=True))
        except PlatformError as error:
            warn("unreadable", resource="nodes", name="all", reason=str(error))
            return {}
        return {entry.metadata.name: entry.metadata.labels or {} for entry in found}


def _places(node: str, labels: Mapping[str, str]) -> dict[str, list[str]]:
    return {"node": [node], **{place: [labels[label]] for place, label in LABELS.items() if labels.get(label)}}
