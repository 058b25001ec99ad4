"""How a node is: the conditions its kubelet and the control plane write."""

from __future__ import annotations

from dataclasses import dataclass

from simian_army.errors import Gone, PlatformError
from simian_army.targets.kube.answers import object_of
from simian_army.targets.kube.call import Call
from simian_army.targets.kube.facts import at
from simian_army.targets.kube.kinds import NODE
from simian_army.targets.kube.wire import Wire


@dataclass(frozen=True, slots=True)
class Pressure:
    """``sights.NodePort`` on one cluster. Reads are sent once: who asks asks again soon."""

    wire: Wire

    def conditions(self, node: str) -> dict[str, str] | None:
        """As the port says."""
        call = Call("get", NODE, name=node)
        try:
            obj = object_of(self.wire.host, call, self.wire.act(call))
        except Gone:
            return None
        found = at(obj, "status.conditions")
        if found is None:
            return {}
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise PlatformError(f"{self.wire.host}: {call}: its conditions make no sense")
        return {str(one.get("type")): str(one.get("status")) for one in found}
