"""Which container of a pod a command is run in, and how that container is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simian_army.errors import Refused
from simian_army.faults.k8s.arguments import word
from simian_army.model import Fault
from simian_army.needing import Permission
from simian_army.ports_kube import KubernetesExecPort

RUNNING: tuple[Permission, ...] = (("get", "", "pods", "exec"), ("create", "", "pods", "exec"))
"""What running a command takes: its websocket is opened by a GET, and since 1.35 the API server asks for ``create``
besides. An older one asks for ``get`` alone; there ``create`` lets its holder do the same by a POST."""


@dataclass(frozen=True, slots=True)
class Container:
    """A running container: its name, how often it was restarted, the pod's spec, and its ``own`` part of it."""

    name: str
    restarts: int
    spec: dict[str, Any]
    own: dict[str, Any]


def container_of(port: KubernetesExecPort, fault: Fault) -> Container:
    """The container that the parameter ``container`` names, else the pod's first.

    Raises:
        Refused: commands are off, the pod is gone or leaving, or the container does not run.
    """
    port.may_run()
    pod = port.get(fault.target)
    if pod is None or pod["metadata"].get("deletionTimestamp"):
        raise Refused(f"{fault.target}: gone or being deleted")
    spec = pod.get("spec") or {}
    there = {str(one.get("name")): one for one in spec.get("containers") or ()}
    name = word(fault, "container") or next(iter(there), "")
    if name not in there:
        raise Refused(f"{fault.target} has no container {name!r}; it has {', '.join(there) or 'none'}")
    status = status_of(pod, name)
    if "running" not in (status.get("state") or {}):
        raise Refused(f"{fault.target}: its container {name} does not run")
    return Container(name, int(status.get("restartCount") or 0), spec, there[name])


def barred(port: KubernetesExecPort) -> str:
    """Why no command may be run in any container here; empty if it may."""
    try:
        port.may_run()
    except Refused as no:
        return str(no)
    return ""


def status_of(pod: dict[str, Any], name: str) -> dict[str, Any]:
    """What the pod's status says of a container; nothing if it says nothing."""
    told = (pod.get("status") or {}).get("containerStatuses") or ()
    return next((one for one in told if isinstance(one, dict) and one.get("name") == name), {})
