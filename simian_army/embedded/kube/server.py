"""The embedded cluster as one thing: an API server with its controllers, started and stopped together."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from random import Random
from types import TracebackType
from typing import Any

from simian_army.clock import Clock, SystemClock
from simian_army.embedded.kube.api import answer
from simian_army.embedded.kube.cluster import AT_ONCE, Cluster
from simian_army.embedded.kube.controllers.manager import Manager, Pace
from simian_army.embedded.kube.objects import copied, meta, name_of, space_of
from simian_army.embedded.kube.resources import NAMESPACE, Resource
from simian_army.embedded.kube.store import Key
from simian_army.embedded.kube.wire import Wire, Write
from simian_army.errors import UsageError

Json = dict[str, Any]
SPACES = ("default", "kube-system", "kube-public", "kube-node-lease")


class KubeServer:
    """A small Kubernetes on 127.0.0.1, at a free port, for as long as the process wants it.

    ``seed`` is applied, and its pods run, before ``start`` returns. ``chance`` makes names and uids: a Random with a
    fixed seed makes them the same each time. ``pace`` says how long simulated work takes.
    """

    def __init__(
        self,
        seed: Sequence[Json] = (),
        *,
        pace: Pace | None = None,
        chance: Random | None = None,
        clock: Clock | None = None,
    ) -> None:
        # the names of throw-away objects need no secrecy
        self._cluster = Cluster(clock or SystemClock(), chance or Random())  # noqa: S311
        self._manager = Manager(self._cluster, pace or Pace())
        self._seed = tuple(seed)
        self._wire: Wire | None = None
        self._thread: threading.Thread | None = None
        self._writes: list[Write] = []

    def __enter__(self) -> KubeServer:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where it listens, ``http://127.0.0.1:PORT``.

        Raises:
            UsageError: it is not started.
        """
        if self._wire is None:
            raise UsageError("the embedded Kubernetes is not running: call start() first")
        return f"http://127.0.0.1:{self._wire.server_address[1]}"

    @property
    def writes(self) -> list[Write]:
        """Every write request answered since the start, oldest first; access reviews are none."""
        return list(self._writes)

    def start(self) -> None:
        """Apply the seed, let its pods run, and listen.

        Raises:
            UsageError: it is already running.
            Problem: an object of the seed is not valid.
        """
        if self._wire is not None:
            raise UsageError("the embedded Kubernetes is already running")
        for name in SPACES:
            self._apply_space(name)
        for obj in self._seed:
            self.apply(obj)
        self._manager.drain()
        self._wire = Wire(lambda request: answer(self._cluster, request))
        self._writes = self._wire.writes
        self._manager.start()
        self._thread = threading.Thread(target=self._wire.serve_forever, args=(0.05,), name="embedded-kube-accept")
        self._thread.start()

    def stop(self) -> None:
        """End every thread and close every socket; what was stored stays readable by ``objects``."""
        if self._wire is None or self._thread is None:
            return
        self._wire.shutdown()
        self._thread.join()
        self._wire.close_all()
        self._wire.server_close()
        self._manager.stop()
        self._wire = self._thread = None

    def apply(self, obj: Json) -> Json:
        """Create the object, its status as given, or replace the one of its name; returns it as stored.

        Raises:
            UsageError: the server has no such kind.
            Problem: it is not valid.
        """
        resource = self._cluster.kinds.of(str(obj.get("apiVersion")), str(obj.get("kind")))
        if resource is None:
            raise UsageError(f"the embedded Kubernetes has no kind {obj.get('kind')} in {obj.get('apiVersion')}")
        mine = copied(obj)
        space = (space_of(mine) or "default") if resource.namespaced else ""
        key = Key(resource.id, space, name_of(mine))
        with self._cluster.lock:
            if self._cluster.store.get(key) is None:
                return self._cluster.bring(resource, space, mine)
            self._cluster.update(resource, key, lambda old: {**mine, "metadata": {**meta(mine)}} if old else mine)
            if "status" in mine:
                self._cluster.write(key, lambda old: {**old, "status": mine["status"]})
            return self._cluster.get(resource, space, key.name)

    def remove(self, kind: str, name: str, namespace: str = "") -> None:
        """Delete an object at once.

        Raises:
            UsageError: the server has no such kind.
            Problem: it is not there.
        """
        resource = self._kind(kind)
        self._cluster.delete(resource, Key(resource.id, namespace, name), AT_ONCE)

    def objects(self, kind: str, namespace: str | None = None) -> list[Json]:
        """Copies of all objects of a kind (``Pod``, ``pods`` or ``deployments.apps``), by namespace and name.

        Raises:
            UsageError: the server has no such kind.
        """
        rows = self._cluster.store.rows(self._kind(kind).id, namespace or "")
        return [dict(copied(row)) for row in rows]

    def settle(self, timeout: float = 10.0) -> bool:
        """Wait until the controllers have nothing left to do, at most ``timeout`` seconds; whether they have not."""
        return self._manager.settle(timeout)

    def expire(self) -> None:
        """Forget the past: every continue token and watch version given out before is answered 410 from now on."""
        self._cluster.store.compact()

    def _kind(self, kind: str) -> Resource:
        found = self._cluster.kinds.named(kind)
        if found is None:
            raise UsageError(f"the embedded Kubernetes has no kind {kind!r}")
        return found

    def _apply_space(self, name: str) -> None:
        if self._cluster.store.get(Key(NAMESPACE.id, "", name)) is None:
            self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
