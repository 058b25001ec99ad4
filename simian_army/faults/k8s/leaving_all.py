"""Which of the pods in reach are evicted, and how many of these have gone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from simian_army.model import Evidence, Selector, Target
from simian_army.ports_kube import KubernetesCrowdPort

_OURS = ("app.kubernetes.io/name", "simian-army")
_FINISHED = ("Succeeded", "Failed")


def on_nodes(names: Sequence[str]) -> Selector:
    """Every pod bound to one of these nodes."""
    return Selector(kind="pod", fields=tuple(("spec.nodeName", name) for name in names))


def evictable(others: Sequence[Target]) -> list[Target]:
    """Those that a drain evicts: no DaemonSet, static, finished, leaving or uncontrolled pod, and none of the fleet."""
    return [one for one in others if one.kind == "pod" and not _spared(one)]


def _spared(pod: Target) -> bool:
    key, ours = _OURS
    facts = pod.facts
    going = facts.get("phase") in _FINISHED or facts.get("terminating") is True
    stays = "/DaemonSet/" in pod.group or facts.get("mirror") is True or not pod.replaced
    return going or stays or pod.labels.get(key) == ours


def evict_them(port: KubernetesCrowdPort, pods: Sequence[Target], grace: int | None, ends: datetime) -> None:
    """Evict each once, until the fault ``ends``; those that a PodDisruptionBudget keeps, or that changed since they
    were judged, stay."""
    if pods:
        port.evict_all(pods, grace, ends)


def gone(port: KubernetesCrowdPort, pods: Sequence[Target]) -> Evidence:
    """Whether one of these at least has left its node or is leaving, or there were none."""
    if not pods:
        return Evidence(holds=True, detail="nobody there to evict")
    nodes = sorted({str(pod.facts.get("node", "")) for pod in pods} - {""})
    there = {one.id for one in port.find(on_nodes(nodes)) if one.facts.get("terminating") is not True}
    stay = [pod for pod in pods if pod.id in there]
    left = len(pods) - len(stay)
    words = f"{left} of {len(pods)} pods evicted"
    return Evidence(left > 0, f"{words}, {len(stay)} stay: {_named(stay)}" if stay else words)


def _named(pods: Sequence[Target]) -> str:
    groups = Counter(pod.group for pod in pods)
    named = [f"{count} of {group}" for group, count in sorted(groups.items())]
    return ", ".join(named[:5]) + (f" and {len(named) - 5} groups more" if len(named) > 5 else "")
