"""One request to the API server, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from simian_army.targets.kube.kinds import Kind

_METHODS = {"get": "GET", "list": "GET", "create": "POST", "update": "PUT", "patch": "PATCH", "delete": "DELETE"}


@dataclass(frozen=True, slots=True)
class Call:
    """``verb`` is RBAC's; ``partial`` asks for metadata only; ``merge`` sends a merge patch, not a JSON patch; ``path``
    is for what is no resource (``/version``)."""

    verb: str
    kind: Kind | None = None
    scope: str = ""
    name: str = ""
    sub: str = ""
    query: tuple[tuple[str, str], ...] = ()
    body: Any = None
    partial: bool = False
    merge: bool = False
    path: str = ""

    @property
    def method(self) -> str:
        """The HTTP method."""
        return _METHODS[self.verb]

    @property
    def resource(self) -> str:
        """``pods/eviction``, as RBAC writes it."""
        plural = self.kind.plural if self.kind else self.path
        return f"{plural}/{self.sub}" if self.sub else plural

    @property
    def location(self) -> str:
        """Path and query."""
        path = self.path or (self.kind.path(self.scope, self.name, self.sub) if self.kind else "/")
        return f"{path}?{urlencode(self.query)}" if self.query else path

    @property
    def headers(self) -> dict[str, str]:
        """What the server is told of our body and of the answer we can read."""
        accept = "application/json"
        if self.partial:
            suffix = "List" if self.verb == "list" else ""
            accept = f"application/json;as=PartialObjectMetadata{suffix};v=v1;g=meta.k8s.io"
        content = "application/json"
        if self.verb == "patch":
            content = "application/merge-patch+json" if self.merge else "application/json-patch+json"
        return {"Accept": accept, **({"Content-Type": content} if self.body is not None else {})}

    def __str__(self) -> str:
        """``get pods shop/web-1``: how messages name it."""
        where = "/".join(part for part in (self.scope, self.name) if part)
        return f"{self.verb} {self.resource} {where}".rstrip()
