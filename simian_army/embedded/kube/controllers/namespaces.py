"""What follows from a namespace that is deleted: all that is in it goes first, and then itself."""

from __future__ import annotations

from simian_army.embedded.kube.cluster import AT_ONCE, Cluster
from simian_army.embedded.kube.objects import leaving, meta
from simian_army.embedded.kube.store import Key

AGAIN = 0.1  # seconds until what is still there is looked at again


def reconcile(cluster: Cluster, key: Key, startup: float) -> float:
    """Empty a namespace that is being deleted; one that is empty is gone."""
    del startup
    space = cluster.store.get(key)
    if space is None or not leaving(space):
        return 0
    kinds = {resource.id: resource for resource in cluster.kinds.all() if resource.namespaced}
    left = [(kinds[name], obj) for name in kinds for obj in cluster.store.rows(name, key.name)]
    for resource, obj in left:
        cluster.delete(resource, Key(resource.id, key.name, meta(obj)["name"]), AT_ONCE)
    if left:
        return AGAIN
    cluster.store.remove(key)
    return 0
