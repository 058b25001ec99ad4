"""Whether a workload is whole: its ready pods against those it is meant to have."""

from __future__ import annotations

from simian_army.errors import Gone
from simian_army.model import Health
from simian_army.selectors import written
from simian_army.targets.kube.answers import object_of
from simian_army.targets.kube.call import Call
from simian_army.targets.kube.facts import at, ready
from simian_army.targets.kube.finding import Finder
from simian_army.targets.kube.kinds import KINDS, POD

_WANTED = {
    "Deployment": "spec.replicas",
    "ReplicaSet": "spec.replicas",
    "StatefulSet": "spec.replicas",
    "DaemonSet": "status.desiredNumberScheduled",
}


def health_of(finder: Finder, group: str) -> Health:
    """The health of the workload that ``group`` (``namespace/Kind/name``) names.

    Raises:
        PlatformError: it could not be read.
    """
    scope, _, rest = group.partition("/")
    kind_name, _, name = rest.partition("/")
    if kind_name not in _WANTED:
        return Health(None, 0, 0, f"cannot tell: {kind_name or 'no owner'} has no known number of pods")
    wire = finder.lists.wire
    call = Call("get", KINDS[kind_name.lower()], scope, name)
    try:
        workload = object_of(wire.host, call, wire.read(call))
    except Gone:
        return Health(None, 0, 0, f"cannot tell: {group} is gone")
    wanted, uid = at(workload, _WANTED[kind_name]), at(workload, "metadata.uid")
    if not isinstance(wanted, int) or not isinstance(uid, str):
        return Health(None, 0, 0, f"cannot tell: {group} does not say how many pods it wants")
    try:
        query = written(at(workload, "spec.selector"))
    except ValueError as error:
        return Health(None, 0, 0, f"cannot tell: the selector of {group} makes no sense: {error}")
    count = _ready_pods(finder, scope, uid, query)
    return Health(count >= wanted, count, wanted, f"{count} of {wanted} pods of {group} are ready")


def _ready_pods(finder: Finder, scope: str, uid: str, query: str) -> int:
    entries = finder.lists.all(Call("list", POD, scope, query=(("labelSelector", query),)))
    up = [e.metadata for e in entries if e.whole and ready(e.whole) and not e.metadata.deletion_timestamp]
    owners = finder.owners()
    owners.learn(up)
    families = [owners.family(meta) for meta in up]
    # selectors of two workloads may overlap: only the chain of owners tells whose a pod is
    return sum(1 for family in families if any(ref.uid == uid for ref in family.owners))
