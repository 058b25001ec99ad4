"""A Kubernetes to test fault kinds in: the embedded API server, with what each kind of fault strikes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from simian_army import marks
from simian_army.clock import SystemClock
from simian_army.embedded.kube.objects import controller_of, leaving, meta, name_of, space_of, uid_of
from simian_army.embedded.kube.request import Request, route
from simian_army.embedded.kube.resources import Resource
from simian_army.embedded.kube.server import KubeServer
from simian_army.embedded.kube.status import Problem
from simian_army.embedded.kube.store import Key
from simian_army.model import Json, Mark, Selector, Target
from simian_army.ports_kube import Ended
from simian_army.targets.k8s import Kubernetes
from simian_army.targets.kube.checks import ALWAYS
from simian_army.targets.kube.kinds import KINDS
from simian_army.targets.kube.place import Place
from simian_army.testing.objects import NODES, SPACE, made, seed
from simian_army.testing.others import THEIRS, third

HASTE = 50.0
"""How much quicker the controllers' time passes than ours: nobody has to wait for what takes a node a third of a second."""

SETTLED = 10 * HASTE
_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_OWN = ("resourceVersion", "generation", "managedFields", "creationTimestamp", "deletionGracePeriodSeconds", "selfLink")
_BY_CONTROLLERS = ("deployment.kubernetes.io/revision",)
_HIDDEN = ("Namespace", "Event", "EndpointSlice", "ServiceAccount", "Lease", "CustomResourceDefinition")


class KubernetesWorld:
    """An embedded cluster with three nodes of three zones. ``more`` are objects that stand there besides."""

    fleet, key = "conformance", b"a key that only tests have"

    def __init__(self, more: Sequence[Json] = ()) -> None:
        self._server = _Listening([*seed(), *(dict(one) for one in more)], startup=0)
        self._server.start()
        self._server.settle(SETTLED)
        self._ports: list[Kubernetes] = []
        self._made = 0
        self._struck: set[str] = set()

    def port(self) -> Any:
        """A connection; what it runs in containers is told by this world."""
        place = Place(url=self._server.url, embedded=True, namespaces=(SPACE,), fleet=self.fleet, key=self.key)
        self._ports.append(Kubernetes.connect(place))
        return _Running(self._ports[-1], self)

    def target(self, kind: str) -> Target:
        """One of its nodes in turn; else one made for it."""
        self._made += 1
        name = NODES[self._made % len(NODES)] if kind == "node" else f"{kind}-{self._made}"
        if kind != "node":
            self._server.apply(made(kind, name))
            self._server.settle(SETTLED)
        labels, names = (f"app={name}", ()) if kind == "pod" else ("", (name,))
        port = self.port()
        (found,) = port.find(Selector(kind, ("*",) if kind == "node" else (SPACE,), labels=labels, names=names))
        whole = port.read(found)
        if not isinstance(whole, Target):
            raise AssertionError(f"{found} is gone before it is struck")
        self._struck.add(whole.id)
        return whole

    def look(self) -> Json:
        """Every object of any kind, but those that controllers make and that are no targets."""
        kept = [obj for obj in self._objects() if not leaving(obj)]
        kept = [one for one in kept if controller_of(one) is None or uid_of(one) in self._struck]
        return {_title(obj): _bare(obj) for obj in kept}

    def marks(self) -> list[str]:
        """The run of every mark on whatever object; one that says none is ``?``."""
        texts = [marks.found(obj) for obj in self._objects() if marks.bears(obj)]
        return [mark.run if (mark := marks.from_text(text or "")) else "?" for text in texts]

    def writes(self) -> int:
        """Those of adapters, and commands run in containers."""
        return self._server.done

    def asked(self) -> list[tuple[str, ...]]:
        """Verb, group, resource and subresource of each request, but for what finding and reading targets takes."""
        return [one for one in self._server.asked if one not in ALWAYS]

    def change(self, target: Target, before: Json) -> None:
        """A third value for what differs from ``before``, and an annotation."""
        was = before.get(str(target), {})

        def theirs(obj: Json) -> dict[str, Any]:
            now = _bare(obj)
            said = third({key: was.get(key) for key in now}, now)
            notes = {**(meta(dict(obj)).get("annotations") or {}), "example.invalid/theirs": THEIRS}
            labels = {**(said["metadata"].get("labels") or {}), **_marking(obj, "labels")}
            body = {key: value for key, value in said.items() if key not in ("metadata", "status")}
            return {**obj, **body, "metadata": {**obj["metadata"], "labels": labels, "annotations": notes}}

        self._update(target, theirs)

    def remove(self, target: Target) -> None:
        """Deleted at once, without grace, with whatever makes it anew."""
        self._server.cluster.store.remove(self._key(target))
        self._server.settle(SETTLED)

    def forge(self, target: Target, mark: Mark) -> None:
        """Label and annotation."""

        def forged(obj: Json) -> dict[str, Any]:
            head = obj["metadata"]
            labels = {**(head.get("labels") or {}), marks.HELD: "true"}
            notes = {**(head.get("annotations") or {}), marks.FAULT: marks.to_text(mark)}
            return {**obj, "metadata": {**head, "labels": labels, "annotations": notes}}

        self._update(target, forged)

    def close(self) -> None:
        """End every connection, then the server."""
        for port in self._ports:
            port.close()
        self._server.stop()

    def ran(self, target: Target, argv: Sequence[str]) -> Ended:
        """What a command in a container comes to here: one that ends process 1 restarts it, others do nothing."""
        self._server.done += 1
        self._server.asked.append(("create", "", "pods", "exec"))
        if not any("kill" in word for word in argv):
            return Ended(0, "it ended with 0")
        self._server.cluster.write(self._key(target), _restarted)
        return Ended(137, "it ended with 137")

    def _objects(self) -> list[dict[str, Any]]:
        kinds = [one for one in self._server.cluster.kinds.all() if one.kind not in _HIDDEN]
        return [obj for kind in kinds for obj in self._server.cluster.store.rows(kind.id, "")]

    def _update(self, target: Target, change: Any) -> None:
        self._server.cluster.update(self._resource(target), self._key(target), change)
        self._server.settle(SETTLED)

    def _resource(self, target: Target) -> Resource:
        kind = KINDS[target.kind]
        found = self._server.cluster.kinds.of(kind.api_version, kind.name)
        if found is None:
            raise AssertionError(f"the embedded cluster has no {target.kind}")
        return found

    def _key(self, target: Target) -> Key:
        return Key(self._resource(target).id, target.scope, target.name)


