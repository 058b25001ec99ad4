"""Kubernetes: where pods, workloads and nodes live, and the acts on them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from simian_army import marks
from simian_army.bearing import signed_for, struck_by
from simian_army.clock import Clock, SystemClock
from simian_army.contract import FaultKind
from simian_army.dating import read
from simian_army.errors import Conflict, Gone, PlatformError, Refused, SimianError, Unknown
from simian_army.model import Evidence, Health, Identity, Json, Mark, Selector, Target
from simian_army.ports_kube import Ended
from simian_army.standing import PLACES
from simian_army.targets.kube import marking, masses
from simian_army.targets.kube.answers import object_of
from simian_army.targets.kube.call import Call
from simian_army.targets.kube.catalog import Catalog
from simian_army.targets.kube.checks import Checks
from simian_army.targets.kube.decode import Entry, Forms, meta_of
from simian_army.targets.kube.execution import run
from simian_army.targets.kube.facts import facts_of
from simian_army.targets.kube.finding import PLATFORM, Finder, kind_of, target_of
from simian_army.targets.kube.health import health_of
from simian_army.targets.kube.kinds import NAMESPACE
from simian_army.targets.kube.lists import Lists
from simian_army.targets.kube.login import login
from simian_army.targets.kube.place import Place
from simian_army.targets.kube.shelf import Shelf
from simian_army.targets.kube.survey import survey
from simian_army.targets.kube.templates import template_of, with_template
from simian_army.targets.kube.wants import EXEC, wants_of
from simian_army.targets.kube.wire import Wire
from simian_army.targets.kube.zones import Zones
from simian_army.targets.telling import warn

NO_EXEC = "running commands in containers is off: write platforms.kubernetes.exec: true, and grant pods/exec"
MARGIN = 2.0
"""Seconds that the lease must have left beyond a request's timeout (DESIGN rule 12)."""


