"""What running a command does: whatever config's own command does in a container of the target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from simian_army.errors import Refused, Unknown
from simian_army.faults.k8s.arguments import known, whole
from simian_army.faults.k8s.running_in import RUNNING, barred, container_of
from simian_army.model import Evidence, Fault, Json, Mark, Selector
from simian_army.ports_kube import Ended, KubernetesExecPort

_KEPT = 100


@dataclass(frozen=True, slots=True)
class RunCommand:
    """Runs one command, as config words it, once. Nobody knows what it does, so nobody can undo it: it runs only where
    ``allow_irreversible`` names it. What it prints is thrown away."""

    port: KubernetesExecPort
    _ended: dict[str, Ended] = field(default_factory=dict, init=False, compare=False, repr=False)
    name: ClassVar[str] = "exec"
    platform: ClassVar[str] = "kubernetes"
    strikes: ClassVar[str] = "pod"
    reversible: ClassVar[bool] = False
    replaces: ClassVar[bool] = False
    restores: ClassVar[tuple[str, ...]] = ()
    alone: ClassVar[str] = "momentary: nothing to end"
    params: ClassVar[Mapping[str, str]] = {
        "argv": "the command and its arguments, as a list; no shell reads it",
        "container": "the container's name; without it, the pod's first",
        "seconds": "how long it may take, at most 30; without it, 10. It may go on after that",
    }
    undo: ClassVar[Mapping[str, str]] = {}
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
        _argv(fault)
        _seconds(fault)
        container_of(self.port, fault)
        return None

    def inject(self, fault: Fault, mark: Mark) -> None:
        del mark  # nothing is held, so nothing is marked
        struck = container_of(self.port, fault)
        ended = self.port.run(fault.target, struck.name, _argv(fault), _seconds(fault))
        for old in list(self._ended)[: max(0, len(self._ended) + 1 - _KEPT)]:
            del self._ended[old]
        self._ended[fault.target.id] = ended
        if ended.code != 0:
            raise Unknown(
                f"{fault.target}: {_argv(fault)[0]} in {struck.name}: {ended.words}; it may have done anything"
            )

    def observe(self, fault: Fault) -> Evidence:
        ended = self._ended.get(fault.target.id)
        if ended is None:
            return Evidence(holds=False, detail="how the command ended is known to the process alone that ran it")
        return Evidence(ended.code == 0, f"the command was run: {ended.words}")

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        del fault, mark
        return Evidence(holds=True, detail="nothing to undo: what the command did is its own")


def _argv(fault: Fault) -> Sequence[str]:
    argv = fault.params.get("argv")
    if not isinstance(argv, (list, tuple)) or not argv or not all(isinstance(one, str) and one for one in argv):
        raise Refused(f"{fault.kind}: argv is {argv!r}, give a list of words, for instance [sync]")
    return argv


def _seconds(fault: Fault) -> int:
    return whole(fault, "seconds", 1, 30, 10)
