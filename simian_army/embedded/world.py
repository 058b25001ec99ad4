"""The world that ``simian demo`` shows: a small shop on three nodes, and who in it opted in."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
IN = {"simian-army/chaos": "enabled"}


def demo_world() -> list[Json]:
    """The objects, in the order they are made; web alone (beside a DaemonSet) lives on node-a, and opted in."""
    return [
        *(_node(name) for name in ("node-a", "node-b", "node-c")),
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}},
        _deployment("shop", "web", 4, IN, node="node-a"),
        _deployment("shop", "cart", 3, IN, node="node-b", labels={"simian-army/opt-out": "true"}),
        _deployment("shop", "search", 2, {}, node="node-b"),
        _deployment("shop", "checkout", 2, IN, node="node-c"),
        _deployment("kube-system", "dns", 2, IN, node="node-b"),
        _budget("shop", "checkout", 2),
        _service("shop", "web"),
        _agents("shop"),
    ]


def _node(name: str) -> Json:
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}}}


def _deployment(
    namespace: str, name: str, replicas: int, template: dict[str, str], node: str, labels: dict[str, str] | None = None
) -> Json:
    mine = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace, "labels": {**mine, **(labels or {})}},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": mine},
            "template": {"metadata": {"labels": {**mine, **template}}, "spec": _spec(name, node)},
        },
    }


def _spec(name: str, node: str = "") -> Json:
    spec: Json = {"containers": [{"name": name, "image": f"example.invalid/{name}:1"}]}
    return {**spec, "nodeSelector": {"kubernetes.io/hostname": node}} if node else spec


def _budget(namespace: str, app: str, least: int) -> Json:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": app, "namespace": namespace},
        "spec": {"minAvailable": least, "selector": {"matchLabels": {"app": app}}},
    }


def _service(namespace: str, app: str) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": app, "namespace": namespace},
        "spec": {"selector": {"app": app}, "ports": [{"port": 80}]},
    }


def _agents(namespace: str) -> Json:
    mine = {"app": "log-agent"}
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "log-agent", "namespace": namespace, "labels": mine},
        "spec": {
            "selector": {"matchLabels": mine},
            "template": {"metadata": {"labels": mine}, "spec": _spec("log-agent")},
        },
    }
