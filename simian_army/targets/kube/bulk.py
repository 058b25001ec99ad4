"""The metadata of many objects known by name: with lists where many are asked for, one by one where few are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from simian_army.errors import PlatformError
from simian_army.targets.kube.answers import object_of
from simian_army.targets.kube.call import Call
from simian_army.targets.kube.decode import Meta, Ref, meta_of
from simian_army.targets.kube.kinds import Kind
from simian_army.targets.kube.lists import AT_ONCE, Lists
from simian_army.targets.telling import warn

FEW = 3
"""Up to so many of one kind in one namespace are read one by one; more, with one list."""

_SPREAD = 20

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class Bulk:
    """Metadata from one API server. What cannot be read is left out and logged: no error leaves this class."""

    lists: Lists

    def metas(self, kind: Kind, scopes: Mapping[str, Sequence[Ref]], *, wide: bool) -> dict[str, Meta]:
        """By uid, those of ``scopes`` that are there under that very uid; ``wide`` allows lists over all namespaces."""
        wanted = {ref.uid for refs in scopes.values() for ref in refs}
        many = [scope for scope, refs in scopes.items() if len(refs) > FEW and kind.namespaced]
        if wide and len(many) > _SPREAD:
            found = self.listed(kind, "")
        else:
            one_by_one = [(scope, ref) for scope, refs in scopes.items() if scope not in many for ref in refs]
            names = {(kind, scope if kind.namespaced else "", ref.name) for scope, ref in one_by_one}
            lists = side_by_side(lambda scope: self.listed(kind, scope), many)
            found = [*self.named(names), *(meta for metas in lists for meta in metas)]
        return {meta.uid: meta for meta in found if meta.uid in wanted}

    def listed(self, kind: Kind, scope: str) -> list[Meta]:
        """All of a kind in a namespace, or everywhere."""
        try:
            return [entry.metadata for entry in self.lists.all(Call("list", kind, scope, partial=True))]
        except PlatformError as error:
            warn("unreadable", resource=kind.plural, name=scope or "all", reason=str(error))
            return []

    def named(self, names: Iterable[tuple[Kind, str, str]]) -> list[Meta]:
        """Each of (kind, namespace, name) that is there."""
        return [meta for meta in side_by_side(self._one, sorted(names, key=str)) if meta]

    def _one(self, what: tuple[Kind, str, str]) -> Meta | None:
        kind, scope, name = what
        call = Call("get", kind, scope, name, partial=True)
        wire = self.lists.wire
        try:
            obj, reason = object_of(wire.host, call, wire.read(call)), "its metadata makes no sense"
            meta = meta_of(obj, self.lists.forms)
        except PlatformError as error:
            meta, reason = None, str(error)
        if meta is None:
            warn("unreadable", resource=kind.plural, name=f"{scope}/{name}", reason=reason)
        return meta


def side_by_side(work: Callable[[T], U], items: Sequence[T]) -> list[U]:
    """``work`` of each item, in their order, a few at a time."""
    if len(items) < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(AT_ONCE, "read") as pool:
        return list(pool.map(work, items))
