"""Where agents are killed: the contract's grounds, each with a way to read its objects whole and to count what was done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simian_army.embedded.cloud import CloudServer
from simian_army.embedded.kube import KubeServer
from simian_army.embedded.toxi.server import ToxiServer
from simian_army.targets.kube.place import Place
from tests.cluster.plane import Cluster as RealCluster
from tests.crash import nearby
from tests.targets.contract.grounds import CloudGround, Ground, KubeGround, LinksGround, cloud_ground
from tests.targets.kube.grounds import Ground as Cluster
from tests.targets.kube.grounds import OpenApi
from tests.targets.links import Links

OURS = ("/secrets", "/leases", "reviews")
"""What of the writes to a cluster is none to a target."""

MARKS = ("metadata.labels", "metadata.annotations", "Tags", "toxics")
"""Where marks stand, on whatever platform; compared besides what a fault kind says it restores."""

NODE = {
    "apiVersion": "v1",
    "kind": "Node",
    "metadata": {"name": "node-0"},
    "status": {"capacity": {"pods": "110"}, "allocatable": {"pods": "110"}},
}


@dataclass(frozen=True)
class Site:
    """One filled ground. ``objects`` reads every object of a kind there that may be struck, by name, as the server has
    it; ``acts`` lists the writes to targets that it carried out since the filling, None where it does not tell; ``kept``
    what faults keep elsewhere."""

    ground: Ground
    said: str
    objects: Callable[[str], dict[str, Any]]
    acts: Callable[[], list[str] | None]
    select: str = ""
    more: str = ""
    kept: Callable[[], list[str]] = list

    def views(self, strikes: str, restores: tuple[str, ...]) -> dict[str, dict[str, Any]]:
        """By object of the kind that is struck, the fields that are restored and those that marks stand in."""
        paths = sorted({*restores, *MARKS})
        return {name: {path: seen(obj, path) for path in paths} for name, obj in self.objects(strikes).items()}


def seen(obj: Any, path: str) -> Any:
    """The value at a dotted path, lists in an order of their own; None where there is nothing."""
    for part in path.split("."):
        obj = obj.get(part) if isinstance(obj, Mapping) else None
    return sorted(obj, key=repr) if isinstance(obj, list) else obj


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """Object to the fields of it that differ; those that do not differ are left out."""
    both = {name: (before.get(name, {}), after.get(name, {})) for name in {*before, *after}}
    found = {
        name: frozenset(path for path in {*old, *new} if old.get(path) != new.get(path))
        for name, (old, new) in both.items()
    }
    return {name: paths for name, paths in found.items() if paths}


@contextmanager
def embedded_kube(server: KubeServer, folder: Path) -> Iterator[Site]:
    """A Kubernetes of ours; the kubeconfig is left in ``folder``."""
    (folder / "kubeconfig").write_text(
        f"apiVersion: v1\nkind: Config\nclusters: [{{name: here, cluster: {{server: '{server.url}'}}}}]\n"
        "users: [{name: here, user: {}}]\ncontexts: [{name: here, context: {cluster: here, user: here}}]\n"
    )
    uid = next(o for o in server.objects("Namespace") if o["metadata"]["name"] == "kube-system")["metadata"]["uid"]

    def told() -> list[str]:
        done = [w for w in server.writes if w.user_agent.startswith("simian-army/") and w.code < 300]
        return [f"{w.method} {w.path}" for w in done if not any(ours in w.path for ours in OURS)]

    cluster = Cluster(OpenApi(server.url), lambda **options: Place(url=server.url, embedded=True, **options))
    with _kube(cluster, told, f"context: here, cluster_uid: {uid}") as site:
        yield site


@contextmanager
def real_kube(real: RealCluster) -> Iterator[Site]:
    """A real API server; records are Secrets there."""
    mark = real.audit_mark()

    def told() -> list[str]:
        done = [call for call in real.calls(mark) if call.writes and call.agent.startswith("simian-army/")]
        made = [f"{call.verb} {call.uri}" for call in done if call.code < 300]
        return [one for one in made if not any(ours in one for ours in OURS)]

    cluster = Cluster(real.api("admin"), lambda **options: Place(context=real.context, **options))
    with _kube(cluster, told, f"context: {real.context}, cluster_uid: {real.uid}", records=True) as site:
        yield site


@contextmanager
def _kube(cluster: Cluster, told: Callable[[], list[str]], yaml: str, *, records: bool = False) -> Iterator[Site]:
    cluster.begin()
    ground = KubeGround(cluster, told, yaml)
    try:
        ground.fill(3)
        nearby.make(cluster)
        begun = len(told())
        yield Site(
            ground,
            f"kubernetes: {{{yaml}, namespaces: [{cluster.scope}]}}",
            lambda kind: _nodes(ground) if kind == "node" else nearby.objects(cluster, kind),
            lambda: told()[begun:],
            f"select: {{names: [{', '.join(ground.nodes)}]}}, ",
            f"undertaker: {{namespace: {cluster.scope}}}\n" if records else "",
            lambda: list(nearby.kept(cluster)),
        )
    finally:
        for name in ground.nodes:
            cluster.api.delete(f"/api/v1/nodes/{name}")
        cluster.end()


def _nodes(ground: KubeGround) -> dict[str, Any]:
    return {name: ground.cluster.api.get(f"/api/v1/nodes/{name}") for name in ground.nodes}


def moto(server: CloudServer) -> Site:
    """An AWS with one instance of its own and a group of three."""
    ground = cloud_ground(server)
    ground.fill(4)
    begun = len(server.writes)
    return Site(
        ground,
        ground.config().partition("\n")[2].partition("\n")[0].strip(),
        lambda _: _cloud(ground),
        lambda: [write.action for write in server.writes[begun:] if write.code < 300],
    )


def _cloud(ground: CloudGround) -> dict[str, Any]:
    said = ground.cloud.ec2.describe_instances()["Reservations"]
    groups = ground.cloud.scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    instances = {one["InstanceId"]: one for reservation in said for one in reservation["Instances"]}
    for group in groups:
        group["SuspendedProcesses"] = [one["ProcessName"] for one in group["SuspendedProcesses"]]
    return instances | {group["AutoScalingGroupName"]: group for group in groups}


@contextmanager
def proxies(url: str, server: ToxiServer | None = None, count: int = 2) -> Iterator[Site]:
    """A toxiproxy with so many proxies, one of which has a toxic of somebody else; the real one keeps no record."""
    ground = LinksGround(Links(url))
    ground.fill(count)
    ground.links.toxic(f"{ground.scope}-0", "theirs")

    def told() -> list[str] | None:
        if server is None:
            return None
        done = [w for w in server.writes if "python-requests" not in w.user_agent and w.code < 300]
        return [f"{w.method} {w.path}" for w in done]

    begun = len(told() or [])
    try:
        yield Site(
            ground,
            f'toxiproxy: {{endpoints: ["{url}"], opt_in: ["{ground.scope}-*"]}}',
            lambda _: {name: said for name, said in ground.links.proxies().items() if name.startswith(ground.scope)},
            lambda: None if (acts := told()) is None else acts[begun:],
        )
    finally:
        for name in list(ground.links.proxies()):
            if name.startswith(ground.scope):
                ground.links.remove(name)
