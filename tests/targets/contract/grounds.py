"""The grounds on which every platform's promises are asked: a way to fill each, to look into it, and to connect."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from simian_army.contract import FaultKind, Platform
from simian_army.embedded.cloud import REGION, CloudServer
from simian_army.faults.aws.asg_suspend import AsgSuspend
from simian_army.faults.aws.instance_stop import InstanceStop
from simian_army.faults.aws.instance_terminate import InstanceTerminate
from simian_army.faults.k8s.node_cordon import NodeCordon
from simian_army.faults.k8s.pod_evict import PodEvict
from simian_army.faults.net.proxy_latency import ProxyLatency
from simian_army.model import Json, Selector
from simian_army.targets.amazon.place import Place as CloudPlace
from simian_army.targets.aws import Aws
from simian_army.targets.proxies.place import Place as LinksPlace
from simian_army.targets.toxi import Toxiproxy
from tests.targets.clouds import Cloud
from tests.targets.kube.grounds import Ground as Cluster
from tests.targets.kube.grounds import wait_until
from tests.targets.links import Links

FLEET, KEY = "contract", b"contract-key-of-32-characters-xx"
NOTHING: Json = {}


@dataclass(frozen=True)
class Case:
    """One fault kind on a ground: how to make it, what it is given, and whether it struck members of a group."""

    make: Callable[[Any], FaultKind]
    params: Json = field(default_factory=dict)
    members: bool = False


class Ground(Protocol):
    """One server of one platform with room for one test. ``paged`` tells that ``page_size`` means something."""

    kind: str
    paged: bool
    cases: Sequence[Case]

    def fill(self, count: int) -> set[str]:
        """Make so many targets of ``kind``; returns their ids."""
        ...

    def connected(self, **options: Any) -> AbstractContextManager[Any]:
        """The adapter."""
        ...

    def elsewhere(self, url: str, **options: Any) -> AbstractContextManager[Any]:
        """The adapter, connected to another server that claims to be one."""
        ...

    def whole(self, selector: Selector) -> Selector:
        """The selector narrowed to this test's own targets."""
        ...

    def state(self) -> dict[str, Any]:
        """What faults may change, by target id, as the server itself says."""
        ...

    def writes(self) -> list[str]:
        """The writes answered so far, where the server tells."""
        ...

    def config(self) -> str:
        """The platform in simian.yaml, and the entries for each case."""
        ...


@contextmanager
def closing(platform: Any) -> Iterator[Any]:
    try:
        yield platform
    finally:
        platform.close()


@dataclass
class KubeGround:
    """A Kubernetes, embedded or real; ``told`` gives the writes it answered to us."""

    cluster: Cluster
    told: Callable[[], list[str]]
    yaml: str
    kind: str = "pod"
    paged: bool = True
    # what a controller replaces comes last: its successor is another change of the state, a moment later
    cases: Sequence[Case] = (Case(NodeCordon), Case(PodEvict, members=True))
    nodes: list[str] = field(default_factory=list)

    def fill(self, count: int) -> set[str]:
        self.cluster.deploy("web", count)
        self.nodes.append(self.cluster.node())
        return {pod["metadata"]["uid"] for pod in self.cluster.pods()}

    def connected(self, **options: Any) -> AbstractContextManager[Platform]:
        return self.cluster.connected(**{"fleet": FLEET, "key": KEY, **options})

    def elsewhere(self, url: str, **options: Any) -> AbstractContextManager[Any]:
        from simian_army.targets.k8s import Kubernetes
        from simian_army.targets.kube.place import Place

        return closing(Kubernetes.connect(Place(url=url, fleet=FLEET, key=KEY, **options)))

    def whole(self, selector: Selector) -> Selector:
        names = tuple(self.nodes) if selector.kind == "node" else ()
        return Selector(selector.kind, (self.cluster.scope,), names=names)

    def state(self) -> dict[str, Any]:
        # a ready pod is the only one that counts: a new one comes a moment after one was evicted
        pods = {pod["metadata"]["uid"]: _plain(pod, "nodeName") for pod in self.cluster.pods()}
        found = [self.cluster.api.get(f"/api/v1/nodes/{name}") for name in self.nodes]
        return pods | {node["metadata"]["uid"]: _plain(node, "unschedulable") for node in found}

    def writes(self) -> list[str]:
        return self.told()

    def config(self) -> str:
        names = ", ".join(self.nodes)
        return (
            f"platforms:\n  kubernetes: {{{self.yaml}, namespaces: [{self.cluster.scope}]}}\nmonkeys:\n"
            "  - {name: a, use: chaos, on: kubernetes, schedule: {every: 2h}, with: {fault: pod-evict}}\n"
            f"  - {{name: b, use: chaos, on: kubernetes, schedule: {{every: 2h}}, select: {{names: [{names}]}}, "
            "with: {fault: node-cordon}}\n"
        )


