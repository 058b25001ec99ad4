"""What of a workload is in motion: a roll-out that has begun, or a change that its controller has not seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from simian_army.model import Json
from simian_army.targets.kube.facts import at

AT_REST = frozenset({"NewReplicaSetAvailable", "DeploymentPaused"})
"""What the condition Progressing of a Deployment says when nothing is under way; a pause alone moves nothing."""


def motion(kind: str, workload: Json) -> str:
    """What is under way, in words; empty while the workload is at rest."""
    if at(workload, "metadata.deletionTimestamp"):
        return "it is being deleted"
    said, seen = at(workload, "metadata.generation"), _number(workload, "status.observedGeneration")
    if isinstance(said, int) and seen < said:
        return f"its controller has not seen the last change (generation {said}, seen {seen})"
    return _MOTIONS[kind](workload) if kind in _MOTIONS else ""


def _deployment(workload: Json) -> str:
    # not those wanted: a pod that was killed is missing there too, and that is no roll-out
    total, new = _number(workload, "status.replicas"), _number(workload, "status.updatedReplicas")
    if new < total:
        return f"it rolls out: {new} of {total} pods are new"
    conditions = at(workload, "status.conditions")
    found = conditions if isinstance(conditions, list) else []
    reasons = [str(c.get("reason")) for c in found if isinstance(c, dict) and c.get("type") == "Progressing"]
    moving = [reason for reason in reasons if reason not in AT_REST]
    return f"it rolls out: Progressing says {moving[0]}" if moving else ""


def _statefulset(workload: Json) -> str:
    before, after = at(workload, "status.currentRevision"), at(workload, "status.updateRevision")
    if before == after:
        return ""
    new, wanted = _number(workload, "status.updatedReplicas"), _number(workload, "spec.replicas")
    if at(workload, "spec.updateStrategy.type") == "OnDelete":
        return f"what is killed comes back as revision {after} (OnDelete, {new} of {wanted} pods are of it)"
    partition = _number(workload, "spec.updateStrategy.rollingUpdate.partition")
    if partition and new >= wanted - partition:
        return ""  # as far as it is to go: each pod comes back as it was
    return f"it rolls out revision {after}: {new} of {wanted} pods are of it"


def _daemonset(workload: Json) -> str:
    total, new = (_number(workload, f"status.{word}NumberScheduled") for word in ("current", "updated"))
    return f"it rolls out: {new} of {total} pods are new" if new < total else ""


_MOTIONS: Mapping[str, Callable[[Json], str]] = {
    "Deployment": _deployment,
    "StatefulSet": _statefulset,
    "DaemonSet": _daemonset,
}


def _number(workload: Json, path: str) -> int:
    """The number at a path; the server leaves out zeros."""
    value = at(workload, path)
    return value if isinstance(value, int) else 0
