"""What of ours stands in a cluster besides records: Deployments, Lease and halt ConfigMap, halted, stopped, removed."""

from __future__ import annotations

from dataclasses import dataclass

from simian_army.errors import Conflict, Gone
from simian_army.selectors import written
from simian_army.targets.kube.answers import object_of
from simian_army.targets.kube.call import Call
from simian_army.targets.kube.facts import at
from simian_army.targets.kube.halting import CONFIGMAP, HALT
from simian_army.targets.kube.kinds import KINDS, POD
from simian_army.targets.kube.leases import LEASE
from simian_army.targets.kube.lists import Lists

_DEPLOYMENT = KINDS["deployment"]


@dataclass(frozen=True, slots=True)
class Home:
    """Our things in one cluster. What is not there is as good as stopped or removed."""

    lists: Lists

    def halt(self, namespace: str, name: str, reason: str) -> None:
        """Say halt by the ConfigMap, which is made if need be."""
        labels = {"app.kubernetes.io/managed-by": "simian-army"}
        about = {"name": name, "labels": labels, "annotations": {HALT: reason}}
        made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": about}
        try:
            self.lists.wire.act(Call("create", CONFIGMAP, namespace, body=made))
        except Conflict:
            change = {"metadata": {"annotations": {HALT: reason}}}
            self.lists.wire.act(Call("patch", CONFIGMAP, namespace, name, body=change, merge=True))

    def stop(self, namespace: str, deployment: str) -> None:
        """Have a Deployment make no pods any more."""
        change = {"spec": {"replicas": 0}}
        try:
            self.lists.wire.act(Call("patch", _DEPLOYMENT, namespace, deployment, body=change, merge=True))
        except Gone:
            return

    def pods(self, namespace: str, deployment: str) -> list[str]:
        """The names of the pods of a Deployment that are there still, those that leave too."""
        call = Call("get", _DEPLOYMENT, namespace, deployment)
        try:
            obj = object_of(self.lists.wire.host, call, self.lists.wire.read(call))
        except Gone:
            return []
        query = (("labelSelector", written(at(obj, "spec.selector"))),)
        return [one.metadata.name for one in self.lists.all(Call("list", POD, namespace, query=query, partial=True))]

    def remove_lease(self, namespace: str, name: str) -> None:
        """Delete a Lease."""
        self._remove(Call("delete", LEASE, namespace, name))

    def remove_halt(self, namespace: str, name: str) -> None:
        """Delete the ConfigMap that halts."""
        self._remove(Call("delete", CONFIGMAP, namespace, name))

    def _remove(self, call: Call) -> None:
        try:
            self.lists.wire.act(call)
        except Gone:
            return