@dataclass
class CloudGround:
    """AWS as moto plays it, over HTTP."""

    cloud: Cloud
    kind: str = "instance"
    paged: bool = True
    cases: Sequence[Case] = (Case(InstanceStop), Case(AsgSuspend), Case(InstanceTerminate, members=True))

    def fill(self, count: int) -> set[str]:
        before = set(self.cloud.instances())
        for number in range(count - 3):
            self.cloud.instance(f"host-{number}", {"simian-army/chaos": "enabled"})
        self.cloud.group("web", 3, {"simian-army/chaos": "enabled"})
        made = set(self.cloud.instances()) - before
        return {self.cloud.arn(number) for number in made}

    def connected(self, **options: Any) -> AbstractContextManager[Any]:
        return self.elsewhere(self.cloud.url, **options)

    def elsewhere(self, url: str, **options: Any) -> AbstractContextManager[Any]:
        timeout = {"connect": options["timeout"]} if "timeout" in options else {}
        place = CloudPlace((REGION,), endpoint=url, embedded=True, fleet=FLEET, key=KEY, **timeout, **options)
        return closing(Aws.connect(place))

    def whole(self, selector: Selector) -> Selector:
        return selector

    def state(self) -> dict[str, Any]:
        groups = {f"group/{name}": said for name, said in self.cloud.groups().items()}
        return {self.cloud.arn(number): said for number, said in self.cloud.instances().items()} | groups

    def writes(self) -> list[str]:
        ours = ("CreateTags", "DeleteTags", "StopInstances", "StartInstances", "SuspendProcesses", "ResumeProcesses")
        return [write.action for write in self.cloud.server.writes if write.action in (*ours, "TerminateInstances")]

    def config(self) -> str:
        return (
            f'platforms:\n  aws: {{regions: [{REGION}], accounts: ["123456789012"], endpoint: "{self.cloud.url}"}}\n'
            "monkeys:\n"
            "  - {name: a, use: chaos, on: aws, schedule: {every: 2h}, with: {fault: instance-stop}}\n"
            "  - {name: b, use: chaos, on: aws, schedule: {every: 2h}, with: {fault: asg-suspend}}\n"
            "  - {name: c, use: chaos, on: aws, schedule: {every: 2h}, with: {fault: instance-terminate}}\n"
        )


@dataclass
class LinksGround:
    """A toxiproxy, embedded or real; the real one keeps no record of what it was asked."""

    links: Links
    told: Callable[[], list[str]] = list
    kind: str = "proxy"
    paged: bool = False
    cases: Sequence[Case] = (Case(ProxyLatency, {"latency": 50}),)
    scope: str = field(default_factory=lambda: f"c{uuid.uuid4().hex[:6]}")

    def fill(self, count: int) -> set[str]:
        names = [f"{self.scope}-{number}" for number in range(count)]
        for name in names:
            self.links.proxy(name)
        return {f"{self.links.url}/proxies/{name}" for name in names}

    def connected(self, **options: Any) -> AbstractContextManager[Any]:
        return self.elsewhere(self.links.url, **options)

    def elsewhere(self, url: str, **options: Any) -> AbstractContextManager[Any]:
        return closing(Toxiproxy.connect(LinksPlace((url,), fleet=FLEET, key=KEY, **options)))

    def whole(self, selector: Selector) -> Selector:
        return Selector(selector.kind, names=(f"{self.scope}-*",))

    def state(self) -> dict[str, Any]:
        found = self.links.proxies()
        return {f"{self.links.url}/proxies/{name}": said for name, said in found.items() if name.startswith(self.scope)}

    def writes(self) -> list[str]:
        return self.told()

    def config(self) -> str:
        return (
            f'platforms:\n  toxiproxy: {{endpoints: ["{self.links.url}"], opt_in: ["{self.scope}-*"]}}\nmonkeys:\n'
            "  - {name: a, use: latency, on: toxiproxy, schedule: {every: 2h}}\n"
        )


def cloud_ground(server: CloudServer) -> CloudGround:
    """An empty AWS."""
    server.reset()
    return CloudGround(Cloud(server))


def _plain(obj: dict[str, Any], field_name: str) -> dict[str, Any]:
    metadata = obj["metadata"]
    marks = {**(metadata.get("labels") or {}), **(metadata.get("annotations") or {})}
    leaving = "deletionTimestamp" in metadata
    return {
        "field": obj.get("spec", {}).get(field_name),
        "leaving": leaving,
        "marks": {k: v for k, v in marks.items() if "simian" in k},
    }


__all__ = ["Case", "CloudGround", "Ground", "KubeGround", "LinksGround", "cloud_ground", "wait_until"]
