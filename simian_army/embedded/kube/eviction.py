"""Whether a pod may be evicted: PodDisruptionBudgets, counted at the moment of the question."""

from __future__ import annotations

import math
from typing import Any

from simian_army.embedded.kube.cluster import Cluster, Terms
from simian_army.embedded.kube.objects import (
    controller_of,
    dig,
    finished,
    labels_of,
    leaving,
    meta,
    name_of,
    put,
    ready,
    space_of,
    spec_of,
    status_of,
)
from simian_army.embedded.kube.resources import BUDGET, POD
from simian_army.embedded.kube.selectors import object_selector
from simian_army.embedded.kube.status import Problem
from simian_army.embedded.kube.store import Key

Json = dict[str, Any]

REFUSED = "Cannot evict pod as it would violate the pod's disruption budget."
TWO = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."


def evict(cluster: Cluster, key: Key, terms: Terms) -> None:
    """Delete the pod if its budget allows it.

    Raises:
        Problem: 404, 409 (a precondition), 429 (the budget says no), 500 (more than one budget).
    """
    with cluster.lock:
        pod = cluster.get(POD, key.namespace, key.name)
        if not leaving(pod) and status_of(pod).get("phase") == "Running":
            _ask(cluster, pod, terms)
        cluster.delete(POD, key, terms)
        if not terms.dry:
            for budget in budgets(cluster, pod):
                refresh(cluster, Key(BUDGET.id, key.namespace, name_of(budget)))


def _ask(cluster: Cluster, pod: Json, terms: Terms) -> None:
    found = budgets(cluster, pod)
    if len(found) > 1:
        raise Problem(500, "InternalError", TWO, {})
    # a precondition that does not hold is said before the budget is asked
    cluster.delete(POD, Key(POD.id, space_of(pod), name_of(pod)), Terms(dry=True, uid=terms.uid, version=terms.version))
    if not found:
        return
    budget = found[0]
    counted = count(cluster, budget)
    healthy, desired = counted["currentHealthy"], counted["desiredHealthy"]
    if not ready(pod) and (
        spec_of(budget).get("unhealthyPodEvictionPolicy") == "AlwaysAllow" or 0 < desired <= healthy
    ):
        return
    if counted["disruptionsAllowed"] < 1:
        message = f"The disruption budget {name_of(budget)} needs {desired} healthy pods and has {healthy} currently"
        raise Problem(429, "TooManyRequests", REFUSED, {"causes": [{"reason": "DisruptionBudget", "message": message}]})


def budgets(cluster: Cluster, pod: Json) -> list[Json]:
    """The budgets that select a pod."""
    rows = cluster.store.rows(BUDGET.id, space_of(pod))
    return [row for row in rows if object_selector(spec_of(row).get("selector"))(labels_of(pod))]


def refresh(cluster: Cluster, key: Key) -> None:
    """Write what a budget's status is now."""
    budget = cluster.store.get(key)
    if budget is not None:
        status = {**status_of(budget), **count(cluster, budget)}
        cluster.write(key, lambda obj: put(obj, ("status",), status))


def count(cluster: Cluster, budget: Json) -> Json:
    """The status a budget has now."""
    spec = spec_of(budget)
    pods = [pod for pod in _selected(cluster, budget) if not finished(pod)]
    expected, desired = _wanted(cluster, spec, pods)
    healthy = sum(map(ready, pods))
    return {
        "disruptionsAllowed": max(0, healthy - desired) if expected > 0 else 0,
        "currentHealthy": healthy,
        "desiredHealthy": desired,
        "expectedPods": expected,
        "observedGeneration": meta(budget).get("generation", 1),
    }


def _wanted(cluster: Cluster, spec: Json, pods: list[Json]) -> tuple[int, int]:
    least, most = spec.get("minAvailable"), spec.get("maxUnavailable")
    if isinstance(least, int):
        return len(pods), least
    expected = _expected(cluster, pods)
    if least is not None:
        return expected, share(least, expected)
    return expected, max(0, expected - share(1 if most is None else most, expected))


def share(amount: int | str, whole: int) -> int:
    """A number, or a percentage of ``whole`` rounded up."""
    if isinstance(amount, int):
        return amount
    return math.ceil(whole * int(amount.removesuffix("%")) / 100)


def _expected(cluster: Cluster, pods: list[Json]) -> int:
    scales: dict[str, int] = {}
    for pod in pods:
        owner = controller_of(pod)
        if owner is None:
            scales[meta(pod)["uid"]] = 1
            continue
        resource = cluster.kinds.of(owner["apiVersion"], owner["kind"])
        found = cluster.store.get(Key(resource.id, space_of(pod), owner["name"])) if resource else None
        scales[owner["uid"]] = dig(found or {}, ("spec", "replicas"), 0)
    return sum(scales.values())


def _selected(cluster: Cluster, budget: Json) -> list[Json]:
    return selected(cluster, space_of(budget), spec_of(budget).get("selector"))


def selected(cluster: Cluster, namespace: str, selector: Json | None) -> list[Json]:
    """The pods of a namespace that a LabelSelector object means; one label narrows by the index first."""
    match = object_selector(selector)
    pair = next(iter(((selector or {}).get("matchLabels") or {}).items()), None)
    if pair is None:
        return [pod for pod in cluster.store.rows(POD.id, namespace) if match(labels_of(pod))]
    found = (cluster.store.get(key) for key in cluster.store.index.labelled(POD.id, namespace, pair))
    return [pod for pod in found if pod is not None and match(labels_of(pod))]
