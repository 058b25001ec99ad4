"""A real cluster with something for every fault to strike, and accounts that may do what the chart grants, no more."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.cluster.api import ApiSaidError
from tests.cluster.fleet import SIMIAN
from tests.cluster.process import Part
from tests.cluster.waiting import until
from tests.cluster.world import node
from tests.helm.chart import FULL, HOME, KEY, WHO, Atom, Obj, granted, of_kind, unused

if TYPE_CHECKING:
    from tests.cluster.plane import Cluster

RBAC = "/apis/rbac.authorization.k8s.io/v1"
HOOKS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
IN = {"simian-army/chaos": "enabled"}
ROLE, ZONE = "role-test", "topology.kubernetes.io/zone"
NODES = 6
CHAINS = 4  # more than are read one by one


@dataclass(frozen=True)
class Scene:
    """The namespace ``space`` with its workloads, two nodes of its own, and the rendered objects of a release."""

    cluster: Cluster
    space: str
    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "simian.yaml"

    def write(self, objects: list[Obj]) -> None:
        """The rendered config, for processes that are no pods: they reach the cluster by a kubeconfig."""
        (said,) = of_kind(objects, "ConfigMap")
        text = said["data"]["simian.yaml"].replace("context: in-cluster", f"context: {self.cluster.context}")
        self.config.write_text(text.replace("/var/lib/simian-army", str(self.folder)))

    def grant(self, objects: list[Obj]) -> None:
        """Make the rendered Roles and bindings; those that are there already are made anew."""
        for one in of_kind(objects, "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"):
            space = one["metadata"].get("namespace")
            path = f"{RBAC}/namespaces/{space}" if space else RBAC
            self.cluster.admin.create(f"{path}/{one['kind'].lower()}s", one)

    def command(self, who: str, *words: str) -> list[str]:
        """``simian WORDS`` as one of the accounts."""
        api = self.cluster.service_account(HOME, f"{FULL}-{who}")
        kubeconfig = self.cluster.kubeconfig_with(self.folder / f"{who}.kubeconfig", api)
        env = [f"KUBECONFIG={kubeconfig}", f"SIMIAN_KEY={KEY}"]
        return ["/usr/bin/env", *env, str(SIMIAN), *words, "-c", str(self.config)]

    def simian(self, who: str, *words: str, seconds: float = 90) -> subprocess.CompletedProcess[str]:
        """The same, run to its end; the caller looks at the exit code."""
        done = subprocess.run(
            self.command(who, *words),
            env=dict(os.environ),
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        print(f"{who}: simian {' '.join(words)} -> {done.returncode}\n{done.stdout}{done.stderr}", file=sys.stderr)
        return done

    @contextmanager
    def runs(self, who: str, *words: str) -> Iterator[Part]:
        """The same, for as long as the ``with`` lasts."""
        part = Part(self.command(who, *words), self.folder / f"{who}.log")
        try:
            yield part
        finally:
            part.stop()

    def unhook(self) -> None:
        """Nobody is asked by the API server any more."""
        self.cluster.admin.delete(f"{HOOKS}/{self.space}")

    def deployments(self) -> None:
        """Those that the release would have made, as far as anybody looks at them."""
        for who in ("agent", "undertaker"):
            body = _workload("Deployment", f"{FULL}-{who}", self.space, replicas=1)
            self.cluster.admin.create(f"/apis/apps/v1/namespaces/{HOME}/deployments", body)

    def names(self) -> list[str]:
        """What stands in both namespaces that faults, agents and undertakers might leave."""
        kinds = ("configmaps", "secrets")
        paths = [f"/api/v1/namespaces/{space}/{kind}" for space in (HOME, self.space) for kind in kinds]
        paths += [f"/apis/coordination.k8s.io/v1/namespaces/{HOME}/leases"]
        paths += [f"/apis/networking.k8s.io/v1/namespaces/{self.space}/networkpolicies"]
        return [f"{path}/{one['metadata']['name']}" for path in paths for one in self.cluster.admin.items(path)]

    def told(self, entry: str) -> list[str]:
        """The phases by which the ledger tells what came of a monkey's faults so far, and that a fire hit nobody. That
        one who was drawn is refused, since another fault holds it, and another is struck instead, is chance."""
        wanted = (
            "select phase from events where entry = ? and "
            "(phase in ('observed', 'no_effect') or phase = 'denied' and json_extract(data, '$.taken') = 0) order by seq"
        )
        return [str(phase) for (phase,) in self._asked(wanted, entry)]

    def tale(self, entry: str) -> str:
        """Everything that the ledger says of a monkey, a line an event."""
        wanted = "select seq, at, phase, run, target, data from events where entry = ? order by seq"
        return "\n".join(" ".join(map(str, row))[:2000] for row in self._asked(wanted, entry))

    def _asked(self, wanted: str, entry: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.folder / "simian.db", timeout=30)) as ledger:
            return list(ledger.execute(wanted, [entry]))

    def led(self) -> bool:
        """Whether some agent has the Lease."""
        leases = self.cluster.admin.items(f"/apis/coordination.k8s.io/v1/namespaces/{HOME}/leases")
        return any(one["spec"].get("holderIdentity") for one in leases)

    def records(self) -> list[Obj]:
        """The records of held faults."""
        return list(self.cluster.admin.items(f"/api/v1/namespaces/{HOME}/secrets?labelSelector=simian-army/record"))

    def marked(self) -> list[str]:
        """Everything that bears our label."""
        spaced = {"": ("pods", "configmaps", "secrets", "services"), "apps": ("deployments", "statefulsets")}
        spaced |= {"batch": ("jobs",), "networking.k8s.io": ("networkpolicies",)}
        roots = {group: f"/apis/{group}/v1" if group else "/api/v1" for group in spaced}
        paths = [f"{roots[g]}/namespaces/{self.space}/{kind}" for g, kinds in spaced.items() for kind in kinds]
        found = [(path, one) for path in (*paths, "/api/v1/nodes") for one in self._held(path)]
        return [f"{path}/{one['metadata']['name']}" for path, one in found]

    def _held(self, path: str) -> list[Obj]:
        return list(self.cluster.admin.items(f"{path}?labelSelector=simian-army/held"))

    def logs(self) -> str:
        """The ends of all logs, for whoever looks at a failure."""
        return "\n".join(f"== {file.name}\n{file.read_text()[-3000:]}" for file in self.folder.glob("*.log"))

    def unused(self, objects: list[Obj], since: int, who: str) -> set[Atom]:
        """What was granted and that nobody asked for; a call that was not granted fails."""
        user = f"system:serviceaccount:{HOME}:{FULL}-{who}"
        calls = [call for call in self.cluster.calls(since) if call.user == user]
        denied = [f"{call.verb} {call.resource} {call.namespace}/{call.name}" for call in calls if call.code == 403]
        assert not denied, denied
        assert calls, f"{who} asked nothing"
        return unused(granted(objects, f"{FULL}-{who}"), calls)


@contextmanager
def scene(cluster: Cluster, space: str, folder: Path) -> Iterator[Scene]:
    """Everything made, and removed again."""
    made = Scene(cluster, space, folder)
    cluster.namespace(HOME)
    cluster.namespace(space, IN)
    nodes = [f"{space}-{number}" for number in range(1, NODES + 1)]
    try:
        for number, name in enumerate(nodes):
            cluster.admin.create("/api/v1/nodes", node(name, {ROLE: space, ZONE: f"{space}-{number}"}))
        for path, obj in _things(space):
            cluster.admin.create(path, obj)
        for number in range(CHAINS):
            _chain(cluster, space, number)
        until("all pods to run", lambda: _run(cluster, space), 90)
        _owned(cluster, space)
        yield made
    finally:
        cluster.admin.delete(f"{HOOKS}/{space}")
        for who in WHO:
            for kind in ("clusterroles", "clusterrolebindings"):
                cluster.admin.delete(f"{RBAC}/{kind}/{HOME}-{FULL}-{who}")
        cluster.admin.delete(f"/api/v1/namespaces/{HOME}")
        cluster.remove_namespace(space)
        cluster.remove_namespace(HOME)
        for name in nodes:  # last: pods on a node that is gone stay for most of a minute
            cluster.admin.delete(f"/api/v1/nodes/{name}")


def _things(space: str) -> Iterator[tuple[str, Obj]]:
    core, apps = f"/api/v1/namespaces/{space}", f"/apis/apps/v1/namespaces/{space}"
    yield f"{apps}/deployments", _workload("Deployment", "web", space, replicas=4)
    yield f"{apps}/statefulsets", _workload("StatefulSet", "db", space, replicas=3, serviceName="db")
    yield f"{apps}/daemonsets", _workload("DaemonSet", "logs", space)
    yield f"{core}/configmaps", {"kind": "ConfigMap", "metadata": {"name": "conf"}, "data": {"a": "1"}}
    names = {"type": "ExternalName", "externalName": "bank.example"}
    yield f"{core}/services", {"kind": "Service", "metadata": {"name": "bank"}, "spec": names}
    yield f"{core}/services", {"kind": "Service", "metadata": {"name": "hook"}, "spec": _serves("hook")}
    yield HOOKS, _webhook(space)
    nowhere = {"nodeSelector": {ROLE: "nowhere"}, "restartPolicy": "Never", "containers": [CONTAINER]}
    job = {"completions": 2, "template": {"metadata": {"labels": {"app": "work"}}, "spec": nowhere}}
    yield f"/apis/batch/v1/namespaces/{space}/jobs", {"kind": "Job", "metadata": {"name": "work"}, "spec": job}


CONTAINER = {"name": "app", "image": "example.invalid/app:1"}


def _workload(kind: str, name: str, space: str, **more: Any) -> Obj:
    """One whose pods stand on the scene's own nodes."""
    spec = {"nodeSelector": {ROLE: space}, "containers": [CONTAINER], "terminationGracePeriodSeconds": 1}
    template = {"metadata": {"labels": {"app": name}}, "spec": spec}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": {"app": name}}, "template": template, **more},
    }


