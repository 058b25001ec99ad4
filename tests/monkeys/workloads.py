"""Workloads for the conformity monkey, sound but for one thing at a time, and what it says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from monkeys.conformity import ConformityMonkey
from simian_army import Finding, Level, Target

Facts = dict[str, Any]
RULES = ("replicas", "disruption-budget", "readiness-probe", "resource-requests")
CONTAINERS, POD_RESOURCES, LABELS = (
    "spec.template.spec.containers",
    "spec.template.spec.resources",
    "spec.template.metadata.labels",
)


def container(name: str = "app", **more: Any) -> dict[str, Any]:
    requests = {"cpu": "100m", "memory": "64Mi"}
    return {"name": name, "readinessProbe": {"tcpSocket": {"port": 80}}, "resources": {"requests": requests}, **more}


def facts(**changed: Any) -> Facts:
    """Those of a workload that breaks no rule, but for what is changed."""
    good: Facts = {
        "replicas": 2,
        "budgets": ["web"],
        CONTAINERS: [container()],
        POD_RESOURCES: None,
        LABELS: {"a": "b"},
    }
    words = {"containers": CONTAINERS, "resources": POD_RESOURCES, "labels": LABELS}
    return good | {words.get(word, word): value for word, value in changed.items()}


def workload(
    told: Mapping[str, Any] | None = None,
    name: str = "web",
    labels: Mapping[str, str] | None = None,
    levels: Sequence[Level] = (Level("Namespace", "shop", {}),),
) -> Target:
    told = facts() if told is None else told
    group = f"shop/Deployment/{name}"
    return Target("kubernetes", "deployment", f"u-{name}", name, "shop", group, None, labels or {}, tuple(levels), told)


def found(*troop: Target, rules: Sequence[str] = RULES) -> list[Finding]:
    return list(ConformityMonkey(list(rules)).propose(troop, Random("0")))


def broken(told: Mapping[str, Any]) -> list[str]:
    return [finding.rule for finding in found(workload(told))]


def detail(told: Mapping[str, Any]) -> str:
    (finding,) = found(workload(told))
    return finding.detail
