"""What is to change: create, update, patch, delete, deletecollection and the subresources that write."""

from __future__ import annotations

from typing import Any

from simian_army.embedded.kube.cluster import Cluster, Terms
from simian_army.embedded.kube.eviction import evict
from simian_army.embedded.kube.forms import listed
from simian_army.embedded.kube.objects import dig, meta, name_of, put, spec_of, uid_of
from simian_army.embedded.kube.patches import json_patch, merge
from simian_army.embedded.kube.reading import page
from simian_army.embedded.kube.request import DELETES, LISTS, WRITES, Request, Route, deletion, is_dry
from simian_army.embedded.kube.resources import RETURNED_WHEN_DELETED, Resource
from simian_army.embedded.kube.status import bad_request, conflict, invalid, success, unsupported_media
from simian_army.embedded.kube.store import Key, version_of
from simian_army.selectors import written

Json = dict[str, Any]

JSON_TYPES = ("application/json", "")
VERSIONED = frozenset({"leases.coordination.k8s.io", "poddisruptionbudgets.policy"})
"""Kinds whose objects are only replaced at the version that was read."""

PATCHES = ("application/json-patch+json", "application/merge-patch+json")


def media_of(request: Request) -> str:
    """The media type of the body, without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _body(request: Request, resource: Resource) -> Json:
    _must_be_json(request)
    body = request.object()
    said = (body.get("apiVersion", resource.api_version), body.get("kind", resource.kind))
    if said != (resource.api_version, resource.kind):
        raise bad_request(f'{said[1]} in version "{said[0]}" cannot be handled as a {resource.kind}')
    return body


def _must_be_json(request: Request) -> None:
    if media_of(request) not in JSON_TYPES:
        known = "accepted media types include: application/json"
        raise unsupported_media(f"the body of the request was in an unknown format - {known}")


def create(cluster: Cluster, route: Route, request: Request) -> tuple[int, Json]:
    """POST to a collection.

    Raises:
        Problem: 400, 403, 404, 409, 415, 422.
    """
    terms = Terms(dry=is_dry(request.query(WRITES)))
    body = _body(request, route.resource)
    return 201, cluster.create(route.resource, route.namespace, body, terms)


def replace(cluster: Cluster, route: Route, request: Request) -> tuple[int, Json]:
    """PUT of an object, its status or its scale.

    Raises:
        Problem: 400, 404, 409, 415, 422.
    """
    terms = Terms(dry=is_dry(request.query(WRITES)))
    if route.sub == "scale":
        _must_be_json(request)
        return _rescale(cluster, route, terms, lambda _: request.object())
    body = _body(request, route.resource)

    def change(old: Json) -> Json:
        said = uid_of(body)
        if said and said != uid_of(old):
            why = f"Precondition failed: UID in precondition: {said}, UID in object meta: {uid_of(old)}"
            raise conflict(route.resource, route.name, why)
        if route.resource.id in VERSIONED and not version_of(body):
            raise invalid(route.resource, route.name, "metadata.resourceVersion", "Invalid value: 0: must be specified")
        return body if meta(body).get("name") else put(body, ("metadata", "name"), "")

    return 200, cluster.update(route.resource, _key(route), change, terms, route.sub)


def patch(cluster: Cluster, route: Route, request: Request) -> tuple[int, Json]:
    """PATCH of an object, its status or its scale.

    Raises:
        Problem: 400, 404, 409, 415 (a strategic or apply patch), 422 (it does not apply).
    """
    terms = Terms(dry=is_dry(request.query(WRITES)))
    change = _patching(request)
    if route.sub == "scale":
        return _rescale(cluster, route, terms, change)
    return 200, cluster.update(route.resource, _key(route), change, terms, route.sub)


def _patching(request: Request) -> Any:
    media, body = media_of(request), None
    if media not in PATCHES:
        raise unsupported_media(f"415: Unsupported Media Type: {media}; this server reads {' and '.join(PATCHES)}")
    body = request.json()
    if media == PATCHES[0]:
        if not isinstance(body, list) or not all(isinstance(operation, dict) for operation in body):
            raise bad_request("error decoding patch: a list of operations is expected")
        return lambda old: json_patch(old, body)
    if not isinstance(body, dict):
        raise bad_request("error decoding patch: an object is expected")
    return lambda old: merge(old, body)


def delete(cluster: Cluster, route: Route, request: Request) -> tuple[int, Json]:
    """DELETE of one object.

    Raises:
        Problem: 400, 404, 409, 415, 422.
    """
    _must_be_json(request)
    terms = deletion(request.query(DELETES), request.object())
    obj, gone = cluster.delete(route.resource, _key(route), terms)
    if gone and route.resource.id not in RETURNED_WHEN_DELETED:
        return 200, success(route.resource, route.name, uid_of(obj))
    return 200, obj


def delete_all(cluster: Cluster, route: Route, request: Request, wanted: str) -> tuple[int, Json]:
    """DELETE of a collection; answers what was in it.

    Raises:
        Problem: 400, 409, 410, 415, 422.
    """
    _must_be_json(request)
    query = request.query(DELETES | LISTS)
    terms = deletion(query, request.object())
    items, head = page(cluster, route, query)
    for item in items:
        key = Key(route.resource.id, meta(item).get("namespace", ""), name_of(item))
        if cluster.store.get(key) is not None:
            cluster.delete(route.resource, key, terms)
    return 200, listed(items, wanted, route.resource, head)


def evicted(cluster: Cluster, route: Route, request: Request) -> tuple[int, Json]:
    """POST of an Eviction.

    Raises:
        Problem: 400, 404, 409, 415, 429.
    """
    _must_be_json(request)
    query, body = request.query(WRITES), request.object()
    if body.get("kind", "Eviction") != "Eviction" or body.get("apiVersion", "policy/v1") != "policy/v1":
        raise bad_request("an Eviction of policy/v1 is expected")
    if meta(body).get("name", route.name) != route.name:
        raise bad_request("name in URL does not match name in Eviction object")
    options = body.get("deleteOptions") or {}
    if is_dry(query):
        options = {**options, "dryRun": ["All"]}
    evict(cluster, _key(route), deletion({}, options))
    return 201, {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}


def review(request: Request) -> tuple[int, Json]:
    """POST of a SelfSubjectAccessReview: everybody may do everything here.

    Raises:
        Problem: 400, 415.
    """
    request.query(WRITES)
    _must_be_json(request)
    head = {"kind": "SelfSubjectAccessReview", "apiVersion": "authorization.k8s.io/v1", "metadata": {}}
    return 201, {**head, "spec": spec_of(request.object()), "status": {"allowed": True}}


def scale_of(resource: Resource, obj: Json) -> Json:
    """The Scale of an object that has one."""
    spec, status, selector = resource.scale or ("", "", "")
    keep = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    found = dig(obj, _path(selector)) if selector else ""
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: value for key, value in meta(obj).items() if key in keep},
        "spec": {"replicas": dig(obj, _path(spec), 0)},
        "status": {
            "replicas": dig(obj, _path(status), 0),
            "selector": written(found) if isinstance(found, dict) else str(found or ""),
        },
    }


def _rescale(cluster: Cluster, route: Route, terms: Terms, step: Any) -> tuple[int, Json]:
    resource = route.resource

    def change(old: Json) -> Json:
        before = scale_of(resource, old)
        after = step(before)
        if version_of(after) not in ("", version_of(old)) or uid_of(after) not in ("", uid_of(old)):
            raise conflict(resource, route.name)
        replicas = dig(after, ("spec", "replicas"), 0)
        if not isinstance(replicas, int) or replicas < 0:
            raise invalid(resource, route.name, "spec.replicas", f"Invalid value: {replicas}: must be 0 or more")
        return put(old, _path((resource.scale or ("",))[0]), replicas)

    return 200, scale_of(resource, cluster.update(resource, _key(route), change, terms))


def _path(dotted: str) -> tuple[str, ...]:
    return tuple(dotted.strip(".").split("."))


def _key(route: Route) -> Key:
    return Key(route.resource.id, route.namespace, route.name)
