"""What a probe stands on: one API server, a namespace of its own, and short words for what it asks."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote

from tests.cluster.api import Api
from tests.embedded.wire import Answer, ask, events

Json = Any
T = TypeVar("T")
GROUPS = {
    "leases": "coordination.k8s.io/v1",
    "deployments": "apps/v1",
    "replicasets": "apps/v1",
    "statefulsets": "apps/v1",
    "daemonsets": "apps/v1",
    "jobs": "batch/v1",
    "poddisruptionbudgets": "policy/v1",
    "endpointslices": "discovery.k8s.io/v1",
    "networkpolicies": "networking.k8s.io/v1",
    "horizontalpodautoscalers": "autoscaling/v2",
}
SECONDS = 60
NODE = "node-1"


class NotYet(Exception):
    """What was waited for has not come."""


@dataclass
class Scene:
    """One API server and a namespace. ``forget`` makes the server forget every version before this moment."""

    api: Api
    forget: Callable[[], None] = lambda: None
    scope: str = field(default_factory=lambda: f"p-{uuid.uuid4().hex[:10]}")

    def begin(self) -> None:
        ask(self.api, "POST", "/api/v1/namespaces", {"metadata": {"name": self.scope, "labels": {"team": "parity"}}})

    def end(self) -> None:
        ask(self.api, "DELETE", f"/api/v1/namespaces/{self.scope}")

    def path(self, where: str) -> str:
        """``leases/a?dryRun=All`` as the whole path; one that begins with a slash stays."""
        if where.startswith("/"):
            return where
        group = GROUPS.get(where.partition("/")[0].partition("?")[0])
        base = f"/apis/{group}" if group else "/api/v1"
        return f"{base}/namespaces/{self.scope}/{where}"

    def ask(self, method: str, where: str, body: Json = None, headers: Mapping[str, str] | None = None) -> Answer:
        return ask(self.api, method, self.path(where), body, headers)

    def get(self, where: str, accept: str = "") -> Answer:
        return self.ask("GET", where, headers={"Accept": accept} if accept else {})

    def post(self, where: str, body: Json, media: str = "") -> Answer:
        return self.ask("POST", where, body, {"Content-Type": media} if media else {})

    def put(self, where: str, body: Json) -> Answer:
        return self.ask("PUT", where, body)

    def patch(self, where: str, body: Json, media: str = "") -> Answer:
        return self.ask("PATCH", where, body, {"Content-Type": media} if media else {})

    def delete(self, where: str, body: Json = None) -> Answer:
        return self.ask("DELETE", where, body)

    def watch(self, where: str, count: int = 1) -> list[Json] | Answer:
        """The first ``count`` events, bookmarks included, or fewer when the server ends the stream."""
        return events(self.api, self.path(where), lambda found: len(found) >= count)

    def make(self, kind: str, name: str, **more: Json) -> Json:
        """A new object with ``labels``, ``finalizers`` and so on in its metadata, and the rest beside; as answered."""
        inside = ("labels", "annotations", "finalizers", "ownerReferences", "generateName")
        head = {"name": name, **{key: more.pop(key) for key in inside if key in more}}
        answer = self.post(kind, {"metadata": head, **more})
        assert answer.code == 201, answer
        return answer.body

    def pod(self, name: str, labels: dict[str, str] | None = None, node: str = "", **spec: Json) -> Json:
        """A pod that nothing owns: bound to ``node``, or never to any. Waits for what pods need in a new namespace."""
        body = {
            "metadata": {"name": name, "labels": labels or {}},
            "spec": {
                "containers": [{"name": "app", "image": "example.invalid/app:1"}],
                **({"nodeName": node} if node else {"nodeSelector": {"nowhere": "at-all"}}),
                **spec,
            },
        }
        return self.until(lambda: found.body if (found := self.post("pods", body)).code == 201 else None)

    def running(self, name: str, labels: dict[str, str] | None = None, **spec: Json) -> Json:
        """A pod of no owner that runs and is ready."""
        self.pod(name, labels, NODE, **spec)
        return self.until(lambda: found if is_ready(found := self.get(f"pods/{name}").body) else None)

    def deploy(self, name: str, replicas: int) -> list[Json]:
        """A Deployment; its pods, once all are ready."""
        labels = {"app": name}
        spec = {"terminationGracePeriodSeconds": 1, "containers": [{"name": "app", "image": "example.invalid/app:1"}]}
        template = {"metadata": {"labels": labels}, "spec": spec}
        wanted = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
        self.make("deployments", name, spec=wanted)
        return self.whole(f"app={name}", replicas)

    def whole(self, labels: str, count: int) -> list[Json]:
        """The pods with ``labels`` once exactly ``count`` are there, all ready and none leaving."""

        def look() -> list[Json] | None:
            found = self.items(f"pods?labelSelector={quote(labels)}")
            return found if len(found) == count and all(map(is_ready, found)) else None

        return self.until(look)

    def items(self, where: str) -> list[Json]:
        answer = self.get(where)
        assert answer.code == 200, answer
        found: list[Json] = answer.body["items"]
        return found

    def names(self, where: str) -> Json:
        """The names a list holds, or what the server says instead."""
        answer = self.get(where)
        return [item["metadata"]["name"] for item in answer.body["items"]] if answer.code == 200 else answer.said

    def gone(self, where: str) -> bool:
        """Wait until there is no such object."""
        return self.until(lambda: self.get(where).code == 404)

    def until(self, look: Callable[[], T | None]) -> T:
        """The first true answer of ``look``.

        Raises:
            NotYet: there was none in a minute.
        """
        ends = time.perf_counter() + SECONDS
        while time.perf_counter() < ends:
            found = look()
            if found:
                return found
            time.sleep(0.02)  # noqa: TID251 - a server is waited for
        raise NotYet(look)


def is_ready(pod: Json) -> bool:
    conditions = pod.get("status", {}).get("conditions") or []
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
    return ready and "deletionTimestamp" not in pod["metadata"]