@dataclass(frozen=True, slots=True)
class Kubernetes:
    """One cluster, as ``model.Platform`` and ``ports.KubernetesPort``; may be used by many threads."""

    place: Place
    wire: Wire
    finder: Finder
    zones: Zones
    left: Callable[[], float] = lambda: float("inf")
    name: str = PLATFORM

    @classmethod
    def connect(
        cls, place: Place, clock: Clock | None = None, left: Callable[[], float] = lambda: float("inf")
    ) -> Kubernetes:
        """Read the configuration and credentials that ``place`` names; the first request connects.

        ``left`` are the seconds that we are leader still: an act of many requests asks before each.

        Raises:
            ConfigError: what the place names cannot be used.
        """
        time = clock or SystemClock()
        wire = Wire(partial(login, place), place.timeout, time)
        lists = Lists(wire, place.page_size, Forms(place.annotations))
        finder = Finder(lists, Catalog(wire), place.namespaces)
        return cls(place, wire, finder, Zones(lists, time, place.zones), left)

    def close(self) -> None:
        """End the idle connections."""
        self.wire.close()

    @property
    def unreadable(self) -> int:
        """How many objects were left out of lists so far because they made no sense."""
        return self.finder.lists.unreadable

    def find(self, selector: Selector) -> list[Target]:
        return self.finder.find(selector)

    def read(self, target: Target) -> Target | None:
        obj = self.get(target)
        if obj is None:
            return None
        meta = meta_of(obj, self.finder.lists.forms)
        if meta is None:
            raise PlatformError(f"{self.wire.host}: {target}: its metadata makes no sense")
        owners = self.finder.owners()
        owners.learn([meta])
        facts = {**facts_of(target.kind, obj), PLACES: self.zones.of(target.kind, obj)}
        family = with_template(owners.family(meta), meta.name, template_of(target.kind, obj))
        return target_of(target.kind, meta, family, facts)

    def health(self, target: Target, *, floors: bool = False) -> Health:
        return health_of(self.finder, target, self.place.floors if floors else ())

    def survey(self, targets: Sequence[Target], *, floors: bool = True) -> dict[str, Health]:
        return survey(self.finder, targets, self.place.floors if floors else ())

    def identity(self, target: Target) -> Identity:
        del target  # all of one cluster
        (here,) = self.identities()
        return replace(here, clock=read(self.wire.dated, self.wire.clock))

    def identities(self) -> Sequence[Identity]:
        call = Call("get", NAMESPACE, name="kube-system", partial=True)
        meta = meta_of(object_of(self.wire.host, call, self.wire.read(call)))
        if meta is None:
            raise PlatformError(f"{self.wire.host}: {call}: the namespace has no uid to know the cluster by")
        return (Identity(self.name, meta.uid, self.wire.host, self.place.embedded),)

    def marked(self, scopes: Collection[str] = ()) -> Iterator[tuple[Target, Mark | None]]:
        """Every node, pod and object of the kinds that ``place`` names which bears our label, one list after the other;
        what one of them cannot tell keeps back nothing of the others."""
        failed: list[PlatformError] = []
        told: set[tuple[str, str]] = set()  # several objects may bear the mark of one fault
        for call in marking.calls(self.place.namespaces, scopes, [kind_of(name) for name in self.place.marked]):
            try:
                entries = self.finder.lists.all(call)
            except PlatformError as error:
                failed.append(error)
                continue
            meant = marking.meant(call, entries, self.place.namespaces, scopes)
            for target, mark in self._signed(call, meant):
                if mark is None or (target.id, mark.mac) not in told:
                    yield target, mark
                if mark is not None:
                    told.add((target.id, mark.mac))
        if failed:
            raise failed[0]

    def check(self, kinds: Sequence[FaultKind], selectors: Sequence[Selector] = ()) -> Iterator[Evidence]:
        checks = Checks(self.wire)
        reached = checks.version()
        yield reached
        if not reached.holds:
            return
        try:
            yield Evidence(holds=True, detail=f"cluster_uid: {self.identities()[0].id}")
        except PlatformError as error:
            yield Evidence(holds=False, detail=str(error))
        if not self.place.exec:
            barred = [kind.name for kind in kinds if any(tuple(one[2:]) == EXEC for one in kind.permissions)]
            yield from (Evidence(holds=False, detail=f"fault {name}: {NO_EXEC}") for name in barred)
        yield from checks.permissions(wants_of(self.place, kinds, selectors))

    def get(self, target: Target) -> dict[str, Any] | None:
        obj = self.named(target.kind, _scope(target), target.name)
        return obj if obj and obj["metadata"].get("uid") == target.id else None

    def named(self, kind: str, scope: str, name: str) -> dict[str, Any] | None:
        call = Call("get", kind_of(kind), scope, name)
        try:
            obj = object_of(self.wire.host, call, self.wire.read(call))
        except Gone:
            return None
        if not isinstance(obj.get("metadata"), dict):
            raise PlatformError(f"{self.wire.host}: {call}: the answer has no metadata")
        return obj

    def create(self, kind: str, obj: Json) -> dict[str, Any]:
        return self._act(Call("create", kind_of(kind), str(obj["metadata"]["namespace"]), body=obj))

    def evict(self, target: Target, grace: int | None = None) -> None:
        eviction = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": target.name, "namespace": target.scope},
            "deleteOptions": _options(target, grace, str(target.facts.get("resourceVersion", ""))),
        }
        self._act(Call("create", kind_of(target.kind), _scope(target), target.name, "eviction", body=eviction))

    def delete(self, target: Target, grace: int | None = None, version: str = "") -> None:
        body = {"apiVersion": "v1", "kind": "DeleteOptions", **_options(target, grace, version)}
        self._act(Call("delete", kind_of(target.kind), _scope(target), target.name, body=body))

    def patch(self, target: Target, operations: Sequence[Json]) -> dict[str, Any]:
        same = {"op": "test", "path": "/metadata/uid", "value": target.id}
        call = Call("patch", kind_of(target.kind), _scope(target), target.name, body=[same, *operations])
        try:
            return self._act(call)
        except Conflict as error:
            if self.get(target) is None:
                raise Gone(f"{target}: another took its name: {error}") from error
            raise

    def patch_all(self, wishes: Sequence[masses.Wish]) -> list[dict[str, Any] | SimianError | None]:
        return masses.patched(self.patch, wishes, self.wire.clock)

    def may_run(self) -> None:
        if not self.place.exec:
            raise Refused(NO_EXEC)

    def run(self, target: Target, container: str, argv: Sequence[str], seconds: float) -> Ended:
        self.may_run()
        return run(self.wire, target, container, argv, seconds)

    def evict_all(self, pods: Sequence[Target], grace: int | None, ends: datetime) -> list[SimianError | None]:
        clock, least = self.wire.clock, self.wire.timeout + MARGIN
        longest = clock.monotonic() + masses.EVICTING

        def may() -> bool:
            return clock.monotonic() <= longest and clock.now() < ends and self.left() >= least

        return masses.evicted(lambda pod: self.evict(pod, grace), pods, may)

    def listed(self, kind: str, labels: str = "", fields: Sequence[tuple[str, str]] = ()) -> dict[str, dict[str, Any]]:
        return masses.listed(self.finder.lists, kind, labels, fields)

    def near(self, kind: str, scope: str, labels: str = "") -> list[dict[str, Any]]:
        call = Call("list", kind_of(kind), scope, query=(("labelSelector", labels),) if labels else ())
        return [entry.whole for entry in self.finder.lists.all(call) if entry.whole]

    def secrets(self) -> Shelf:
        return Shelf(self.finder.lists)

    def mark(self, obj: Json, mark: Mark) -> list[Json]:
        return marking.put(obj, mark)

    def unmark(self, obj: Json, mark: Mark) -> list[Json]:
        return marking.take_off(
            obj, mark, lambda there: self._genuine(there, obj["metadata"]["uid"], marking.place_of(obj))
        )

    def _act(self, call: Call) -> dict[str, Any]:
        """What the server says of an act; whatever no API server says (a proxy's page) proves nothing was done."""
        body = self.wire.act(call)
        try:
            said = object_of(self.wire.host, call, body)
        except PlatformError as error:
            raise Unknown(f"{error}; it may have happened") from error
        if not isinstance(said.get("kind"), str):
            raise Unknown(f"{self.wire.host}: {call}: the answer is no Kubernetes object; it may have happened")
        return said

    def _signed(self, call: Call, entries: Sequence[Entry]) -> Iterator[tuple[Target, Mark | None]]:
        owners = self.finder.owners()
        owners.learn(entry.metadata for entry in entries)
        kind = call.kind.name.lower() if call.kind else ""
        for entry in entries:
            text = entry.metadata.annotations.fault if entry.metadata.annotations else None
            mark = marks.from_text(text) if text is not None else None
            if mark is not None and mark.fleet != self.place.fleet:
                continue
            target = target_of(kind, entry.metadata, owners.family(entry.metadata))
            if mark is None or not self._genuine(mark, target.id, marking.placed(kind, target.scope, target.name)):
                warn("forged", target=str(target), run=mark.run if mark else "")
                yield replace(target, facts={"mark": text or ""}), None
                continue
            struck = target if marks.verify(self.place.key, mark, target, self.place.fleet) else struck_by(mark)
            if struck is not None:
                yield struck, mark

    def _genuine(self, mark: Mark, uid: str, place: str) -> bool:
        return marks.genuine(self.place.key, mark, signed_for(mark, uid, place), self.place.fleet)


def _scope(target: Target) -> str:
    return target.scope if kind_of(target.kind).namespaced else ""


def _options(target: Target, grace: int | None, version: str) -> dict[str, Any]:
    preconditions = {"uid": target.id, **({"resourceVersion": version} if version else {})}
    return {"preconditions": preconditions, **({} if grace is None else {"gracePeriodSeconds": grace})}
