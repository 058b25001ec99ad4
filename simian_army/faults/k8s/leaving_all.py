"""Which of the pods in reach are made to leave, and how many of these have gone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from simian_army.model import Evidence, Json, Selector, Target
from simian_army.ports_kube import KubernetesCrowdPort
from simian_army.tolerating import tolerates

_OURS = ("app.kubernetes.io/name", "simian-army")
_FINISHED = ("Succeeded", "Failed")
_TOLERATIONS = "spec.tolerations"


def on_nodes(names: Sequence[str]) -> Selector:
    """Every pod bound to one of these nodes."""
    return Selector(kind="pod", fields=tuple(("spec.nodeName", name) for name in names))


def tainted(node: str) -> Selector:
    """Every pod bound to one node, and what it tolerates."""
    return replace(on_nodes([node]), facts=(_TOLERATIONS,))


def tolerations_of(pod: Target) -> Sequence[Mapping[str, Any]] | None:
    """Of a pod that was found by ``tainted``."""
    return pod.facts.get(_TOLERATIONS)


def evictable(others: Sequence[Target]) -> list[Target]:
    """Those that a drain evicts: no DaemonSet, static, finished, leaving or uncontrolled pod, and none of the fleet."""
    return [one for one in others if one.kind == "pod" and not _spared(one)]


def _spared(pod: Target) -> bool:
    key, ours = _OURS
    stays = "/DaemonSet/" in pod.group or not pod.replaced
    return _beside(pod) or stays or pod.labels.get(key) == ours


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


def driven_off(port: KubernetesCrowdPort, others: Sequence[Target], node: str, taint: Json) -> Evidence:
    """Whether all of these that do not tolerate the taint have left the node or are leaving it, DaemonSet pods too."""
    pods = [one for one in others if not _beside(one)]
    if not pods:
        return Evidence(holds=True, detail="nobody there to leave")
    found = port.find(tainted(node))
    there = {one.id: tolerations_of(one) for one in found if one.facts.get("terminating") is not True}
    stay = [pod for pod in pods if pod.id in there and not tolerates(there[pod.id], taint)]
    left = sum(pod.id not in there for pod in pods)
    if stay:
        words = f"{left} of {left + len(stay)} pods left, {len(stay)} stay: {_named(stay)}"
        return Evidence(holds=False, detail=words, under_way=True)
    return Evidence(holds=True, detail=f"{left} pods left, {len(pods) - left} tolerate it")


def _beside(pod: Target) -> bool:
    """Whether it is over or going already, or only stands for a file on its node."""
    facts = pod.facts
    return facts.get("phase") in _FINISHED or facts.get("terminating") is True or facts.get("mirror") is True


def _named(pods: Sequence[Target]) -> str:
    groups = Counter(pod.group for pod in pods)
    named = [f"{count} of {group}" for group, count in sorted(groups.items())]
    return ", ".join(named[:5]) + (f" and {len(named) - 5} groups more" if len(named) > 5 else "")
