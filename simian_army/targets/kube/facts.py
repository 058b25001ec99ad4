"""What a whole object tells a guard, in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from simian_army.model import Json

MIRROR = "kubernetes.io/config.mirror"
"""The annotation of a pod that a file on its node stands for."""

BUDGETS = "budgets"
"""The fact that no object tells of itself: the names of the PodDisruptionBudgets that select its pods."""

_TEMPLATES = {"cronjob": "spec.jobTemplate.spec.template"}


def facts_of(kind: str, obj: Json) -> dict[str, Any]:
    """The facts of an object read whole: ``resourceVersion``, and what its kind adds.

    pod: ``phase``, ``node``, ``ready``, ``terminating``, ``mirror``. node: ``unschedulable``, ``ready``. Others:
    ``replicas`` where the spec has them.
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
    elif isinstance(at(obj, "spec.replicas"), int):
        facts["replicas"] = at(obj, "spec.replicas")
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
