"""A real Kubernetes with one real node: containers run, Services answer, and all of it ends with one process."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

from tests.cluster import build
from tests.cluster.node_flags import NAME
from tests.cluster.node_parts import NodeParts
from tests.cluster.plane import CORE, Cluster
from tests.cluster.process import PartDiedError
from tests.cluster.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.cluster.api import Obj
    from tests.cluster.images import Image

ANYONE = 65532
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}
"""The labels of a namespace in which only pods that can do no harm are let in."""

WEB = "trap 'exit 0' TERM; mkdir /tmp/www; echo $HOSTNAME > /tmp/www/index.html; httpd -f -p 8080 -h /tmp/www & wait"


class Node(Cluster):
    """A started one inside ``with``; several may run side by side. What Cluster has, and what only containers can.

    Raises (entering): CannotBuildError, PartDiedError, NeverError; ask ``machine.ready`` first.
    """

    name = NAME

    def __init__(self, say: Callable[[str], None] = build.say) -> None:
        super().__init__(nodes=0, say=say, ground=self._made)

    def _made(self) -> NodeParts:
        self.real = NodeParts()
        return self.real

    def load(self, image: Image) -> None:
        """Give the node an image."""
        self.real.load(image)

    def run(self, *command: str, seconds: float = 60) -> str:
        """Run a command of the machine's in the node's namespaces; what it prints.

        Raises:
            PartDiedError: it ended with another code than 0.
        """
        return self.real.space.run(*command, seconds=seconds)

    def kubectl(self, *words: str, given: str = "", seconds: float = 120) -> str:
        """Run kubectl as admin; what it prints.

        Raises:
            PartDiedError: it ended with another code than 0; the text holds what it said.
        """
        env = {**os.environ, "KUBECONFIG": str(self.kubeconfig)}
        command = [str(build.kubectl()), f"--cache-dir={self.folder}/kubectl", *words]
        done = subprocess.run(
            command, input=given, env=env, capture_output=True, text=True, timeout=seconds, check=False
        )
        if done.returncode:
            raise PartDiedError(f"kubectl {' '.join(words)} ended with {done.returncode}:\n{done.stderr[-1500:]}")
        return done.stdout

    def exec(self, namespace: str, pod: str, *command: str) -> str:
        """Run a command in the first container of a pod; what it prints."""
        return self.kubectl("exec", "-n", namespace, pod, "--", *command)

    def workload(self, namespace: str, name: str, replicas: int = 1, labels: Mapping[str, str] | None = None) -> None:
        """A Deployment whose pods answer on port 8080 with their own names, and a Service ``name`` over them, port 80.

        ``labels`` are those of its pods, beside ``app``. Its pods may run where Pod Security is restricted.
        """
        mine = {"app": name}
        web = {**container("app", "sh", "-c", WEB), "readinessProbe": _probe(), "ports": [{"containerPort": 8080}]}
        template = {"metadata": {"labels": {**mine, **(labels or {})}}, "spec": pod_spec(web)}
        spec = {"replicas": replicas, "selector": {"matchLabels": mine}, "template": template}
        self.admin.create(f"/apis/apps/v1/namespaces/{namespace}/deployments", _object("Deployment", name, spec))
        service = {"selector": mine, "ports": [{"port": 80, "targetPort": 8080}]}
        self.admin.create(f"{CORE}/namespaces/{namespace}/services", _object("Service", name, service))

    def pod(self, namespace: str, name: str, spec: Obj, labels: Mapping[str, str] | None = None) -> Obj:
        """Make a pod of this spec and wait until it runs or has run; as it is then."""
        made = _object("Pod", name, spec, labels)
        self.admin.create(f"{CORE}/namespaces/{namespace}/pods", made)
        return self.until_phase(namespace, name, "Running", "Succeeded", "Failed")

    def until_phase(self, namespace: str, name: str, *phases: str, seconds: float = 60) -> Obj:
        """Wait until a pod is in one of these phases; as it is then."""
        path = f"{CORE}/namespaces/{namespace}/pods/{name}"

        def there() -> Obj | None:
            pod = self.admin.get(path)
            return pod if pod["status"].get("phase") in phases else None

        return until(f"pod {name} to be {' or '.join(phases)}", there, seconds) or {}

    def volume(self, name: str, size: str = "1Gi", owner: int = ANYONE) -> Path:
        """A PersistentVolume in a folder of the node, for one claim without a class; goes with the node."""
        place = self.folder / "volumes" / name
        place.mkdir(parents=True)
        os.chown(place, owner, owner)
        here = {"key": "kubernetes.io/hostname", "operator": "In", "values": [NAME]}
        spec = {
            "capacity": {"storage": size},
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain",
            "local": {"path": str(place)},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}},
        }
        self.admin.create(f"{CORE}/persistentvolumes", _object("PersistentVolume", name, spec))
        return place

    def used(self, namespace: str, pod: str, what: str) -> int:
        """What the first container of a pod has used, as a file of its control groups (``cpuacct.usage``) tells."""
        status = self.admin.get(f"{CORE}/namespaces/{namespace}/pods/{pod}")["status"]
        identity = status["containerStatuses"][0]["containerID"].removeprefix("containerd://")
        return int(self.run("cat", f"/sys/fs/cgroup/{what.split('.', maxsplit=1)[0]}/k8s.io/{identity}/{what}"))

    def logs(self, namespace: str, pod: str) -> str:
        """What a pod's first container printed."""
        return self.admin.raw("GET", f"{CORE}/namespaces/{namespace}/pods/{pod}/log").decode()


def container(name: str, *command: str, image: str = "busybox:1.37") -> dict[str, Any]:
    """A container that can do no harm; what it may write is /tmp alone."""
    never = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    made = {"name": name, "image": image, "imagePullPolicy": "Never", "securityContext": never}
    return {**made, "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}], **({"command": command} if command else {})}


def pod_spec(*containers: Obj) -> Obj:
    """The spec of a pod that Pod Security *restricted* lets in."""
    nobody = {"runAsNonRoot": True, "runAsUser": ANYONE, "runAsGroup": ANYONE, "fsGroup": ANYONE}
    return {
        "containers": list(containers),
        "volumes": [{"name": "tmp", "emptyDir": {}}],
        "securityContext": {**nobody, "seccompProfile": {"type": "RuntimeDefault"}},
        "terminationGracePeriodSeconds": 2,
    }


def _probe() -> Obj:
    return {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1}


def _object(kind: str, name: str, spec: Obj, labels: Mapping[str, str] | None = None) -> Obj:
    group = "apps/v1" if kind == "Deployment" else "v1"
    made: Obj = {"apiVersion": group, "kind": kind, "metadata": {"name": name, "labels": dict(labels or {})}}
    return json.loads(json.dumps({**made, "spec": spec}))  # type: ignore[no-any-return]