def _serves(app: str) -> Obj:
    return {"selector": {"app": app}, "ports": [{"port": 443}]}


def _webhook(space: str) -> Obj:
    """One that is asked of nothing, in front of nobody's pods."""
    client = {"service": {"namespace": space, "name": "hook"}}
    one = {"name": "hook.shop.example", "clientConfig": client, "sideEffects": "None", "rules": []}
    whole = {**one, "admissionReviewVersions": ["v1"], "failurePolicy": "Ignore"}
    return {"kind": "ValidatingWebhookConfiguration", "metadata": {"name": space}, "webhooks": [whole]}


def _chain(cluster: Cluster, space: str, number: int) -> None:
    """A pod whose owners, one above the other, are of every kind that makes pods."""
    above: Obj | None = None
    template: Obj = {"metadata": {"labels": {"app": f"tall-{number}"}}, "spec": {"containers": [CONTAINER]}}
    pods = {"selector": {"matchLabels": {"app": f"tall-{number}"}}, "template": template}
    once = {"metadata": {"labels": {"app": "none"}}, "spec": {"restartPolicy": "Never", "containers": [CONTAINER]}}
    job = {"suspend": True, "template": once}
    nowhere = {**template, "spec": {**template["spec"], "nodeSelector": {ROLE: "nowhere"}}}
    for group, plural, kind, spec in (
        ("batch", "cronjobs", "CronJob", {"schedule": "0 0 1 1 *", "suspend": True, "jobTemplate": {"spec": job}}),
        ("batch", "jobs", "Job", job),
        ("apps", "daemonsets", "DaemonSet", {**pods, "template": nowhere}),
        ("apps", "statefulsets", "StatefulSet", {**pods, "replicas": 0, "serviceName": "none"}),
        ("apps", "deployments", "Deployment", {**pods, "replicas": 1}),
    ):
        head: Obj = {"name": f"tall-{number}", "ownerReferences": [above] if above else []}
        body = {"apiVersion": f"{group}/v1", "kind": kind, "metadata": head, "spec": spec}
        done = cluster.admin.create(f"/apis/{group}/v1/namespaces/{space}/{plural}", body)
        above = {**{key: body[key] for key in ("apiVersion", "kind")}, "name": head["name"], "controller": True}
        above["uid"] = done["metadata"]["uid"]


def _owned(cluster: Cluster, space: str) -> None:
    """A Secret on top of one of these chains: alone, so that what stands above it is read one by one."""
    (owner,) = cluster.admin.items(f"/apis/apps/v1/namespaces/{space}/replicasets?labelSelector=app=tall-0")
    above = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "controller": True}
    above |= {key: owner["metadata"][key] for key in ("name", "uid")}
    made = {
        "kind": "Secret",
        "metadata": {"name": "creds", "ownerReferences": [above]},
        "stringData": {"a": "canary-7"},
    }
    cluster.admin.create(f"/api/v1/namespaces/{space}/secrets", made)


def _run(cluster: Cluster, space: str) -> bool:
    try:
        pods = [pod for pod in cluster.pods(space) if pod["metadata"]["labels"].get("app") != "work"]
    except ApiSaidError:
        return False
    return len(pods) >= 4 + 3 + NODES + CHAINS and all(pod["status"].get("phase") == "Running" for pod in pods)
