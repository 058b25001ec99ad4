"""What a partition does: a pod is cut off from everything, from some pods, or from some addresses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from simian_army import marks
from simian_army.bearing import name_for
from simian_army.errors import Conflict, Forbidden, Gone, PlatformError, Refused, SimianError, Unknown
from simian_army.faults.k8s.arguments import known, word
from simian_army.faults.k8s.giving_back import Back, give_back
from simian_army.faults.k8s.making import Made
from simian_army.faults.k8s.policies import Cut, enforced, others_over
from simian_army.model import Evidence, Fault, Json, Mark, Selector
from simian_army.ports_kube import KubernetesMakingPort

POLICY = "networkpolicy"
LABEL = "simian-army/struck"
_LABELS = "/metadata/labels"
_AT = f"{_LABELS}/{LABEL.replace('/', '~1')}"


@dataclass(frozen=True, slots=True)
class NetworkPartition:
    """Makes a NetworkPolicy over a label that nobody has, then puts this label, and the mark, on the pod.

    Policies only allow, and what several allow adds up. So where another policy is over the pod already, one that lets
    something through is refused: it would open what that one closes.
    """

    port: KubernetesMakingPort
    name: ClassVar[str] = "network-partition"
    platform: ClassVar[str] = "kubernetes"
    strikes: ClassVar[str] = "pod"
    bears: ClassVar[tuple[str, ...]] = (POLICY,)
    reversible: ClassVar[bool] = True
    replaces: ClassVar[bool] = False
    restores: ClassVar[tuple[str, ...]] = ("metadata.labels",)
    alone: ClassVar[str] = (
        "when its pod is replaced; the next start of an agent, or `simian revert --all`, deletes the policy"
    )
    params: ClassVar[Mapping[str, str]] = {
        "direction": "ingress, egress or both; without it, both",
        "peers": "labels of the pods, of whatever namespace, that it is cut off from; what is no pod is cut off too",
        "cidrs": "a list of networks that it is cut off from; without peers and cidrs, from everything",
        "enforcer": "the DaemonSet that enforces policies here, as namespace/name; without it, one that is known",
    }
    undo: ClassVar[Mapping[str, str]] = {
        "label": f"the value of the label {LABEL} that we put on the pod",
        "struck": "the pod that the mark is signed for",
        "bearers": "the policy that we make, as kind/namespace/name: it bears the mark too",
    }
    permissions: ClassVar[tuple[tuple[str, str, str, str], ...]] = (
        ("get", "", "pods", ""),
        ("patch", "", "pods", ""),
        *((verb, "networking.k8s.io", "networkpolicies", "") for verb in ("get", "list", "create", "delete")),
        ("list", "apps", "daemonsets", ""),
    )
    everywhere: ClassVar[tuple[tuple[str, str, str, str], ...]] = (("list", "apps", "daemonsets", ""),)
    reverting: ClassVar[tuple[tuple[str, str, str, str], ...]] = (
        ("get", "", "pods", ""),
        ("patch", "", "pods", ""),
        *((verb, "networking.k8s.io", "networkpolicies", "") for verb in ("get", "delete")),
    )

    def reach(self, fault: Fault) -> Selector | None:
        del fault
        return None

    def prepare(self, fault: Fault) -> Json | None:
        known(fault, self.params)
        if word(fault, "enforcer") and "/" not in word(fault, "enforcer"):
            raise Refused(f"{self.name}: enforcer is {word(fault, 'enforcer')!r}, give namespace/name")
        cut, pod = Cut.of(fault), self._there(fault)
        if marks.bears(pod):
            raise Refused(f"{fault.target}: another fault holds it: {marks.found(pod) or 'label ' + marks.HELD}")
        self._alone(fault, cut, pod)
        return {"label": name_for(fault), **Made(self.port, POLICY).undo(fault)}

    def inject(self, fault: Fault, mark: Mark) -> None:
        made, value = Made(self.port, POLICY), name_for(fault)
        cut, pod = Cut.of(fault), self._there(fault)
        operations = self.port.mark(pod, mark)  # refuses before anything is made
        policy = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "spec": cut.spec({LABEL: value})}
        made.create({**policy, "metadata": made.metadata(fault, mark)})
        try:
            self.port.patch(fault.target, [*operations, {"op": "add", "path": _AT, "value": value}])
        except (Refused, Gone, Conflict, Forbidden) as no:
            raise self._unmade(fault, mark, no) from no

    def observe(self, fault: Fault) -> Evidence:
        pod = self.port.get(fault.target)
        if pod is None or _label(pod) != name_for(fault):
            return Evidence(holds=False, detail="the pod is gone or does not bear our label")
        if Made(self.port, POLICY).there(fault) is None:
            return Evidence(holds=False, detail="the policy is not there")
        seen = enforced(self.port, word(fault, "enforcer"))
        return replace(seen, detail=f"the policy stands over the pod; {seen.detail}")

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        value = name_for(fault)
        pod = give_back(self.port, fault, mark, lambda obj: _back(obj, value))
        policy = Made(self.port, POLICY).delete(fault, mark)
        under_way = policy.under_way and pod.holds
        return Evidence(pod.holds and policy.holds, f"{pod.detail}; {policy.detail}", under_way=under_way)

    def _unmade(self, fault: Fault, mark: Mark, no: SimianError) -> SimianError:
        """What to say of a pod that could not be labelled: it was nothing only if the policy is gone again."""
        try:
            proof = Made(self.port, POLICY).delete(fault, mark)
        except PlatformError as error:
            proof = Evidence(holds=False, detail=str(error))
        return no if proof.holds else Unknown(f"{no}; the policy made before is there still: {proof.detail}")

    def _there(self, fault: Fault) -> dict[str, Any]:
        pod = self.port.get(fault.target)
        if pod is None or pod["metadata"].get("deletionTimestamp"):
            raise Refused(f"{fault.target}: gone or being deleted")
        if (pod.get("spec") or {}).get("hostNetwork"):
            raise Refused(f"{fault.target}: it is on its node's own network, which no policy is over")
        return pod

    def _alone(self, fault: Fault, cut: Cut, pod: Json) -> None:
        if not cut.partly:
            return
        over = others_over(cut, pod, self.port.near(POLICY, fault.target.scope))
        if over:
            why = f"the policy {over[0]} is over it already, and ours would open what that one closes"
            raise Refused(f"{fault.target}: {why}; leave out peers and cidrs")


def _label(pod: Json) -> str | None:
    found = (pod["metadata"].get("labels") or {}).get(LABEL)
    return found if isinstance(found, str) else None


def _back(pod: Json, value: str) -> Back:
    if _label(pod) != value:
        return Back([], "its label is gone or another by someone: kept")
    return Back([{"op": "test", "path": _AT, "value": value}, {"op": "remove", "path": _AT}], "label removed")
