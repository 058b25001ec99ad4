"""What a container kill does: the first process of a container is asked to end, and its node starts it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from simian_army.errors import Refused
from simian_army.faults.k8s.arguments import known
from simian_army.faults.k8s.running_in import RUNNING, barred, container_of, status_of
from simian_army.model import Evidence, Fault, Json, Mark, Selector
from simian_army.ports_kube import KubernetesExecPort

TERM = ("/bin/sh", "-c", "kill -TERM 1")
_ALWAYS = "Always"
_SECONDS = 10.0
_DONE = frozenset({0, 137, 143, None})  # the shell may go with the container before it says anything


@dataclass(frozen=True, slots=True)
class ContainerKill:
    """Sends SIGTERM to process 1 from inside. SIGKILL is not offered: the kernel ignores it from there, and TERM too if
    process 1 does not handle it; then there is no effect."""

    port: KubernetesExecPort
    name: ClassVar[str] = "container-kill"
    platform: ClassVar[str] = "kubernetes"
    strikes: ClassVar[str] = "pod"
    reversible: ClassVar[bool] = False
    replaces: ClassVar[bool] = True
    restores: ClassVar[tuple[str, ...]] = ()
    alone: ClassVar[str] = "momentary: nothing to end"
    params: ClassVar[Mapping[str, str]] = {"container": "the container's name; without it, the pod's first"}
    undo: ClassVar[Mapping[str, str]] = {
        "container": "the container that is struck",
        "restarts": "how often it had been restarted: nothing is undone by it, the effect is seen by it",
    }
    permissions: ClassVar[tuple[tuple[str, str, str, str], ...]] = (
        ("get", "", "pods", ""),
        *RUNNING,
    )

    def reach(self, fault: Fault) -> Selector | None:
        del fault
        return None

    def unfit(self, fault: Fault) -> str:
        del fault
        return barred(self.port)

    def prepare(self, fault: Fault) -> Json | None:
        known(fault, self.params)
        struck = container_of(self.port, fault)
        if struck.spec.get("shareProcessNamespace") or struck.spec.get("hostPID"):
            raise Refused(
                f"{fault.target}: its containers share their processes, so process 1 is none of {struck.name}"
            )
        policy = struck.own.get("restartPolicy") or struck.spec.get("restartPolicy") or _ALWAYS
        if policy != _ALWAYS:  # one that answers TERM with 0 has succeeded, and with OnFailure stays so for ever
            raise Refused(f"{fault.target}: {struck.name} may not be started again (restartPolicy: {policy})")
        return {"container": struck.name, "restarts": struck.restarts}

    def inject(self, fault: Fault, mark: Mark) -> None:
        del mark  # nothing is held, so nothing is marked
        struck = container_of(self.port, fault)
        ended = self.port.run(fault.target, struck.name, TERM, _SECONDS)
        if ended.code not in _DONE:
            raise Refused(f"{fault.target}: {' '.join(TERM)} in {struck.name}: {ended.words}, so nothing was sent")

    def observe(self, fault: Fault) -> Evidence:
        undo = fault.undo or {}
        pod = self.port.get(fault.target)
        if pod is None:
            return Evidence(holds=False, detail="the pod is gone")
        now = status_of(pod, str(undo.get("container"))).get("restartCount") or 0
        before = undo.get("restarts", now)
        words = f"{undo.get('container')} was restarted {now} times, before {before}"
        return Evidence(now > before, words, under_way=now <= before)

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        del fault, mark
        return Evidence(holds=True, detail="nothing to undo: its node starts the container again")
