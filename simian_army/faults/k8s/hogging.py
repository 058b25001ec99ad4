"""What the faults that use up a node have in common: a limited pod beside the target, which ends by itself."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simian_army.errors import Refused
from simian_army.faults.k8s.arguments import word
from simian_army.faults.k8s.leaving_all import on_nodes
from simian_army.faults.k8s.making import Made
from simian_army.model import Evidence, Fault, Json, Mark, Selector
from simian_army.ports_kube import KubernetesMakingPort

IMAGE = "busybox:1.37"
SHELL = ("/bin/sh", "-c")
LATER = 5
"""Seconds after the end of its hold that a hog ends by itself."""

ALONE = f"by its own activeDeadlineSeconds, {LATER} s after its hold; the pod that ended stays until it is deleted"
PARAMS: Mapping[str, str] = {"image": f"an image with sh, dd and sleep; without it, {IMAGE}"}
UNDO: Mapping[str, str] = {
    "struck": "the pod that the mark is signed for",
    "bearers": "the pod that we make, as kind/namespace/name: it bears the mark",
}
PERMISSIONS: tuple[tuple[str, str, str, str], ...] = (
    ("get", "", "pods", ""),
    ("list", "", "pods", ""),
    ("create", "", "pods", ""),
    ("delete", "", "pods", ""),
)
EVERYWHERE: tuple[tuple[str, str, str, str], ...] = (("list", "", "pods", ""),)
REVERTING: tuple[tuple[str, str, str, str], ...] = (("get", "", "pods", ""), ("delete", "", "pods", ""))


@dataclass(frozen=True, slots=True)
class Hog:
    """What the pod runs: a shell script, and what it may use, which is what it asks for too.

    ``full`` is a shell script that succeeds once all that is used up is used up; empty where that is so from the start.
    """

    script: str
    limits: Mapping[str, str]
    full: str = ""
    volumes: Sequence[Json] = ()
    mounts: Sequence[Json] = ()


def reach(fault: Fault) -> Selector | None:
    """Every pod on the target's node: all share what is used up."""
    node = fault.target.facts.get("node")
    return on_nodes([str(node)]) if node else None


def prepare(port: KubernetesMakingPort, fault: Fault) -> dict[str, Any]:
    """The undo.

    Raises:
        Refused: the target is gone, leaving or bound to no node, or one is there already.
    """
    word(fault, "image")
    _node(port, fault)
    return Made(port, "pod").undo(fault)


def inject(port: KubernetesMakingPort, fault: Fault, mark: Mark, hog: Hog) -> None:
    """Make the pod, on the target's node as it is now."""
    made = Made(port, "pod")
    # asked by the kubelet from inside, so that it takes no right of ours
    probe = {"exec": {"command": [*SHELL, hog.full]}, "periodSeconds": 1, "timeoutSeconds": 2}
    container = {
        "name": "hog",
        "image": word(fault, "image", IMAGE),
        "command": [*SHELL, hog.script],
        **({"readinessProbe": probe} if hog.full else {}),
        "resources": {"limits": dict(hog.limits), "requests": dict(hog.limits)},
        "volumeMounts": list(hog.mounts),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    spec = {
        "nodeName": _node(port, fault),
        "restartPolicy": "Never",
        "activeDeadlineSeconds": math.ceil(fault.hold.total_seconds()) + LATER,
        "terminationGracePeriodSeconds": 1,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "tolerations": [{"operator": "Exists"}],
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65532,
            "runAsGroup": 65532,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        "volumes": list(hog.volumes),
    }
    made.create({"apiVersion": "v1", "kind": "Pod", "metadata": made.metadata(fault, mark), "spec": spec})


def observe(port: KubernetesMakingPort, fault: Fault) -> Evidence:
    """Whether the pod is ready: it runs, and all that it uses up is used up."""
    pod = Made(port, "pod").there(fault)
    if pod is None:
        return Evidence(holds=False, detail="the pod that uses it up is not there")
    status = pod.get("status") or {}
    phase, full = str(status.get("phase", "Unknown")), _ready(status)
    said = "Running and ready" if full else "Running, not ready yet" if phase == "Running" else phase
    words = f"the pod {pod['metadata']['name']} is {said} on {pod['spec'].get('nodeName')}"
    why = _why(status)
    under_way = phase in ("Pending", "Running") and not full
    return Evidence(full, f"{words}{why and f': {why}'}", under_way=under_way)


def revert(port: KubernetesMakingPort, fault: Fault, mark: Mark) -> Evidence:
    """Delete the pod."""
    return Made(port, "pod").delete(fault, mark)


def _node(port: KubernetesMakingPort, fault: Fault) -> str:
    pod = port.get(fault.target)
    if pod is None or pod["metadata"].get("deletionTimestamp"):
        raise Refused(f"{fault.target}: gone or being deleted")
    node = pod["spec"].get("nodeName")
    if not node or node != fault.target.facts.get("node"):
        raise Refused(f"{fault.target}: it is bound to no node, or to another than it was when this was judged")
    return str(node)


def _ready(status: Json) -> bool:
    said = [one.get("status") for one in status.get("conditions") or () if one.get("type") == "Ready"]
    return status.get("phase") == "Running" and said == ["True"]


def _why(status: Json) -> str:
    """What keeps it from running, in the words of its node."""
    said = [str(status[key]) for key in ("reason", "message") if status.get(key)]
    for one in status.get("containerStatuses") or ():
        waiting = (one.get("state") or {}).get("waiting") or {}
        said += [str(waiting[key]) for key in ("reason", "message") if waiting.get(key)]
    return " ".join(said)[:200]
