"""What a controller copied of our mark: the annotations of a Deployment stand on its ReplicaSets as well.

A copy is never acted on, for it is signed for another object; but a rollback by hand would write it back onto the
Deployment, so it goes when the fault does.
"""

from __future__ import annotations

from dataclasses import replace

from simian_army import marks
from simian_army.errors import Conflict, Gone
from simian_army.faults.k8s.in_place import value_at
from simian_army.model import Evidence, Fault, Json, Mark, Target
from simian_army.ports import KubernetesNearPort
from simian_army.selectors import written

PERMISSIONS = (("list", "apps", "replicasets", ""), ("patch", "apps", "replicasets", ""))
"""What taking them off needs."""


def take_off(port: KubernetesNearPort, fault: Fault, mark: Mark) -> Evidence | None:
    """Take every copy of ``mark`` off the ReplicaSets of a Deployment; what is left to do, None when nothing is."""
    if fault.target.kind != "deployment":
        return None
    owner = port.get(fault.target)
    if owner is None:
        return None  # its ReplicaSets go with it
    seen, said = (value_at(owner, path) for path in (("status", "observedGeneration"), ("metadata", "generation")))
    if isinstance(said, int) and (not isinstance(seen, int) or seen < said):
        what = "the mark is off; its controller has not seen that yet, and may copy it still"
        return Evidence(holds=False, detail=what, under_way=True)
    for one in port.near("replicaset", fault.target.scope, written(value_at(owner, ("spec", "selector")))):
        if _is_copy(one, fault.target, mark):
            try:
                port.patch(_target(one, fault.target), [{"op": "remove", "path": _PATH}])
            except Gone:
                continue
            except Conflict as error:
                return Evidence(holds=False, detail=f"a copy of the mark is left: {error}", under_way=True)
    return None


_PATH = "/metadata/annotations/" + marks.FAULT.replace("/", "~1")


def _is_copy(one: Json, owner: Target, mark: Mark) -> bool:
    refs = value_at(one, ("metadata", "ownerReferences")) or []
    return any(ref.get("uid") == owner.id for ref in refs) and marks.found(one) == marks.to_text(mark)


def _target(one: Json, owner: Target) -> Target:
    metadata = one["metadata"]
    return replace(owner, kind="replicaset", id=metadata["uid"], name=metadata["name"])
