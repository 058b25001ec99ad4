"""The grounds that the contract is kept on: each is an API server, a way to prepare it, and a place to connect to."""

from __future__ import annotations

import ssl
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from simian_army.targets.k8s import Kubernetes
from simian_army.targets.kube.place import Place
from tests.cluster.api import Api
from tests.cluster.world import budget, deployment, namespace, node

Obj = dict[str, Any]
SECONDS = 60
QUIET = 10
"""Looks at a node in which nothing must change before it counts as settled."""


class OpenApi(Api):
    """An API server that asks nobody who they are."""

    def __init__(self, server: str) -> None:
        self.server = server
        self.token = "none"
        self._trust = ssl.create_default_context()


@dataclass
class Ground:
    """One API server with a namespace for one test. ``place`` makes a Place from options."""

    api: Api
    place: Callable[..., Place]
    scope: str = field(default_factory=lambda: f"c-{uuid.uuid4().hex[:8]}")

    @contextmanager
    def connected(self, **options: Any) -> Iterator[Kubernetes]:
        """The adapter, looking at the test's namespace only unless told otherwise."""
        chosen = {"namespaces": (self.scope,), "fleet": "contract", "key": b"contract", "timeout": 30.0, **options}
        cluster = Kubernetes.connect(self.place(**chosen))
        try:
            yield cluster
        finally:
            cluster.close()

    def begin(self) -> None:
        """Make the namespace."""
        self.api.create("/api/v1/namespaces", namespace(self.scope, {"team": "contract"}))

    def end(self) -> None:
        """Take the namespace away, with all that is in it."""
        self.api.delete(f"/api/v1/namespaces/{self.scope}")

    def node(self) -> str:
        """A fresh node that the cluster's own parts are done with; returns its name."""
        name = f"{self.scope}-node"
        self.api.create("/api/v1/nodes", node(name, {"topology.kubernetes.io/zone": name}))
        seen: list[str] = []

        def quiet() -> bool:
            now = self.api.get(f"/api/v1/nodes/{name}")
            seen.append(now["metadata"]["resourceVersion"])
            return not now.get("spec", {}).get("taints") and len(seen) > QUIET and len(set(seen[-QUIET:])) == 1

        wait_until(quiet)
        return name

    def pods(self) -> list[Obj]:
        """The pods of the namespace."""
        return list(self.api.items(f"/api/v1/namespaces/{self.scope}/pods"))

    def deploy(self, name: str, replicas: int) -> None:
        """A Deployment all of whose pods are ready."""
        made = deployment(name, replicas, {"tier": "front"}, {"simian-army/chaos": "enabled"})
        self.api.create(f"/apis/apps/v1/namespaces/{self.scope}/deployments", made)
        wait_until(lambda: sum(map(_ready, self.pods())) >= replicas)

    def bound(self, name: str, node_name: str) -> Obj:
        """A pod without an owner, bound to a node."""
        spec = {"nodeName": node_name, "containers": [{"name": "app", "image": "example.invalid/app:1"}]}
        made = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}
        return self.api.create(f"/api/v1/namespaces/{self.scope}/pods", made)

    def protect(self, app: str, min_available: int) -> str:
        """A PodDisruptionBudget that counts its pods; returns its name."""
        path = f"/apis/policy/v1/namespaces/{self.scope}/poddisruptionbudgets"
        made = self.api.create(path, budget(f"{app}-pdb", app, min_available))
        name = str(made["metadata"]["name"])
        wait_until(lambda: self.api.get(f"{path}/{name}").get("status", {}).get("currentHealthy", 0) >= min_available)
        return name


def wait_until(done: Callable[[], bool]) -> None:
    """Look again and again until ``done``.

    Raises:
        AssertionError: it was not within a minute.
    """
    ends = time.perf_counter() + SECONDS
    while not done():
        assert time.perf_counter() < ends, "it did not come about within a minute"
        time.sleep(0.05)  # noqa: TID251 - a real server is waited for


def _ready(pod: Obj) -> bool:
    conditions = pod.get("status", {}).get("conditions") or []
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
