"""What of a workload is in motion, by what its controller says of it."""

from __future__ import annotations

from typing import Any

import pytest

from simian_army.targets.kube.motion import motion

Obj = dict[str, Any]


def workload(status: Obj, spec: Obj | None = None, **meta: Any) -> Obj:
    seen = {"observedGeneration": 3, **status}
    return {"metadata": {"generation": 3, **meta}, "spec": {"replicas": 3, **(spec or {})}, "status": seen}


def progressing(reason: str) -> Obj:
    return {"conditions": [{"type": "Available", "reason": "Any"}, {"type": "Progressing", "reason": reason}]}


NEW = {"replicas": 3, "updatedReplicas": 3}
OLD = {"currentRevision": "db-1", "updateRevision": "db-2"}
ON_DELETE = {"updateStrategy": {"type": "OnDelete"}}


def rolling(partition: int) -> Obj:
    return {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": partition}}}


@pytest.mark.parametrize(
    ("kind", "obj"),
    [
        ("Deployment", workload(NEW)),
        ("Deployment", workload({**NEW, **progressing("NewReplicaSetAvailable")})),
        ("Deployment", workload({**NEW, **progressing("DeploymentPaused")}, {"paused": True})),
        # one was killed a moment ago: it is missing, but nothing rolls out
        ("Deployment", workload({"replicas": 2, "updatedReplicas": 2, **progressing("NewReplicaSetAvailable")})),
        ("Deployment", workload({}, {"replicas": 0})),
        ("StatefulSet", workload({"currentRevision": "db-2", "updateRevision": "db-2"})),
        ("StatefulSet", workload({**OLD, "updatedReplicas": 1}, rolling(2))),
        ("StatefulSet", workload({**OLD, "updatedReplicas": 0}, rolling(3))),
        ("DaemonSet", workload({"currentNumberScheduled": 4, "updatedNumberScheduled": 4})),
        (
            "DaemonSet",
            workload({"currentNumberScheduled": 3, "updatedNumberScheduled": 3, "desiredNumberScheduled": 4}),
        ),
        ("ReplicaSet", workload({"replicas": 3})),
        ("Rollout", {}),
    ],
)
def test_at_rest(kind: str, obj: Obj) -> None:
    assert motion(kind, obj) == ""


@pytest.mark.parametrize(
    ("kind", "obj", "says"),
    [
        (
            "Deployment",
            workload({**NEW, "observedGeneration": 2}),
            "has not seen the last change (generation 3, seen 2)",
        ),
        ("ReplicaSet", {"metadata": {"generation": 1}, "status": {}}, "(generation 1, seen 0)"),
        ("Deployment", workload(NEW, deletionTimestamp="2026-01-01T00:00:00Z"), "it is being deleted"),
        ("Deployment", workload({"replicas": 4, "updatedReplicas": 1}), "it rolls out: 1 of 4 pods are new"),
        ("Deployment", workload({"replicas": 3}), "it rolls out: 0 of 3 pods are new"),
        ("Deployment", workload({"replicas": 4, "updatedReplicas": 1}, {"paused": True}), "1 of 4 pods are new"),
        ("Deployment", workload({**NEW, **progressing("ReplicaSetUpdated")}), "Progressing says ReplicaSetUpdated"),
        ("Deployment", workload({**NEW, **progressing("ProgressDeadlineExceeded")}), "ProgressDeadlineExceeded"),
        ("StatefulSet", workload({**OLD, "updatedReplicas": 1}), "it rolls out revision db-2: 1 of 3 pods are of it"),
        ("StatefulSet", workload({**OLD, "updatedReplicas": 3}), "it rolls out revision db-2: 3 of 3"),
        ("StatefulSet", workload({**OLD, "updatedReplicas": 0}, rolling(2)), "0 of 3 pods are of it"),
        ("StatefulSet", workload(OLD, ON_DELETE), "comes back as revision db-2 (OnDelete, 0 of 3 pods are of it)"),
        ("DaemonSet", workload({"currentNumberScheduled": 4}), "it rolls out: 0 of 4 pods are new"),
    ],
)
def test_in_motion(kind: str, obj: Obj, says: str) -> None:
    assert says in motion(kind, obj)


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"])
def test_nonsense_breaks_nothing(kind: str) -> None:
    odd: list[Obj] = [{}, {"status": []}, {"metadata": {"generation": "x"}, "status": {"conditions": [1, {}]}}]
    assert [motion(kind, nonsense) for nonsense in odd] == ["", "", ""]
