"""A world of six nodes in three zones whose workloads are spread over all of them, and all opted in."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
IN = {"simian-army/chaos": "enabled"}
ZONE = "topology.kubernetes.io/zone"
ZONES = {"n1": "a", "n2": "a", "n3": "b", "n4": "b", "n5": "c", "n6": "c"}


def town(daemon: Json | None = None) -> list[Json]:
    """With this DaemonSet, or one that nobody asked."""
    return [
        *({"apiVersion": "v1", "kind": "Node", "metadata": {"name": n, "labels": {ZONE: z}}} for n, z in ZONES.items()),
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}},
        workload("Deployment", "web", IN, replicas=6),
        workload("Deployment", "cart", IN, replicas=6),
        daemon or daemons({}),
    ]


def daemons(labels: dict[str, str], *tolerations: Json) -> Json:
    """The DaemonSet of the town, which tolerates what it is given."""
    made = workload("DaemonSet", "log-agent", labels)
    made["spec"]["template"]["spec"]["tolerations"] = list(tolerations)
    return made


def workload(kind: str, name: str, labels: dict[str, str], *, replicas: int | None = None, space: str = "shop") -> Json:
    mine = {"app": name}
    spec: Json = {
        "containers": [{"name": name, "image": f"example.invalid/{name}:1"}],
        "terminationGracePeriodSeconds": 1,
    }
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": space, "labels": mine},
        "spec": {
            **({} if replicas is None else {"replicas": replicas}),
            "selector": {"matchLabels": mine},
            "template": {"metadata": {"labels": {**mine, **labels}}, "spec": spec},
        },
    }


def budget(app: str, least: int) -> Json:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": app, "namespace": "shop"},
        "spec": {"minAvailable": least, "selector": {"matchLabels": {"app": app}}},
    }
