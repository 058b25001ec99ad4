"""Who looks after the objects: one thread that takes up what changed, and what falls due."""

from __future__ import annotations

import heapq
import threading
from collections import OrderedDict

from simian_army.embedded.kube.cluster import AT_ONCE, Cluster
from simian_army.embedded.kube.controllers import namespaces, pods, services, workloads
from simian_army.embedded.kube.objects import controller_of, space_of, uid_of
from simian_army.embedded.kube.resources import BUDGET, NAMESPACE, NODE, POD, SERVICE
from simian_army.embedded.kube.status import Problem
from simian_army.embedded.kube.store import Change, Key

RECONCILE = {
    **workloads.RECONCILE,
    NAMESPACE.id: namespaces.reconcile,
    POD.id: pods.reconcile,
    SERVICE.id: services.endpoints,
    BUDGET.id: services.budget,
}
IDLE = 0.02  # seconds between two looks for what falls due


class Manager:
    """Runs the controllers. ``startup`` is the seconds a pod takes from its node to ready."""

    def __init__(self, cluster: Cluster, startup: float) -> None:
        self.cluster = cluster
        self.startup = startup
        self._queue: OrderedDict[Key, None] = OrderedDict()
        self._due: list[tuple[float, Key]] = []
        self._wake = threading.Condition(cluster.lock)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="kube-controllers", daemon=True)
        cluster.store.listen(self._changed)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        with self._wake:
            self._wake.notify_all()
        if self._thread.ident:
            self._thread.join()

    def settle(self, timeout: float) -> bool:
        """Whether there is nothing to do within ``timeout`` seconds."""
        ends = self.cluster.clock.monotonic() + timeout
        while self.cluster.clock.monotonic() < ends:
            with self.cluster.lock:
                if not self._queue and not self._due:
                    return True
            self.cluster.clock.wait(self._stopping, IDLE)
        return False

    def later(self, key: Key, seconds: float) -> None:
        """Look at ``key`` again in a while."""
        heapq.heappush(self._due, (self.cluster.clock.monotonic() + seconds, key))

    def _changed(self, change: Change) -> None:
        self._queue[change.key] = None
        for owner in (change.obj, change.old or {}):
            self._queue_owner(owner)
        if change.key.resource == POD.id:
            self._queue_all((SERVICE.id, BUDGET.id), change.key.namespace)
        if change.key.resource == NODE.id:
            self._queue_all((POD.id, "daemonsets.apps"), "")
            self._queue.update(dict.fromkeys(self.cluster.store.index.on_node(change.key.name)))
        if change.type == "DELETED":
            self._collect(uid_of(change.obj))
        self._wake.notify_all()

    def _queue_owner(self, obj: dict[str, object]) -> None:
        owner = controller_of(obj) if obj else None
        kind = self.cluster.kinds.of(owner["apiVersion"], owner["kind"]) if owner else None
        if owner and kind:
            self._queue[Key(kind.id, space_of(obj), owner["name"])] = None

    def _queue_all(self, resources: tuple[str, ...], namespace: str) -> None:
        for resource in resources:
            for obj in self.cluster.store.rows(resource, namespace):
                if resource != POD.id or not obj["spec"].get("nodeName"):
                    self._queue[Key(resource, space_of(obj), obj["metadata"]["name"])] = None

    def _collect(self, uid: str) -> None:
        """Delete what the deleted owned; by the index, so that it costs what it deletes."""
        for key in self.cluster.store.index.owned(uid):
            resource = next(r for r in self.cluster.kinds.all() if r.id == key.resource)
            try:
                self.cluster.delete(resource, key, AT_ONCE if resource != POD else pods.GENTLY)
            except Problem:
                continue

    def _work(self) -> None:
        while not self._stopping.is_set():
            with self._wake:
                self._take_due()
                if not self._queue:
                    self._wake.wait(IDLE if self._due else 1.0)
                    continue
                key, _ = self._queue.popitem(last=False)
                self._reconcile(key)

    def _take_due(self) -> None:
        now = self.cluster.clock.monotonic()
        while self._due and self._due[0][0] <= now:
            self._queue[heapq.heappop(self._due)[1]] = None

    def _reconcile(self, key: Key) -> None:
        work = RECONCILE.get(key.resource)
        if work is None or self.cluster.store.get(key) is None:
            return
        try:
            seconds = work(self.cluster, key, self.startup)
        except Problem:
            return  # an object that its owner's namespace no longer takes: there is nothing to keep
        if seconds:
            self.later(key, seconds)
