"""How objects come, change and go: the one path of every write, whether from a request or from a controller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

from simian_army.clock import Clock
from simian_army.embedded.kube.defaults import filled
from simian_army.embedded.kube.objects import (
    finished,
    leaving,
    meta,
    name_of,
    new_uid,
    put,
    spec_of,
    stamp,
    status_of,
    suffix,
    uid_of,
)
from simian_army.embedded.kube.resources import NAMESPACE, POD, Catalogue, Resource
from simian_army.embedded.kube.rules import check, check_step
from simian_army.embedded.kube.status import already_exists, bad_request, conflict, forbidden, invalid, not_found
from simian_army.embedded.kube.store import Key, Store, version_of

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Terms:
    """A write's terms: ``uid`` and ``version`` must hold, ``dry`` stores nothing, ``grace`` is seconds."""

    dry: bool = False
    uid: str = ""
    version: str = ""
    grace: int | None = None


PLAIN = Terms()
AT_ONCE = Terms(grace=0)


class Cluster:
    """The objects, the kinds, the time and the chance; every method is atomic."""

    def __init__(self, clock: Clock, chance: Random) -> None:
        self.store = Store()
        self.kinds = Catalogue()
        self.clock = clock
        self.chance = chance
        self.lock = self.store.lock
        self.store.listen(self.kinds.learn)

    def now(self) -> str:
        """The time, as Kubernetes writes it."""
        return stamp(self.clock.now())

    def get(self, resource: Resource, namespace: str, name: str) -> Json:
        """The object.

        Raises:
            Problem: 404.
        """
        found = self.store.get(Key(resource.id, namespace, name))
        if found is None:
            raise not_found(resource, name)
        return found

    def create(self, resource: Resource, namespace: str, obj: Json, terms: Terms = PLAIN) -> Json:
        """Store a new object; its status is the server's to say, but for a node's.

        Raises:
            Problem: 403, 404 (the namespace), 409 (the name is taken), 422.
        """
        if resource.status and resource.id != "nodes":
            obj = {key: value for key, value in obj.items() if key != "status"}
        return self.bring(resource, namespace, obj, terms)

    def bring(self, resource: Resource, namespace: str, obj: Json, terms: Terms = PLAIN) -> Json:
        """``create`` that keeps the status as given."""
        with self.lock:
            made = self._stamped(resource, namespace, obj)
            key = Key(resource.id, namespace, name_of(made))
            self._must_be_open(namespace, resource, key.name)
            made = filled(resource, made, meta(made)["creationTimestamp"])
            check(resource, made)
            if self.store.get(key) is not None:
                raise already_exists(resource, key.name)
            return made if terms.dry else self.store.put(key, made)

    def update(
        self, resource: Resource, key: Key, change: Callable[[Json], Json], terms: Terms = PLAIN, sub: str = ""
    ) -> Json:
        """Store what ``change`` makes of the object; the status changes only when ``sub`` is ``status``.

        Raises:
            Problem: 404, 409, 422.
        """
        with self.lock:
            old = self.get(resource, key.namespace, key.name)
            new = self._stepped(resource, old, change(old), sub)
            if new == old:
                return old
            if terms.dry:
                return new
            if leaving(new) and not meta(new).get("finalizers") and not self._lingers(resource, new):
                self.store.put(key, new)
                return self.store.remove(key) or new
            return self.store.put(key, new)

    def write(self, key: Key, change: Callable[[Json], Json]) -> None:
        """Store what ``change`` makes of the object, without any rule: for controllers, which know what they do.

        An object that is gone is left alone, and nothing is written when nothing changes.
        """
        with self.lock:
            old = self.store.get(key)
            if old is None:
                return
            new = change(old)
            if new != old:
                self.store.put(key, new)

    def delete(self, resource: Resource, key: Key, terms: Terms = PLAIN) -> tuple[Json, bool]:
        """Delete, or begin to; returns the object and whether it is gone.

        Raises:
            Problem: 404, 409 (a precondition does not hold).
        """
        with self.lock:
            old = self.get(resource, key.namespace, key.name)
            _must_hold(resource, old, terms)
            kept = [*(meta(old).get("finalizers") or ())]
            grace = self._grace(resource, old, terms)
            if not kept and not grace and resource != NAMESPACE:
                return (old, True) if terms.dry else (self.store.remove(key) or old, True)
            new = self._going(resource, old, grace, kept)
            if terms.dry or new == old:
                return new, False
            return self.store.put(key, new), False

    def _going(self, resource: Resource, old: Json, grace: int, kept: list[str]) -> Json:
        new = put(old, ("metadata", "finalizers"), kept) if kept else old
        sooner = grace < meta(old).get("deletionGracePeriodSeconds", grace + 1)
        if leaving(old) and not sooner:
            return new
        moment = stamp(self.clock.now() + timedelta(seconds=grace))
        changed = {**meta(new), "deletionTimestamp": moment, "deletionGracePeriodSeconds": grace}
        if "generation" in changed:
            changed["generation"] += 1
        if resource == NAMESPACE:
            new = put(new, ("status", "phase"), "Terminating")
        return {**new, "metadata": changed}

    def _grace(self, resource: Resource, pod: Json, terms: Terms) -> int:
        if resource != POD or not spec_of(pod).get("nodeName") or finished(pod):
            return 0
        said = spec_of(pod).get("terminationGracePeriodSeconds", 30) if terms.grace is None else terms.grace
        before: int | Any = meta(pod).get("deletionGracePeriodSeconds", said)
        return min(int(said), before)

    @staticmethod
    def _lingers(resource: Resource, obj: Json) -> bool:
        if resource == NAMESPACE:
            return bool(spec_of(obj).get("finalizers"))
        return resource == POD and bool(meta(obj).get("deletionGracePeriodSeconds"))

    def _stamped(self, resource: Resource, namespace: str, obj: Json) -> Json:
        given = meta(obj)
        name = given.get("name") or (given["generateName"] + suffix(self.chance) if given.get("generateName") else "")
        if not name:
            raise invalid(resource, "", "metadata.name", "Required value: name or generateName is required")
        if given.get("resourceVersion"):
            raise bad_request("resourceVersion should not be set on objects to be created")
        if given.get("namespace", namespace) != namespace:
            raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
        stamps: Json = {"name": name, "uid": new_uid(self.chance), "creationTimestamp": self.now()}
        if namespace:
            stamps["namespace"] = namespace
        if resource.generation:
            stamps["generation"] = 1
        mine = {k: v for k, v in given.items() if k not in ("deletionTimestamp", "deletionGracePeriodSeconds")}
        head = {"apiVersion": resource.api_version, "kind": resource.kind}
        return {**head, **obj, **head, "metadata": {**mine, **stamps}}

    def _must_be_open(self, namespace: str, resource: Resource, name: str) -> None:
        if not resource.namespaced:
            return
        space = self.get(NAMESPACE, "", namespace)
        if leaving(space):
            raise forbidden(resource, name, f"unable to create new content in namespace {namespace}: being terminated")

    def _stepped(self, resource: Resource, old: Json, new: Json, sub: str) -> Json:
        name = name_of(old)
        _must_be_the_same(resource, old, new)
        if version_of(new) not in ("", version_of(old)):
            raise conflict(resource, name)
        if uid_of(new) not in ("", uid_of(old)):
            raise invalid(resource, name, "metadata.uid", f'Invalid value: "{uid_of(new)}": field is immutable')
        if sub == "status":
            return {**old, "status": status_of(new)}
        fixed = (
            "uid",
            "creationTimestamp",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "generation",
            "namespace",
        )
        held = {key: meta(old)[key] for key in (*fixed, "resourceVersion") if key in meta(old)}
        kept = {key: value for key, value in meta(new).items() if value or key not in ("labels", "annotations")}
        new = {**new, "apiVersion": old["apiVersion"], "kind": old["kind"], "metadata": {**kept, **held}}
        if resource.status:
            new = {**new, "status": old["status"]} if "status" in old else {k: new[k] for k in new if k != "status"}
        check_step(resource, old, new)
        if resource.generation and _body(old) != _body(new):
            new = put(new, ("metadata", "generation"), meta(old).get("generation", 0) + 1)
        return new


def _must_be_the_same(resource: Resource, old: Json, new: Json) -> None:
    """Raise when what is to be stored calls itself something else than what is there."""
    name, said, where = name_of(old), name_of(new), meta(old).get("namespace", "")
    if said != name:
        raise bad_request(f"the name of the object ({said}) does not match the name on the URL ({name})")
    if meta(new).get("namespace", where) != where:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    if new.get("kind", old["kind"]) != old["kind"]:
        raise invalid(resource, name, "kind", f'Invalid value: "{new["kind"]}": it is a {old["kind"]}')


def _body(obj: Json) -> Json:
    return {key: value for key, value in obj.items() if key not in ("metadata", "status")}


def _must_hold(resource: Resource, old: Json, terms: Terms) -> None:
    name, uid, version = name_of(old), uid_of(old), version_of(old)
    if terms.uid and terms.uid != uid:
        why = f"the UID in the precondition ({terms.uid}) does not match the UID in record ({uid}). "
        raise conflict(resource, name, why + "The object might have been deleted and then recreated")
    if terms.version and terms.version != version:
        why = f"the ResourceVersion in the precondition ({terms.version}) does not match the ResourceVersion in record "
        raise conflict(resource, name, f"{why}({version}). The object might have been modified")
