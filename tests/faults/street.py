"""Faults on a whole embedded cluster, through the real adapter: one pod of three stands for the target."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from simian_army import marks
from simian_army.contract import FaultKind
from simian_army.embedded.kube import KubeServer
from simian_army.embedded.kube.request import Request
from simian_army.model import Fault, Json, Mark, Selector, Target
from simian_army.targets.k8s import Kubernetes
from simian_army.targets.kube.place import Place
from tests.flow.town import IN, workload

KEY, FLEET = b"street-key-of-32-characters-xxxx", "street"
ENDS = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
WAYS = {"": "application/json", "merge": "application/merge-patch+json"}


@dataclass(frozen=True)
class Street:
    """A server with a Deployment ``web`` of three pods, and the adapter on it."""

    server: KubeServer
    cluster: Kubernetes

    def pod(self) -> Target:
        """One of the pods, read whole."""
        found = self.cluster.find(Selector("pod", ("shop",), labels="app=web"))
        target = self.cluster.read(found[0])
        assert target is not None
        return target

    def prepared(self, kind: FaultKind, params: Json | None = None, hold: int = 300) -> tuple[Fault, Mark]:
        """A fault on that pod as the flow would hand it to ``inject``, and its mark."""
        fault = Fault(kind.name, self.pod(), params or {}, hold=timedelta(seconds=hold))
        fault = replace(fault, undo=kind.prepare(fault))
        return fault, self.mark(fault)

    def mark(self, fault: Fault, run: str = "run-1") -> Mark:
        return marks.sign(KEY, FLEET, run, fault, ENDS)

    def objects(self, kind: str) -> list[Any]:
        return copy.deepcopy(self.server.objects(kind, "shop"))

    def send(self, method: str, path: str, body: Any = None, way: str = "") -> Json:
        """A request of somebody else, which must be taken."""
        raw = b"" if body is None else json.dumps(body).encode()
        code, said = self.server.answer(Request(method, path, raw, {"content-type": WAYS[way]}))
        assert code < 300, said
        assert isinstance(said, dict)
        return said

    def patch(self, target: Target, change: Json) -> Json:
        return self.send("PATCH", f"/api/v1/namespaces/shop/pods/{target.name}", change, "merge")

    def writes(self) -> list[str]:
        return [f"{write.method} {write.path.rpartition('/shop/')[2]}" for write in self.server.writes]


@contextmanager
def street() -> Iterator[Street]:
    world: list[Any] = [
        {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}},
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}},
        workload("Deployment", "web", IN, replicas=3),
    ]
    with KubeServer(world, startup=0.05) as server:
        assert server.settle(20)
        cluster = Kubernetes.connect(
            Place(url=server.url, embedded=True, fleet=FLEET, key=KEY, marked=("networkpolicy",))
        )
        try:
            yield Street(server, cluster)
        finally:
            cluster.close()
