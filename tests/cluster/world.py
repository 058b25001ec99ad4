"""What stands on the real ground: nodes, namespaces and workloads as the API server wants them told."""

from __future__ import annotations

from typing import Any

Obj = dict[str, Any]
FAKE = {"kwok.x-k8s.io/node": "fake"}


def node(name: str, labels: dict[str, str]) -> Obj:
    """A node that kwok plays, with room for as many pods as anyone wants."""
    room = {"cpu": "1k", "memory": "1Ti", "pods": "1M"}
    here = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "type": "kwok"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "annotations": FAKE, "labels": {**here, **labels}},
        "status": {"allocatable": room, "capacity": room},
    }


def namespace(name: str, labels: dict[str, str]) -> Obj:
    """A namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def deployment(name: str, replicas: int, labels: dict[str, str], template_labels: dict[str, str]) -> Obj:
    """A Deployment whose pods carry ``app: <name>`` and the template's labels."""
    mine = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": {**mine, **labels}},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": mine},
            "template": {
                "metadata": {"labels": {**mine, **template_labels}},
                "spec": {
                    "containers": [{"name": "app", "image": "example.invalid/app:1"}],
                    "terminationGracePeriodSeconds": 1,
                },
            },
        },
    }


def budget(name: str, app: str, min_available: int) -> Obj:
    """A PodDisruptionBudget over the pods of one Deployment made here."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name},
        "spec": {"minAvailable": min_available, "selector": {"matchLabels": {"app": app}}},
    }
