"""A monkey that cuts the power of the oldest pods: what never restarts hides what a restart would show."""

# ruff: noqa: ARG002 - the protocol's arguments need not all be used
from collections.abc import Mapping, Sequence
from random import Random

from simian_army import Evidence, Fault, KubernetesPort, Mark, Needs, Target

NONE: Mapping[str, str] = {}


class PowerCut:
    name, platform, strikes, reversible, replaces = "power-cut", "kubernetes", "pod", False, True
    params, undo, restores = NONE, NONE, ()
    permissions = (("get", "", "pods", ""), ("delete", "", "pods", ""))  # what `simian check` tries

    def __init__(self, port: KubernetesPort) -> None:
        self.port = port

    def reach(self, fault: Fault) -> None: ...  # whom it harms besides the target: nobody
    def prepare(self, fault: Fault) -> None: ...  # what an undo needs, read before the harm: nothing
    def inject(self, fault: Fault, mark: Mark) -> None:
        self.port.delete(fault.target, grace=0)

    def observe(self, fault: Fault) -> Evidence:
        return Evidence(self.port.get(fault.target) is None, "looked whether the pod is gone")

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        return Evidence(holds=True, detail="nothing to undo: a controller makes a new pod")


class Veterans:
    name, needs = "veterans", Needs(faults=("power-cut",))

    def want(self, troop: Sequence[Target], rng: Random) -> int:
        return min(1, len(troop))

    def propose(self, troop: Sequence[Target], rng: Random) -> list[Fault]:
        return [Fault("power-cut", pod) for pod in sorted(troop, key=lambda pod: (pod.born, pod.id))]
