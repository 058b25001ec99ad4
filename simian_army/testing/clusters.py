"""A Kubernetes to test fault kinds in: the embedded API server, with what each kind of fault strikes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from simian_army import marks
from simian_army.embedded.kube.objects import controller_of, leaving, meta, name_of, space_of, uid_of
from simian_army.embedded.kube.resources import Resource
from simian_army.embedded.kube.store import Key
from simian_army.model import NOTHING, Json, Mark, Selector, Target
from simian_army.ports_kube import Ended
from simian_army.targets.k8s import Kubernetes
from simian_army.targets.kube.kinds import KINDS
from simian_army.targets.kube.place import Place
from simian_army.targets.kube.templates import MAKERS
from simian_army.testing.objects import SPACE, made, named, seed
from simian_army.testing.others import THEIRS, third
from simian_army.testing.watched import SETTLED, WatchedServer, restarted

_OWN = ("resourceVersion", "generation", "managedFields", "creationTimestamp", "deletionGracePeriodSeconds", "selfLink")
_BY_CONTROLLERS = ("deployment.kubernetes.io/revision",)
_ALWAYS = frozenset(
    {
        ("get", "", "namespaces", ""),
        ("list", "", "nodes", ""),
        *((verb, KINDS[name].group, KINDS[name].plural, "") for name in ("pod", *MAKERS) for verb in ("get", "list")),
    }
)
_EXEC = (("create", "", "pods", "exec"), ("get", "", "pods", "exec"))
"""What a real API server asks for before it runs a command (1.36: tests/targets/kube/test_execution.py)."""

_HIDDEN = ("Namespace", "Event", "EndpointSlice", "ServiceAccount", "Lease", "CustomResourceDefinition")


class KubernetesWorld:
    """An embedded cluster with three nodes of three zones. ``more`` are objects that stand there besides.

    ``like`` has, by kind of target, what is to be struck, where the usual one will not do; it is made in a namespace
    and under a name of this world's.
    """

    fleet, key = "conformance", b"a key that only tests have"

    def __init__(self, more: Sequence[Json] = (), like: Mapping[str, Json] = NOTHING) -> None:
        self._like = like
        self._server = WatchedServer([*seed(), *(dict(one) for one in more)])
        self._server.start()
        self._server.settle(SETTLED)
        self._ports: list[Kubernetes] = []
        self._made = 0
        self._things: dict[str, list[dict[str, Any]]] = {}

    def port(self) -> Any:
        """A connection; what it runs in containers is told by this world."""
        return _Running(self._connect(), self)

    def target(self, kind: str) -> Target:
        """One made for it: a pod with its Deployment, a node with a zone and two pods of its own."""
        self._made += 1
        name = f"{kind}-{self._made}"
        wanted = [named(self._like[kind], name)] if kind in self._like else made(kind, name)
        for obj in wanted:
            self._server.apply(obj)
        self._server.settle(SETTLED)
        labels, names = (f"app={name}", ()) if kind == "pod" else ("", (name,))
        port = self.port()
        (found,) = port.find(Selector(kind, ("*",) if kind == "node" else (SPACE,), labels=labels, names=names))
        whole = port.read(found)
        if not isinstance(whole, Target):
            raise AssertionError(f"{found} is gone before it is struck")
        self._things[whole.id] = wanted
        return whole

    def look(self) -> Json:
        """Every object of any kind, but those that controllers make and that are no targets."""
        kept = [obj for obj in self._objects() if not leaving(obj)]
        kept = [one for one in kept if controller_of(one) is None or uid_of(one) in self._things]
        return {_title(obj): _bare(obj) for obj in kept}

    def marks(self) -> list[str]:
        """The run of every mark on whatever object; one that says none is ``?``."""
        texts = [marks.found(obj) for obj in self._objects() if marks.bears(obj)]
        return [mark.run if (mark := marks.from_text(text or "")) else "?" for text in texts]

    def writes(self) -> int:
        """Those of adapters, and commands run in containers."""
        return len(self._server.done)

    def asked(self) -> list[tuple[str, ...]]:
        """Verb, group, resource and subresource of each request."""
        return list(self._server.asked)

    def always(self) -> Collection[tuple[str, ...]]:
        """What finding targets and marks, and reading them, takes."""
        return _ALWAYS

    def found(self, kinds: Collection[str]) -> Sequence[tuple[Target, Mark | None]]:
        """As ``Platform.marked``."""
        return list(self._connect(tuple(sorted({*kinds} - {"node", "pod"}))).marked())

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
        """Deleted at once, without grace; of what no controller makes, another of the same name takes its place."""
        key = self._key(target)
        self._server.cluster.store.remove(key)
        for obj in self._things.get(target.id, ()):
            if self._key_of(obj) == key:
                self._server.apply(obj)
        self._server.settle(SETTLED)

    def clear(self, target: Target) -> None:
        """With all that was made for it, and what that made."""
        for key in [*map(self._key_of, self._things.pop(target.id, ())), self._key(target)]:
            self._server.cluster.store.remove(key)
        self._server.settle(SETTLED)
        self._disconnect()

    def forge(self, target: Target, mark: Mark) -> None:
        """Label and annotation."""

        def forged(obj: Json) -> dict[str, Any]:
            head = obj["metadata"]
            labels = {**(head.get("labels") or {}), marks.HELD: "true"}
            notes = {**(head.get("annotations") or {}), marks.FAULT: marks.to_text(mark)}
            return {**obj, "metadata": {**head, "labels": labels, "annotations": notes}}

        self._update(target, forged)

    def strip(self, target: Target) -> None:
        """Label and annotation."""

        def bare(obj: Json) -> dict[str, Any]:
            head = {key: value for key, value in _bare(obj)["metadata"].items() if key in ("labels", "annotations")}
            return {**obj, "metadata": {**obj["metadata"], **head}}

        self._update(target, bare)

    def close(self) -> None:
        """End every connection, then the server."""
        self._disconnect()
        self._server.stop()

    def ran(self, target: Target, container: str, argv: Sequence[str]) -> Ended:
        """What a command in a container comes to here: one that ends process 1 restarts it, others do nothing.

        No request is made of it, for the embedded server runs none: what it takes is written down here, not observed.
        """
        self._server.done.append(_EXEC[0])
        self._server.asked.extend(_EXEC)
        if not any("kill" in word for word in argv):
            return Ended(0, "it ended with 0")
        self._server.cluster.write(self._key(target), lambda pod: restarted(pod, (container,)))
        return Ended(137, "it ended with 137")

    def _connect(self, marked: tuple[str, ...] = ()) -> Kubernetes:
        place = Place(url=self._server.url, embedded=True, namespaces=(SPACE,), fleet=self.fleet, key=self.key)
        self._ports.append(Kubernetes.connect(replace(place, marked=marked)))
        return self._ports[-1]

    def _disconnect(self) -> None:
        while self._ports:
            self._ports.pop().close()

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

    def _key_of(self, obj: dict[str, Any]) -> Key:
        kind = self._server.cluster.kinds.of(obj["apiVersion"], obj["kind"])
        if kind is None:
            raise AssertionError(f"the server has no {obj['kind']}")
        return Key(kind.id, space_of(obj), name_of(obj))


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
        del seconds
        return self._world.ran(target, container, argv)


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
