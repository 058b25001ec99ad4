"""Whether a workload is whole: its ready pods against those it is meant to have."""

from __future__ import annotations

from typing import Any

from simian_army.errors import Gone
from simian_army.model import Health
from simian_army.targets.answers import object_of
from simian_army.targets.call import Call
from simian_army.targets.facts import at, ready
from simian_army.targets.finding import Finder
from simian_army.targets.kinds import KINDS, POD

_WANTED = {
    "Deployment": "spec.replicas",
    "ReplicaSet": "spec.replicas",
    "StatefulSet": "spec.replicas",
    "DaemonSet": "status.desiredNumberScheduled",
}
_OPERATORS = {"In": "in", "NotIn": "notin"}


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
    count = _ready_pods(finder, scope, uid, label_query(at(workload, "spec.selector")))
    return Health(count >= wanted, count, wanted, f"{count} of {wanted} pods of {group} are ready")


def _ready_pods(finder: Finder, scope: str, uid: str, query: str) -> int:
    entries = finder.lists.all(Call("list", POD, scope, query=(("labelSelector", query),)))
    up = [e.metadata for e in entries if e.whole and ready(e.whole) and not e.metadata.deletion_timestamp]
    owners = finder.owners()
    owners.learn(up)
    families = [owners.family(meta) for meta in up]
    # selectors of two workloads may overlap: only the chain of owners tells whose a pod is
    return sum(1 for family in families if any(ref.uid == uid for ref in family.owners))


def label_query(selector: Any) -> str:
    """A workload's label selector as the server's query language; what it cannot say selects nothing."""
    parts = [f"{key}={value}" for key, value in sorted((at({"s": selector}, "s.matchLabels") or {}).items())]
    for rule in at({"s": selector}, "s.matchExpressions") or ():
        key, operator, values = rule.get("key"), rule.get("operator"), ",".join(rule.get("values") or ())
        if operator in _OPERATORS:
            parts.append(f"{key} {_OPERATORS[operator]} ({values})")
        else:
            parts.append(f"!{key}" if operator == "DoesNotExist" else f"{key}")
    return ",".join(parts)
