"""How many workloads stand, told by a few lists where one by one would take three requests each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from simian_army.model import NOTHING, Health, Json, Target
from simian_army.targets.kube.bulk import Bulk, side_by_side
from simian_army.targets.kube.call import Call
from simian_army.targets.kube.decode import Entry, Ref
from simian_army.targets.kube.facts import at, ready
from simian_army.targets.kube.finding import Finder
from simian_army.targets.kube.floors import Word, ask
from simian_army.targets.kube.health import WANTED, Group, counted, health_of, worded
from simian_army.targets.kube.kinds import KINDS, POD
from simian_army.targets.scopes import Scopes

FEW = 3
"""Up to so many groups are asked for one by one."""

SPREAD = 16
"""In more namespaces than so many, lists over all of them are quicker, where we may have these."""


@dataclass(frozen=True, slots=True)
class Up:
    """A pod that is ready: its uid, and its controller."""

    uid: str
    owner: Ref


def survey(finder: Finder, targets: Sequence[Target], kinds: Sequence[str]) -> dict[str, Health]:
    """By group, how the group of each target stands; ``kinds`` are those who have a word (see floors.py).

    Raises:
        PlatformError: something could not be read.
    """
    groups = {target.group: target for target in targets if target.group}
    if len(groups) <= FEW:
        return {group: health_of(finder, one, kinds) for group, one in groups.items()}
    scopes = sorted({one.scope for one in groups.values()})
    wide = len(scopes) > SPREAD and Scopes((finder.namespaces,)).exact() is None
    found = side_by_side(lambda scope: _Scope(finder, scope).survey(groups.values(), kinds), [""] if wide else scopes)
    return {group: health for told in found for group, health in told.items()}


@dataclass(frozen=True, slots=True)
class _Scope:
    """One namespace, or all where it is empty."""

    finder: Finder
    scope: str

    def survey(self, targets: Iterable[Target], kinds: Sequence[str]) -> dict[str, Health]:
        near = [one for one in targets if self.scope in ("", one.scope)]
        groups = {one.group: Group.of(one) for one in near}
        workloads = self._workloads({group.kind for group in groups.values()} & set(WANTED))
        up = self._up()
        words = self._words(kinds)
        told: dict[str, Health] = {}
        for one in near:
            group = groups[one.group]
            workload = workloads.get(one.group, NOTHING)
            health = counted(group, workload, lambda uid, _query: up.get(uid, frozenset()))
            told[one.group] = worded(health, words[one.scope], group, one, workload) if kinds else health
        return told

    def _workloads(self, kinds: Iterable[str]) -> dict[str, Json]:
        lists = self.finder.lists
        found = {kind: lists.all(Call("list", KINDS[kind.lower()], self.scope)) for kind in sorted(kinds)}
        return {
            str(Group(entry.metadata.namespace, kind, entry.metadata.name)): entry.whole
            for kind, entries in found.items()
            for entry in entries
            if entry.whole
        }

    def _up(self) -> dict[str, frozenset[str]]:
        """The uids of ready pods by that of their top owner, as far up as a ReplicaSet reaches."""
        pods = self.finder.lists.kept(Call("list", POD, self.scope), _up)
        found: defaultdict[str, set[str]] = defaultdict(set)
        above = self._above() if any(pod.owner.kind == "ReplicaSet" for pod in pods) else {}
        for pod in pods:
            found[pod.owner.uid].add(pod.uid)
            found[above.get(pod.owner.uid, pod.owner.uid)].add(pod.uid)
        return {owner: frozenset(uids) for owner, uids in found.items()}

    def _above(self) -> dict[str, str]:
        metas = Bulk(self.finder.lists).listed(KINDS["replicaset"], self.scope)
        return {meta.uid: ref.uid for meta in metas if (ref := meta.controller())}

    def _words(self, kinds: Sequence[str]) -> Mapping[str, Sequence[Word]]:
        """What was listed of each kind, by namespace."""
        words = ask(self.finder.lists, self.scope, kinds)
        if self.scope:
            return {self.scope: words}
        return _Everywhere(words)


class _Everywhere(dict[str, Sequence[Word]]):
    """The words of each namespace, out of lists over all."""

    def __init__(self, words: Sequence[Word]) -> None:
        super().__init__()
        self._trouble = [word for word in words if word.trouble]
        self._by: dict[tuple[str, str], list[Json]] = defaultdict(list)
        self._kinds = [word.kind for word in words if not word.trouble]
        for word in words:
            for obj in word.found:
                self._by[word.kind, str(at(obj, "metadata.namespace"))].append(obj)

    def __missing__(self, scope: str) -> Sequence[Word]:
        near = [Word(kind, self._by.get((kind, scope), ())) for kind in self._kinds]
        self[scope] = [*near, *self._trouble]
        return self[scope]


def _up(entry: Entry) -> Up | None:
    meta = entry.metadata
    owner = meta.controller()
    if owner is None or meta.deletion_timestamp or not entry.whole or not ready(entry.whole):
        return None
    return Up(meta.uid, owner)
