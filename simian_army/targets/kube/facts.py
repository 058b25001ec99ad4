"""What a whole object tells a guard, in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from simian_army.model import Json
from simian_army.selectors import written

MIRROR = "kubernetes.io/config.mirror"
"""The annotation of a pod that a file on its node stands for."""

BUDGETS = "budgets"
"""The fact that no object tells of itself: the names of the PodDisruptionBudgets that select its pods."""

_TEMPLATES = {"cronjob": "spec.jobTemplate.spec.template"}


def facts_of(kind: str, obj: Json) -> dict[str, Any]:
    """The facts of an object read whole: ``resourceVersion``, and what its kind adds.

    pod: ``phase``, ``node``, ``ready``, ``terminating``, ``mirror``. node: ``unschedulable``, ``ready``. Others:
    ``generation``, and where the spec has them ``replicas``, ``selects`` (whose pods it has, as a label query) and
    ``at_once`` (how many of them a roll-out takes away before others are ready).
    """
    facts: dict[str, Any] = {"resourceVersion": str(at(obj, "metadata.resourceVersion") or "")}
    if kind == "pod":
        facts |= {
            "phase": str(at(obj, "status.phase") or "Unknown"),
            "node": str(at(obj, "spec.nodeName") or ""),
            "ready": ready(obj),
            "terminating": bool(at(obj, "metadata.deletionTimestamp")),
            "mirror": MIRROR in (at(obj, "metadata.annotations") or {}),
        }
    elif kind == "node":
        facts |= {"unschedulable": at(obj, "spec.unschedulable") is True, "ready": ready(obj)}
    else:
        facts |= {"generation": at(obj, "metadata.generation") or 0, **_workload(kind, obj)}
    return facts


def some_facts(kind: str, obj: Json, names: Iterable[str]) -> dict[str, Any]:
    """Those of ``names``: the words of ``facts_of``, or paths into the object (``spec.nodeName``), None if absent.

    ``budgets`` is for the caller to fill: it stands in other objects.
    """
    known = facts_of(kind, obj)
    return {name: known[name] if name in known else at(obj, name) for name in names}


def pod_labels(kind: str, obj: Json) -> Mapping[str, str] | None:
    """The labels of a pod, or of those that a workload makes; None when it makes none."""
    pod = obj if kind == "pod" else at(obj, _TEMPLATES.get(kind, "spec.template"))
    if not isinstance(pod, Mapping):
        return None
    labels = at(pod, "metadata.labels")
    return labels if isinstance(labels, Mapping) else {}


def ready(obj: Json) -> bool:
    """Whether the condition Ready is true."""
    conditions = at(obj, "status.conditions")
    if not isinstance(conditions, list):
        return False
    states = [c.get("status") for c in conditions if isinstance(c, dict) and c.get("type") == "Ready"]
    return states == ["True"]


def at(obj: Json, path: str) -> Any:
    """What stands at a dotted path; None where the path ends early."""
    value: Any = obj
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _workload(kind: str, obj: Json) -> dict[str, Any]:
    replicas, said = at(obj, "spec.replicas"), at(obj, "spec.selector")
    facts: dict[str, Any] = {"replicas": replicas} if isinstance(replicas, int) else {}
    if isinstance(said, dict) and said:
        with suppress(ValueError):  # who needs it finds it missing, and doubts
            facts["selects"] = written({"matchLabels": said} if kind == "service" else said)
    pods = at(obj, "status.desiredNumberScheduled") if kind == "daemonset" else replicas
    if kind in _AWAY and isinstance(pods, int):
        facts["at_once"] = _AWAY[kind](obj, pods)
    return facts


def _deployment(obj: Json, pods: int) -> int:
    if at(obj, "spec.strategy.type") == "Recreate":
        return pods
    away = _share(at(obj, "spec.strategy.rollingUpdate.maxUnavailable"), pods, 25 * pods // 100)
    more = _share(at(obj, "spec.strategy.rollingUpdate.maxSurge"), pods, 1, up=True)
    return away if away or more else 1  # as its controller does: something has to move


def _statefulset(obj: Json, pods: int) -> int:
    return max(1, _share(at(obj, "spec.updateStrategy.rollingUpdate.maxUnavailable"), pods, 1, up=True))


def _daemonset(obj: Json, pods: int) -> int:
    return _share(at(obj, "spec.updateStrategy.rollingUpdate.maxUnavailable"), pods, 1, up=True)


def _share(said: object, pods: int, default: int, *, up: bool = False) -> int:
    """A number of pods, or a percentage of them, rounded as its controller does."""
    if isinstance(said, int):
        return min(said, pods)
    if not isinstance(said, str) or not said.removesuffix("%").isdecimal():
        return default
    hundredths = pods * int(said.removesuffix("%"))
    return -(-hundredths // 100) if up else hundredths // 100


_AWAY = {"deployment": _deployment, "statefulset": _statefulset, "daemonset": _daemonset}
