"""The promise that a forecast keeps: what it says of a pod is what the eviction then answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from simian_army.errors import Refused
from simian_army.model import Health, Selector, Target
from simian_army.targets.k8s import Kubernetes
from tests.targets.kube.grounds import Ground, wait_until

Obj = dict[str, Any]
POD = Selector("pod")
WEB: Obj = {"matchLabels": {"app": "web"}}
ALWAYS = {"unhealthyPodEvictionPolicy": "AlwaysAllow"}
UNREADY = {"status": {"conditions": [{"type": "Ready", "status": "False"}]}}
FLOORS = ("pdb", "hpa")


@dataclass(frozen=True)
class Shape:
    """So many pods, of which some are not ready, under budgets; is a ready one let go, and one that is not?"""

    pods: int
    unready: int
    budgets: tuple[Obj, ...]
    ready_goes: bool = True
    unready_goes: bool = True


SHAPES = {
    "no budget": Shape(2, 0, ()),
    "a budget over others": Shape(2, 0, ({"minAvailable": 2, "selector": {"matchLabels": {"app": "cart"}}},)),
    "a budget over nobody": Shape(2, 0, ({"minAvailable": 2},)),
    "a number with room": Shape(3, 0, ({"minAvailable": 2, "selector": WEB},)),
    "a number without": Shape(2, 0, ({"minAvailable": 2, "selector": WEB},), ready_goes=False),
    "more than there are": Shape(2, 0, ({"minAvailable": 5, "selector": WEB},), ready_goes=False),
    "a percentage with room": Shape(3, 0, ({"minAvailable": "50%", "selector": WEB},)),
    "a percentage without": Shape(3, 0, ({"minAvailable": "70%", "selector": WEB},), ready_goes=False),
    "one may be missing": Shape(3, 0, ({"maxUnavailable": 1, "selector": WEB},)),
    "nobody may be missing": Shape(3, 0, ({"maxUnavailable": 0, "selector": WEB},), ready_goes=False),
    "a percentage may be missing": Shape(4, 0, ({"maxUnavailable": "25%", "selector": WEB},)),
    "no percentage may be missing": Shape(4, 0, ({"maxUnavailable": "0%", "selector": WEB},), ready_goes=False),
    "every pod of the namespace": Shape(2, 0, ({"maxUnavailable": 0, "selector": {}},), ready_goes=False),
    "by an expression": Shape(
        2,
        0,
        ({"minAvailable": 2, "selector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}]}},),
        ready_goes=False,
    ),
    "two with room": Shape(
        3,
        0,
        ({"minAvailable": 1, "selector": WEB}, {"maxUnavailable": 2, "selector": {}}),
        ready_goes=False,
        unready_goes=False,
    ),
    "one is not ready, and may be missing": Shape(3, 1, ({"minAvailable": 2, "selector": WEB},), ready_goes=False),
    "one is not ready, and missed": Shape(
        3, 1, ({"minAvailable": 3, "selector": WEB},), ready_goes=False, unready_goes=False
    ),
    "one is not ready, and always let go": Shape(
        3, 1, ({"minAvailable": 3, "selector": WEB, **ALWAYS},), ready_goes=False
    ),
    "one is not ready, of those that may be missing": Shape(
        3, 1, ({"maxUnavailable": 0, "selector": WEB},), ready_goes=False, unready_goes=False
    ),
}


def lay(ground: Ground, shape: Shape) -> None:
    """Bring about what the shape says, and wait until the budgets have counted it."""
    ground.deploy("web", shape.pods)
    for pod in ground.pods()[: shape.unready]:
        ground.api.patch(f"/api/v1/namespaces/{ground.scope}/pods/{pod['metadata']['name']}/status", UNREADY)
    path = f"/apis/policy/v1/namespaces/{ground.scope}/poddisruptionbudgets"
    for number, spec in enumerate(shape.budgets):
        made = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": f"b{number}"}}
        ground.api.create(path, {**made, "spec": spec})
    wait_until(lambda: all(_counted(budget, shape) for budget in ground.api.items(path)))


def _counted(budget: Obj, shape: Shape) -> bool:
    status = budget.get("status", {})
    over = 0 if budget["spec"].get("selector") in (None, {"matchLabels": {"app": "cart"}}) else shape.pods
    return bool(status.get("observedGeneration") and status.get("currentHealthy") == (over and over - shape.unready))


def pod_of(cluster: Kubernetes, *, ready: bool) -> Target:
    """A pod of web that is ready, or one that is not, read whole."""
    found = [cluster.read(target) for target in cluster.find(POD)]
    return next(target for target in found if target and target.facts["ready"] is ready)


def foreseen(health: Health) -> bool:
    """Whether everybody who has a word lets one go."""
    return all(floor.room is not None and floor.room > 0 for floor in health.floors)


def evicted(cluster: Kubernetes, target: Target) -> bool:
    """What the eviction itself says."""
    try:
        cluster.evict(target)
    except Refused:
        return False
    return True


class Forecasts:
    """Asked on the embedded server and on the real one."""

    @pytest.mark.parametrize("shape", SHAPES.values(), ids=list(SHAPES))
    def test_a_forecast_says_what_the_eviction_then_answers(self, ground: Ground, shape: Shape) -> None:
        lay(ground, shape)
        with ground.connected(floors=FLOORS) as cluster:
            first = pod_of(cluster, ready=True)
            said = foreseen(cluster.health(first, floors=True)), shape.ready_goes
            assert said == (evicted(cluster, first), shape.ready_goes)
            if shape.unready:
                other = pod_of(cluster, ready=False)
                said = foreseen(cluster.health(other, floors=True)), shape.unready_goes
                assert said == (evicted(cluster, other), shape.unready_goes)

    def test_two_budgets_are_named_with_the_reason(self, ground: Ground) -> None:
        lay(ground, SHAPES["two with room"])
        with ground.connected(floors=FLOORS) as cluster:
            (floor,) = cluster.health(pod_of(cluster, ready=True), floors=True).floors
            assert floor.room == 0
            both = f"PDB {ground.scope}/b0 and PDB {ground.scope}/b1"
            assert floor.detail.startswith(f"{both}: all of them select it, and the eviction API refuses")

    def test_a_forecast_says_who_with_its_numbers(self, ground: Ground) -> None:
        lay(ground, SHAPES["a number without"])
        with ground.connected(floors=FLOORS) as cluster:
            (floor,) = cluster.health(pod_of(cluster, ready=True), floors=True).floors
            assert floor.detail == f"PDB {ground.scope}/b0: 0 disruptions allowed, 2 healthy, 2 needed"

    @pytest.mark.parametrize(("least", "room"), [(None, 1), (1, 1), (2, 0)])
    def test_an_autoscaler_keeps_its_minimum(self, ground: Ground, least: int | None, room: int) -> None:
        ground.deploy("web", 2)
        path = f"/apis/autoscaling/v2/namespaces/{ground.scope}/horizontalpodautoscalers"
        ground.api.create(path, _autoscaler("cart", 2))
        with ground.connected(floors=FLOORS) as cluster:
            pod = pod_of(cluster, ready=True)
            assert cluster.health(pod, floors=True).floors == ()
            ground.api.create(path, _autoscaler("web", least))
            (floor,) = cluster.health(pod, floors=True).floors
            assert (floor.name, floor.room) == (f"HPA {ground.scope}/web", room)
            assert floor.detail == f"{floor.name}: keeps at least {least or 1} (minReplicas), 2 are ready"

    def test_nobody_is_asked_who_is_not_meant_to_be(self, ground: Ground) -> None:
        lay(ground, SHAPES["a number without"])
        with ground.connected(floors=("hpa",)) as cluster:
            assert cluster.health(pod_of(cluster, ready=True), floors=True).floors == ()
        with ground.connected(floors=FLOORS) as cluster:
            assert cluster.health(pod_of(cluster, ready=True)).floors == ()

    def test_the_ready_are_named_by_their_uids_and_a_group_at_rest_does_not_move(self, ground: Ground) -> None:
        lay(ground, Shape(3, 1, ()))
        with ground.connected() as cluster:
            ready = [pod for pod in ground.pods() if _is_ready(pod)]
            target = pod_of(cluster, ready=False)
            health = cluster.health(target)
            assert health.up == {pod["metadata"]["uid"] for pod in ready}
            assert target.id not in health.up
            assert (health.ready, health.wanted, len(health.up)) == (2, 3, 2)

    def test_a_roll_out_that_cannot_go_on_is_seen_until_it_is_taken_back(self, ground: Ground) -> None:
        ground.deploy("web", 2)
        where = f"/apis/apps/v1/namespaces/{ground.scope}/deployments/web"
        with ground.connected() as cluster:
            target = pod_of(cluster, ready=True)
            wait_until(lambda: _at_rest(cluster.health(target)))
            for nowhere in ({"nowhere": "at-all"}, None):
                ground.api.patch(where, {"spec": {"template": {"spec": {"nodeSelector": nowhere}}}})
                wait_until(lambda nowhere=nowhere: _at_rest(cluster.health(target)) is (nowhere is None))  # type: ignore[misc]


def _at_rest(health: Health) -> bool:
    return health.whole is True and not health.moving


def _autoscaler(name: str, least: int | None) -> Obj:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
    spec = {"scaleTargetRef": target, "maxReplicas": 9, **({"minReplicas": least} if least else {})}
    head = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": name}}
    return {**head, "spec": spec}


def _is_ready(pod: Obj) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions") or ())
