"""How a workload stands: its ready pods against those it is meant to have, what is in motion, who keeps its pods."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from simian_army.errors import Gone
from simian_army.model import NOTHING, Health, Json, Target
from simian_army.selectors import written
from simian_army.targets.kube.answers import object_of
from simian_army.targets.kube.bulk import Bulk
from simian_army.targets.kube.call import Call
from simian_army.targets.kube.facts import at, pod_labels
from simian_army.targets.kube.facts import ready as is_ready
from simian_army.targets.kube.finding import Finder
from simian_army.targets.kube.floors import Subject, Word, ask, floors
from simian_army.targets.kube.kinds import KINDS, POD
from simian_army.targets.kube.motion import motion

WANTED = {
    "Deployment": "spec.replicas",
    "ReplicaSet": "spec.replicas",
    "StatefulSet": "spec.replicas",
    "DaemonSet": "status.desiredNumberScheduled",
}


@dataclass(frozen=True, slots=True)
class Group:
    """A workload by its name: ``namespace/Kind/name``."""

    scope: str
    kind: str
    name: str

    @classmethod
    def of(cls, target: Target) -> Group:
        """The group of a target."""
        scope, _, rest = target.group.partition("/")
        kind, _, name = rest.partition("/")
        return cls(scope, kind, name)

    def __str__(self) -> str:
        return f"{self.scope}/{self.kind}/{self.name}"


def health_of(finder: Finder, target: Target, kinds: Sequence[str] = ()) -> Health:
    """The health of the workload that is the target's group; ``kinds`` are those who have a word (see floors.py).

    Raises:
        PlatformError: it could not be read.
    """
    group = Group.of(target)
    if not kinds:
        return _asked(finder, group, _workload(finder, group))
    with ThreadPoolExecutor(1, "floors") as pool:
        words = pool.submit(ask, finder.lists, target.scope, kinds)
        workload = _workload(finder, group)
        health = _asked(finder, group, workload)
    return worded(health, words.result(), group, target, workload)


def worded(health: Health, words: Sequence[Word], group: Group, target: Target, workload: Json) -> Health:
    """The same health, with what everybody says who has a word."""
    labels = target.labels if target.kind == "pod" else pod_labels(target.kind, workload) or {}
    subject = Subject(target.scope, group.kind, group.name, labels, target.facts.get("ready") is not False)
    ready = None if health.whole is None else health.ready
    return replace(health, floors=floors(words, subject, ready))


def _workload(finder: Finder, group: Group) -> Json:
    """The workload; nothing where it has no number of pods, or is gone."""
    if group.kind not in WANTED:
        return NOTHING
    wire = finder.lists.wire
    call = Call("get", KINDS[group.kind.lower()], group.scope, group.name)
    try:
        return object_of(wire.host, call, wire.read(call))
    except Gone:
        return NOTHING


def _asked(finder: Finder, group: Group, workload: Json) -> Health:
    return counted(group, workload, lambda uid, query: _ready_pods(finder, group, uid, query))


def counted(group: Group, workload: Json, ready: Callable[[str, str], frozenset[str]]) -> Health:
    """How a group stands; ``ready`` gives the ids of its ready pods, by the uid of the workload and its selector."""
    if group.kind not in WANTED:
        return _unknown(f"{group.kind} has no known number of pods" if group.kind else "it belongs to no group of pods")
    if not workload:
        return _unknown(f"{group} is gone")
    wanted, uid = at(workload, WANTED[group.kind]), at(workload, "metadata.uid")
    if not isinstance(wanted, int) or not isinstance(uid, str):
        return _unknown(f"{group} does not say how many pods it wants")
    try:
        query = written(at(workload, "spec.selector"))
    except ValueError as error:
        return _unknown(f"the selector of {group} makes no sense: {error}")
    up = ready(uid, query)
    words = f"{len(up)} of {wanted} pods of {group} are ready"
    return Health(len(up) >= wanted, len(up), wanted, words, moving=motion(group.kind, workload), up=up)


def _unknown(why: str) -> Health:
    return Health(None, 0, 0, f"cannot tell: {why}")


def _ready_pods(finder: Finder, group: Group, uid: str, query: str) -> frozenset[str]:
    entries = finder.lists.all(Call("list", POD, group.scope, query=(("labelSelector", query),)))
    up = [e.metadata for e in entries if e.whole and is_ready(e.whole) and not e.metadata.deletion_timestamp]
    # selectors of two workloads may overlap: only the chain of owners tells whose a pod is
    owners = {ref.uid: ref for meta in up if (ref := meta.controller())}
    between = [ref for ref in owners.values() if ref.kind == "ReplicaSet" and ref.uid != uid]
    sets = Bulk(finder.lists).metas(KINDS["replicaset"], {group.scope: between}, wide=False) if between else {}
    mine = {uid, *(name for name, meta in sets.items() if (ref := meta.controller()) and ref.uid == uid)}
    return frozenset(meta.uid for meta in up if (ref := meta.controller()) and ref.uid in mine)
