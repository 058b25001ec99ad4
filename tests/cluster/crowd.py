"""How ten thousand pods come to stand on the real ground in a minute or two."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

from tests.cluster import world

if TYPE_CHECKING:
    from tests.cluster.plane import Cluster

EACH = 100
PLACES = 10


def crowd(cluster: Cluster, pods: int, template_labels: dict[str, str], seconds: float = 900) -> list[str]:
    """Deployments of a hundred pods in ten namespaces (``crowd-1`` ...), all Running; returns the namespaces.

    Their templates name the node, so the scheduler, half of the work, is left out.
    """
    places = [f"crowd-{number}" for number in range(1, PLACES + 1)]
    nodes = cycle(cluster.nodes(4))
    for place in places:
        cluster.namespace(place)
    for number, place in zip(range(pods // EACH), cycle(places), strict=False):
        wanted = world.deployment(f"web-{number}", EACH, {}, template_labels)
        wanted["spec"]["template"]["spec"]["nodeName"] = next(nodes)
        cluster.admin.create(f"/apis/apps/v1/namespaces/{place}/deployments", wanted)
    for place in places:
        cluster.settle(place, seconds)
    return places
