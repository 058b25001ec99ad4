"""An embedded Kubernetes that tells what was asked of it, where time passes quickly and others see what was done."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from simian_army.clock import SystemClock
from simian_army.embedded.kube.objects import controller_of, name_of, uid_of
from simian_army.embedded.kube.request import Request, Route, route
from simian_army.embedded.kube.server import KubeServer
from simian_army.embedded.kube.status import Problem
from simian_army.embedded.kube.store import Key

HASTE = 50.0
"""How much quicker the controllers' time passes than ours: what takes a node a third of a second is waited for."""

SETTLED = 10 * HASTE
_FOLLOWED = ("pods", "deployments")
_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


class WatchedServer(KubeServer):
    """``asked`` has verb, group, resource and subresource of every request, ``done`` those of writes carried out."""

    def __init__(self, seed: Sequence[dict[str, Any]]) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.done: list[tuple[str, ...]] = []
        super().__init__(seed, startup=0, clock=_Hasty())

    def answer(self, request: Request) -> tuple[int, dict[str, Any] | str]:
        """As the server; what is no resource takes no permission."""
        code, body = super().answer(request)
        with suppress(Problem):
            where = route(request.path, self.cluster.kinds)
            verb = _VERBS.get(request.method, "get" if where.name else "list")
            asked = (verb, where.resource.group, where.resource.plural, where.sub)
            self.asked.append(asked)
            if verb in _VERBS.values() and code < 300 and "reviews" not in where.resource.plural:
                self.done.append(asked)
                self._follow(where)
        return code, body

    def _follow(self, where: Route) -> None:
        """What others make of a write."""
        if where.sub == "" and where.resource.plural in _FOLLOWED:
            {"pods": self._pull, "deployments": self._copy}[where.resource.plural](where)

    def _pull(self, where: Route) -> None:
        """A kubelet starts a container anew whose image is another now."""
        self.cluster.write(Key(where.resource.id, where.namespace, where.name), _pulled)

    def _copy(self, where: Route) -> None:
        """The controller of a Deployment copies its annotations to its ReplicaSets, and takes none off again."""
        obj = self.cluster.store.get(Key(where.resource.id, where.namespace, where.name)) or {}
        notes = (obj.get("metadata") or {}).get("annotations") or {}
        sets = [one for one in self.objects("ReplicaSet", where.namespace) if _is_of(one, obj)]
        for one in sets if notes else ():
            self.cluster.write(Key("replicasets.apps", where.namespace, name_of(one)), lambda old: _noted(old, notes))


def restarted(pod: dict[str, Any], names: Sequence[str] = ()) -> dict[str, Any]:
    """A pod whose containers, those with these names or all, were started once more with the images they have."""
    status, images = pod.get("status") or {}, _images(pod)
    told = [
        {**one, "restartCount": one.get("restartCount", 0) + 1, "image": images.get(one["name"], one.get("image"))}
        if not names or one["name"] in names
        else one
        for one in status.get("containerStatuses") or ()
    ]
    return {**pod, "status": {**status, "containerStatuses": told}}


def _is_of(obj: dict[str, Any], owner: dict[str, Any]) -> bool:
    said = controller_of(obj)
    return said is not None and bool(owner) and said["uid"] == uid_of(owner)


def _noted(obj: dict[str, Any], notes: dict[str, str]) -> dict[str, Any]:
    head = obj["metadata"]
    return {**obj, "metadata": {**head, "annotations": {**(head.get("annotations") or {}), **notes}}}


def _pulled(pod: dict[str, Any]) -> dict[str, Any]:
    images, told = _images(pod), (pod.get("status") or {}).get("containerStatuses") or ()
    others = [one["name"] for one in told if images.get(one["name"]) != one.get("image")]
    return restarted(pod, others) if others else pod


def _images(pod: dict[str, Any]) -> dict[str, Any]:
    return {one["name"]: one.get("image") for one in (pod.get("spec") or {}).get("containers") or ()}


class _Hasty(SystemClock):
    """The machine's clock, but that what is waited for comes sooner."""

    def monotonic(self) -> float:
        """Seconds that pass quickly."""
        return super().monotonic() * HASTE

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """As long as so many of these seconds take."""
        return super().wait(event, seconds / HASTE)