class _Listening(KubeServer):
    """Tells every request of an adapter: ``asked``, and how many writes were ``done``."""

    asked: list[tuple[str, ...]]
    done: int

    def __init__(self, objects: Sequence[dict[str, Any]], *, startup: float) -> None:
        self.asked, self.done = [], 0
        super().__init__(objects, startup=startup, clock=_Hasty())

    def answer(self, request: Request) -> tuple[int, dict[str, Any] | str]:
        """As the server; what is no resource takes no permission."""
        code, body = super().answer(request)
        with suppress(Problem):
            where = route(request.path, self.cluster.kinds)
            verb = _VERBS.get(request.method, "get" if where.name else "list")
            self.asked.append((verb, where.resource.group, where.resource.plural, where.sub))
            self.done += int(verb in _VERBS.values() and code < 300 and "reviews" not in where.resource.plural)
        return code, body


class _Hasty(SystemClock):
    """The machine's clock, but that what is waited for comes sooner."""

    def monotonic(self) -> float:
        """Seconds that pass quickly."""
        return super().monotonic() * HASTE


class _Running:
    """A connection whose commands in containers are carried out by the world."""

    def __init__(self, real: Kubernetes, world: KubernetesWorld) -> None:
        self._real, self._world = real, world

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def may_run(self) -> None:
        """It may."""

    def run(self, target: Target, container: str, argv: Sequence[str], seconds: float) -> Ended:
        """As ``ports_kube.KubernetesExecPort.run``."""
        del container, seconds
        return self._world.ran(target, argv)


def _title(obj: dict[str, Any]) -> str:
    kind, space = str(obj["kind"]).lower(), space_of(obj)
    return f"{kind} {space}/{name_of(obj)}" if space else f"{kind} {name_of(obj)}"


def _bare(obj: Json) -> dict[str, Any]:
    """The object without what the server says of it, and without marks."""
    head = {key: value for key, value in obj["metadata"].items() if key not in _OWN}
    for part, mine in (("labels", (marks.HELD,)), ("annotations", (marks.FAULT, *_BY_CONTROLLERS))):
        head[part] = {key: value for key, value in (head.get(part) or {}).items() if key not in mine}
    body = {key: value for key, value in obj.items() if key not in ("metadata", "status")}
    return {**body, "metadata": head}


def _marking(obj: Json, part: str) -> Mapping[str, str]:
    there = obj["metadata"].get(part) or {}
    return {key: there[key] for key in (marks.HELD, marks.FAULT) if key in there}


def _restarted(pod: dict[str, Any]) -> dict[str, Any]:
    status = pod.get("status") or {}
    told = [{**one, "restartCount": one.get("restartCount", 0) + 1} for one in status.get("containerStatuses") or ()]
    return {**pod, "status": {**status, "containerStatuses": told}}
