"""What is asked: a request taken apart, with everything in it that this server does not know refused."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

from simian_army.embedded.kube.cluster import Terms
from simian_army.embedded.kube.resources import Catalogue, Resource
from simian_army.embedded.kube.status import Problem, bad_request, unknown_path

Json = dict[str, Any]

DISCOVERY: frozenset[str] = frozenset({"timeout"})
READS = frozenset({"pretty", "timeout"})
LISTS = READS | {
    "labelSelector",
    "fieldSelector",
    "limit",
    "continue",
    "resourceVersion",
    "resourceVersionMatch",
    "timeoutSeconds",
    "watch",
    "allowWatchBookmarks",
    "sendInitialEvents",
}
WRITES = READS | {"dryRun", "fieldManager", "fieldValidation"}
DELETES = READS | {"dryRun", "gracePeriodSeconds", "propagationPolicy", "orphanDependents"}
PROPAGATIONS = ("", "Background")


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request."""

    method: str
    target: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """The path, decoded, without the query."""
        return unquote(self.target.partition("?")[0])

    def query(self, allowed: Iterable[str]) -> dict[str, str]:
        """The query parameters.

        Raises:
            Problem: 400, one is not among ``allowed`` or is given twice.
        """
        pairs = parse_qsl(self.target.partition("?")[2], keep_blank_values=True)
        for name, _ in pairs:
            if name not in allowed:
                raise bad_request(f"the embedded API server does not know the query parameter {name!r} here")
        if len(dict(pairs)) != len(pairs):
            raise bad_request("a query parameter is given twice")
        return dict(pairs)

    def json(self) -> Any:
        """The body.

        Raises:
            Problem: 400, it is not JSON.
        """
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise bad_request(f"the object provided is unrecognized: json parse error: {error}") from error

    def object(self) -> Json:
        """The body as one object; empty when there is none.

        Raises:
            Problem: 400, it is something else.
        """
        found = self.json() if self.body else {}
        if not isinstance(found, dict) or not isinstance(found.get("metadata") or {}, dict):
            raise bad_request("the object provided is unrecognized: a JSON object with metadata is expected")
        return found


@dataclass(frozen=True, slots=True)
class Route:
    """What a path means: a kind, and maybe a namespace, a name and a subresource of it."""

    resource: Resource
    namespace: str = ""
    name: str = ""
    sub: str = ""


def route(path: str, kinds: Catalogue) -> Route:
    """What ``path`` means.

    Raises:
        Problem: 404, nothing.
    """
    steps = path.strip("/").split("/")
    if steps[0] == "api":
        group, version, rest = "", steps[1:2], steps[2:]
    else:
        group, version, rest = "".join(steps[1:2]), steps[2:3], steps[3:]
    if not version or not rest or not all(rest) or steps[0] not in ("api", "apis"):
        raise unknown_path()
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2 and rest[2] not in ("status", "finalize"):
        namespace, rest = rest[1], rest[2:]
    resource = kinds.at(group, version[0], rest[0])
    if resource is None or len(rest) > 3 or bool(namespace) > resource.namespaced:
        raise unknown_path()
    if len(rest) > 1 and resource.namespaced and not namespace:
        raise unknown_path()
    return Route(resource, namespace, *rest[1:])


def number(query: Mapping[str, str], name: str) -> int | None:
    """A parameter as a number.

    Raises:
        Problem: 400, it is none.
    """
    if not query.get(name):
        return None
    try:
        return int(query[name])
    except ValueError as error:
        raise bad_request(f'{name}: strconv.ParseInt: parsing "{query[name]}": invalid syntax') from error


def is_dry(query: Mapping[str, str], body: Json | None = None) -> bool:
    """Whether nothing is to be stored.

    Raises:
        Problem: 400 for Strict validation, which is not built, 422 for a ``dryRun`` other than All.
    """
    said = query.get("dryRun", "") or ",".join((body or {}).get("dryRun") or ())
    if said not in ("", "All"):
        raise Problem(422, "Invalid", f'dryRun: Unsupported value: ["{said}"]: supported values: "All"', {})
    if query.get("fieldValidation", "") not in ("", "Ignore", "Warn"):
        raise bad_request("the embedded API server cannot do fieldValidation=Strict: use --validate=false")
    return bool(said)


def deletion(query: Mapping[str, str], body: Json) -> Terms:
    """The terms of a delete, from the query and from DeleteOptions; the query wins.

    Raises:
        Problem: 400 or 422, they make no sense.
    """
    wanted = body.get("preconditions") or {}
    policy = query.get("propagationPolicy") or body.get("propagationPolicy") or ""
    if policy not in PROPAGATIONS:
        raise bad_request(f"propagationPolicy: {policy!r} is not served: Background is")
    if "orphanDependents" in query or body.get("orphanDependents") is not None:
        raise bad_request("orphanDependents is not served: use propagationPolicy")
    grace = number(query, "gracePeriodSeconds")
    grace = body.get("gracePeriodSeconds") if grace is None else grace
    if grace is not None and (not isinstance(grace, int) or grace < 0):
        raise bad_request("gracePeriodSeconds must be a number of seconds, 0 or more")
    return Terms(
        dry=is_dry(query, body),
        uid=wanted.get("uid") or "",
        version=wanted.get("resourceVersion") or "",
        grace=grace,
    )
