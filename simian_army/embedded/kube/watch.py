"""What changes from now on, or from a version on: the stream behind a watch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from queue import Empty, SimpleQueue
from typing import Any

from simian_army.embedded.kube.cluster import Cluster
from simian_army.embedded.kube.forms import shaped
from simian_army.embedded.kube.request import Route, number
from simian_army.embedded.kube.selectors import selects
from simian_army.embedded.kube.status import Problem, bad_request, expired
from simian_army.embedded.kube.store import Change, TooOld

Json = dict[str, Any]

LONGEST = 1800
LIST_ONLY = ("limit", "continue", "resourceVersionMatch")


class Feed:
    """One watch. Made before the answer begins, so that a question that makes no sense is answered 400.

    ``close`` ends ``events`` from any thread.

    Raises:
        Problem: 400, 422 for ``sendInitialEvents``, which is not built.
    """

    def __init__(self, cluster: Cluster, route: Route, query: Mapping[str, str], wanted: str) -> None:
        refused = [name for name in LIST_ONLY if query.get(name)]
        if refused:
            raise bad_request(f"{refused[0]} makes no sense in a watch")
        if query.get("sendInitialEvents"):
            raise Problem(422, "Invalid", "sendInitialEvents: Forbidden: the embedded API server cannot do this", {})
        self._cluster, self._route, self._form = cluster, route, wanted
        self._match = selects(route.resource, query.get("labelSelector", ""), query.get("fieldSelector", ""))
        self._bookmarks = query.get("allowWatchBookmarks") in ("true", "1")
        self._seconds = number(query, "timeoutSeconds") or LONGEST
        self._from = number(query, "resourceVersion") or 0
        self._queue: SimpleQueue[Change | None] = SimpleQueue()

    def close(self) -> None:
        """End the stream."""
        self._queue.put(None)

    def events(self) -> Iterator[Json]:
        """The watch events, until closed or until ``timeoutSeconds`` are over."""
        cluster = self._cluster
        deadline = cluster.clock.monotonic() + self._seconds
        with cluster.lock:
            version = cluster.store.version
            cluster.store.listen(self._queue.put)
            first = self._first()
        try:
            yield from first
            while (change := self._next(deadline - cluster.clock.monotonic())) is not None:
                version = change.version
                yield from self._told(change)
            if self._bookmarks:
                yield self._bookmark(version)
        finally:
            cluster.store.forget(self._queue.put)

    def _next(self, seconds: float) -> Change | None:
        try:
            return self._queue.get(timeout=max(seconds, 0))
        except Empty:
            return None

    def _first(self) -> list[Json]:
        resource = self._route.resource
        if not self._from:
            rows = self._cluster.store.rows(resource.id, self._route.namespace)
            return [self._event("ADDED", row) for row in rows if self._match(row)]
        try:
            missed = self._cluster.store.since(self._from)
        except TooOld:
            self.close()
            return [{"type": "ERROR", "object": expired(f"too old resource version: {self._from}").status()}]
        return [event for change in missed for event in self._told(change)]

    def _told(self, change: Change) -> Iterator[Json]:
        resource, namespace = self._route.resource, self._route.namespace
        if change.key.resource != resource.id or namespace not in ("", change.key.namespace):
            return
        was = change.old is not None and self._match(change.old)
        now = change.type != "DELETED" and self._match(change.obj)
        if now:
            yield self._event("MODIFIED" if was else "ADDED", change.obj)
        elif was:
            yield self._event("DELETED", change.obj)

    def _event(self, kind: str, obj: Json) -> Json:
        return {"type": kind, "object": shaped(obj, self._form, self._route.resource)}

    def _bookmark(self, version: int) -> Json:
        resource = self._route.resource
        obj = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": {"resourceVersion": str(version)}}
        return {"type": "BOOKMARK", "object": shaped(obj, self._form, resource)}
