"""What follows from pods: the EndpointSlice of a Service, and the counts of a PodDisruptionBudget."""

from __future__ import annotations

from typing import Any

from simian_army.embedded.kube.cluster import Cluster
from simian_army.embedded.kube.eviction import refresh, selected
from simian_army.embedded.kube.objects import owned_by, put, ready, spec_of, status_of, uid_of
from simian_army.embedded.kube.resources import SERVICE, SLICE
from simian_army.embedded.kube.store import Key

Json = dict[str, Any]


def budget(cluster: Cluster, key: Key, startup: float) -> float:
    """Count a budget anew."""
    del startup
    refresh(cluster, key)
    return 0


def endpoints(cluster: Cluster, key: Key, startup: float) -> float:
    """Keep the slice of a Service that has a selector."""
    del startup
    service = cluster.get(SERVICE, key.namespace, key.name)
    selector = spec_of(service).get("selector")
    if not selector:
        return 0
    pods = selected(cluster, key.namespace, {"matchLabels": selector})
    wanted = [_endpoint(pod) for pod in pods if status_of(pod).get("phase") == "Running"]
    where = Key(SLICE.id, key.namespace, f"{key.name}-simian")
    if cluster.store.get(where) is None:
        labels = {"kubernetes.io/service-name": key.name, "endpointslice.kubernetes.io/managed-by": "simian-embedded"}
        head = {"name": where.name, "labels": labels, "ownerReferences": [owned_by(service)]}
        body = {"addressType": "IPv4", "endpoints": wanted, "ports": spec_of(service).get("ports") or []}
        cluster.create(SLICE, key.namespace, {**body, "metadata": head})
        return 0
    cluster.write(where, lambda old: put(old, ("endpoints",), wanted))
    return 0


def _endpoint(pod: Json) -> Json:
    number = int(uid_of(pod)[:4], 16)
    address = status_of(pod).get("podIP") or f"10.200.{number >> 8}.{number & 255}"
    target = {"kind": "Pod", "name": pod["metadata"]["name"], "uid": uid_of(pod)}
    return {"addresses": [address], "conditions": {"ready": ready(pod)}, "targetRef": target}
