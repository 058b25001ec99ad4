"""Which question a request is, and who answers it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simian_army.embedded.kube import writing
from simian_army.embedded.kube.cluster import Cluster
from simian_army.embedded.kube.discovery import discovered
from simian_army.embedded.kube.forms import form, shaped
from simian_army.embedded.kube.reading import listing
from simian_army.embedded.kube.request import DISCOVERY, LISTS, READS, Request, Route, route
from simian_army.embedded.kube.resources import REVIEW
from simian_army.embedded.kube.status import Problem, method_not_allowed, unknown_path
from simian_army.embedded.kube.watch import Feed

Json = dict[str, Any]
HEALTH = ("/healthz", "/livez", "/readyz")
ON_ONE: dict[str, Callable[[Cluster, Route, Request], tuple[int, Json]]] = {
    "PUT": writing.replace,
    "PATCH": writing.patch,
    "DELETE": writing.delete,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: an object or plain text under an HTTP status, or a feed of watch events."""

    code: int
    body: Json | str
    feed: Feed | None = None


def answer(cluster: Cluster, request: Request) -> Answer:
    """The answer to any request; a refusal is an answer too."""
    try:
        return _answer(cluster, request)
    except Problem as problem:
        return Answer(problem.code, problem.status())


def _answer(cluster: Cluster, request: Request) -> Answer:
    path = request.path
    if path in HEALTH:
        return Answer(200, "ok")
    found = discovered(path, cluster.kinds)
    if found is not None:
        return _described(request, found)
    where = route(path, cluster.kinds)
    wanted = form(request.headers.get("accept", ""))
    if where.resource == REVIEW:
        return _reviewed(where, request)
    if where.sub:
        return _on_part(cluster, where, request, wanted)
    return _on_object(cluster, where, request, wanted) if where.name else _on_all(cluster, where, request, wanted)


def _described(request: Request, found: Json) -> Answer:
    if request.method != "GET":
        raise method_not_allowed()
    request.query(DISCOVERY)
    return Answer(200, found)


def _reviewed(where: Route, request: Request) -> Answer:
    if request.method != "POST" or where.name:
        raise method_not_allowed()
    return Answer(*writing.review(request))


def _on_all(cluster: Cluster, where: Route, request: Request, wanted: str) -> Answer:
    if request.method == "POST":
        if where.resource.namespaced and not where.namespace:
            raise method_not_allowed()
        code, obj = writing.create(cluster, where, request)
        return Answer(code, shaped(obj, wanted, where.resource))
    if request.method == "DELETE":
        return Answer(*writing.delete_all(cluster, where, request, wanted))
    if request.method != "GET":
        raise method_not_allowed()
    query = request.query(LISTS)
    if query.get("watch", "false") not in ("false", "0", "False"):
        return Answer(200, "", Feed(cluster, where, query, wanted))
    return Answer(200, listing(cluster, where, query, wanted))


def _on_object(cluster: Cluster, where: Route, request: Request, wanted: str) -> Answer:
    if request.method == "GET":
        request.query(READS)
        return Answer(200, shaped(cluster.get(where.resource, where.namespace, where.name), wanted, where.resource))
    if request.method not in ON_ONE:
        raise method_not_allowed()
    code, obj = ON_ONE[request.method](cluster, where, request)
    return Answer(code, obj if obj.get("kind") == "Status" else shaped(obj, wanted, where.resource))


def _on_part(cluster: Cluster, where: Route, request: Request, wanted: str) -> Answer:
    resource, sub = where.resource, where.sub
    if sub == "eviction" and resource.id == "pods":
        if request.method != "POST":
            raise method_not_allowed()
        return Answer(*writing.evicted(cluster, where, request))
    if not (sub == "status" and resource.status) and not (sub == "scale" and resource.scale):
        raise unknown_path()
    if request.method not in ("GET", "PUT", "PATCH"):
        raise method_not_allowed()
    if request.method != "GET":
        code, obj = ON_ONE[request.method](cluster, where, request)
    else:
        request.query(READS)
        code, obj = 200, cluster.get(resource, where.namespace, where.name)
        obj = writing.scale_of(resource, obj) if sub == "scale" else obj
    return Answer(code, obj if sub == "scale" else shaped(obj, wanted, resource))
