"""A stretch of a real cluster for faults on whole nodes: six nodes in three zones, with workloads that live only there."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from simian_army import wiring
from simian_army.errors import UsageError
from simian_army.outcome import Outcome
from simian_army.undertaker.service import Undertaker
from tests.cluster.plane import Cluster
from tests.cluster.waiting import until
from tests.cluster.world import node

KEY = "acres-key-of-32-characters-xxxxx"
ZONE, ACRE = "topology.kubernetes.io/zone", "acre"
IN = {"simian-army/chaos": "enabled"}
AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
Obj = dict[str, Any]


@dataclass(frozen=True)
class Acres:
    """The nodes ``<space>-1`` to ``-6``, two a zone, and the namespace ``space`` whose pods live there."""

    cluster: Cluster
    space: str
    folder: Path
    undertakers: list[Undertaker] = field(default_factory=list)

    @property
    def nodes(self) -> list[str]:
        return [f"{self.space}-{number}" for number in range(1, 7)]

    def node(self, number: int) -> Obj:
        return self.cluster.admin.get(f"/api/v1/nodes/{self.nodes[number - 1]}")

    def on(self, number: int) -> list[str]:
        """Whose pods stand on a node."""
        name = self.nodes[number - 1]
        pods = [pod for pod in self.cluster.pods(self.space) if pod["spec"].get("nodeName") == name]
        return sorted(pod["metadata"]["labels"].get("app", "?") for pod in pods)

    def items(self, path: str) -> list[Obj]:
        return list(self.cluster.admin.items(path.format(self.space)))

    def workload(self, kind: str, name: str, labels: dict[str, str], replicas: int = 6) -> None:
        mine = {"app": name}
        spec = {
            "nodeSelector": {ACRE: self.space},
            "tolerations": [{"key": ZONE, "operator": "Exists"}],
            "topologySpreadConstraints": [
                {
                    "maxSkew": 1,
                    "topologyKey": "kubernetes.io/hostname",
                    "whenUnsatisfiable": "ScheduleAnyway",
                    "labelSelector": {"matchLabels": mine},
                }
            ],
            "containers": [{"name": "app", "image": "example.invalid/app:1"}],
            "terminationGracePeriodSeconds": 1,
        }
        body = {
            "apiVersion": "apps/v1",
            "kind": kind,
            "metadata": {"name": name},
            "spec": {
                **({"replicas": replicas} if kind == "Deployment" else {}),
                "selector": {"matchLabels": mine},
                "template": {"metadata": {"labels": {**mine, **labels}}, "spec": spec},
            },
        }
        self.cluster.admin.create(f"/apis/apps/v1/namespaces/{self.space}/{kind.lower()}s", body)

    def write(self, fault: str, params: str = "{}", *, on: str = "", more: str = "") -> None:
        """The config with one monkey."""
        target = f"names: [{on}]" if on else "labels: app=web"
        uid, context = self.cluster.uid, self.cluster.context
        self.config.write_text(
            f"fleet: acres\nleashed: false\nkey: {KEY}\nseed: fixed\n"
            f"platforms:\n  kubernetes: {{context: {context}, cluster_uid: {uid}, namespaces: [{self.space}]}}\n"
            f"undertaker: {{namespace: {self.space}}}\n"
            f"safety:\n  budget: {{cooldown: 0s, max_percent: 100}}\n{more}monkeys:\n"
            f"  - {{name: m, use: chaos, on: kubernetes, schedule: {{every: 2h}}, hold: 10m, select: {{{target}}}, "
            f"with: {{fault: {fault}, params: {params}}}}}\n"
        )

    @property
    def config(self) -> Path:
        return self.folder / "simian.yaml"

    @contextmanager
    def house(self) -> Iterator[wiring.House]:
        with wiring.books(wiring.read_config(self.config)) as books, wiring.house(books, wake=self._wake) as house:
            books.lease.take()
            yield house

    def _wake(self) -> None:
        threading.Thread(target=self._undertake, name="undertaker", daemon=True).start()

    def _undertake(self) -> None:
        with suppress(UsageError), wiring.undertake(wiring.read_config(self.config), until_idle=True) as made:
            self.undertakers.append(made)
            made.run()


@contextmanager
def acres(cluster: Cluster, space: str, folder: Path, labels: dict[str, str] | None = None) -> Iterator[Acres]:
    made = Acres(cluster, space, folder)
    cluster.namespace(space, labels or {})
    try:
        for number, name in enumerate(made.nodes):
            cluster.admin.create("/api/v1/nodes", node(name, {ACRE: space, ZONE: f"{space}-{'aabbcc'[number]}"}))
        until("the nodes to be ready", lambda: all(_ready(cluster, name) for name in made.nodes))
        for name in ("web", "cart"):
            made.workload("Deployment", name, IN)
        made.workload("DaemonSet", "agent", {})
        cluster.settle(space)
        until("the daemons to be there", lambda: all("agent" in made.on(number) for number in range(1, 7)))
        yield made
        for undertaker in made.undertakers:
            undertaker.stopping.set()
    finally:
        cluster.remove_namespace(space)
        for name in made.nodes:
            cluster.admin.delete(f"/api/v1/nodes/{name}")


def _ready(cluster: Cluster, name: str) -> bool:
    said = cluster.admin.get(f"/api/v1/nodes/{name}")
    conditions = said["status"].get("conditions") or ()
    up = any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
    return up and not said["spec"].get("taints")


def fire(house: wiring.House, at: datetime = AT) -> Outcome:
    return house.engine.fire(house.entries["m"], at)


def refusals(outcome: Outcome) -> Sequence[tuple[str, str]]:
    return [(v.guard, v.reason) for draw in outcome.draws for v in draw.verdicts if not v.allowed]


def told(house: wiring.House, outcome: Outcome) -> dict[str, str]:
    """Phase to what was seen, of one run."""
    return {str(e.phase): str(e.data.get("detail", "")) for e in house.books.ledger.query(run=outcome.run.id)}


def end(house: wiring.House) -> None:
    """End everything, and wait until it is proved."""
    house.keeper.start()
    house.keeper.end("", "the test ends it")
    until("it to be reverted", lambda: not house.keeper.open())
