"""What changes: the stream of a watch, from a version on, until its time is over or the server stops."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from simian_army.embedded.kube.cluster import Cluster
from simian_army.embedded.kube.forms import PARTIAL, PARTIAL_LIST, shaped
from simian_army.embedded.kube.reading import page
from simian_army.embedded.kube.request import Route, number
from simian_army.embedded.kube.selectors import selects
from simian_army.embedded.kube.status import bad_request, expired
from simian_army.embedded.kube.store import Change, TooOld

Json = dict[str, Any]
LONGEST = 1800.0  # seconds a watch lasts when it does not say
STEP = 0.1  # seconds between two looks whether the server stops


def watch(
    cluster: Cluster, route: Route, query: dict[str, str], wanted: str, stopping: threading.Event
) -> Iterator[Json]:
    """The events, as they come.

    Raises:
        Problem: 400, the question makes no sense; 410, the version is no longer remembered.
    """
    if route.name or query.get("sendInitialEvents"):
        raise bad_request("the embedded API server watches collections, and knows no sendInitialEvents")
    match = selects(route.resource, query.get("labelSelector", ""), query.get("fieldSelector", ""))
    seconds = float(number(query, "timeoutSeconds") or LONGEST)
    form = PARTIAL if wanted == PARTIAL_LIST else wanted
    news: queue.SimpleQueue[Change] = queue.SimpleQueue()
    with cluster.lock:
        first = _first(cluster, route, query, match)
        cluster.store.listen(news.put)
    return _events(_Watch(cluster, route, match, form, stopping, seconds), first, news)


@dataclass(frozen=True, slots=True)
class _Watch:
    cluster: Cluster
    route: Route
    match: Callable[[Json], bool]
    form: str
    stopping: threading.Event
    seconds: float


def _events(one: _Watch, first: list[tuple[str, Json]], news: queue.SimpleQueue[Change]) -> Iterator[Json]:
    cluster, route, match, form, stopping = one.cluster, one.route, one.match, one.form, one.stopping
    ends = cluster.clock.monotonic() + one.seconds
    try:
        for kind, obj in first:
            yield {"type": kind, "object": shaped(obj, form, route.resource)}
        while not stopping.is_set() and cluster.clock.monotonic() < ends:
            try:
                change = news.get(timeout=STEP)
            except queue.Empty:
                continue
            found = _told(change, route, match)
            if found:
                yield {"type": found[0], "object": shaped(found[1], form, route.resource)}
    finally:
        cluster.store.forget(news.put)


def _first(cluster: Cluster, route: Route, query: dict[str, str], match: Any) -> list[tuple[str, Json]]:
    version = query.get("resourceVersion", "")
    if version in ("", "0"):
        plain = {key: value for key, value in query.items() if key in ("labelSelector", "fieldSelector")}
        return [("ADDED", obj) for obj in page(cluster, route, plain)[0]]
    try:
        changes = cluster.store.since(number(query, "resourceVersion") or 0)
    except TooOld as error:
        raise expired(f"too old resource version: {version}") from error
    found = (_told(change, route, match) for change in changes)
    return [one for one in found if one]


def _told(change: Change, route: Route, match: Any) -> tuple[str, Json] | None:
    if change.key.resource != route.resource.id or route.namespace not in ("", change.key.namespace):
        return None
    before = change.old is not None and match(change.old)
    after = change.type != "DELETED" and match(change.obj)
    if not before and not after:
        return None
    if before and after:
        return "MODIFIED", change.obj
    return ("ADDED" if after else "DELETED"), change.obj
