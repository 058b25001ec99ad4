"""Which objects match a selector, as targets with everything that stands above them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

from simian_army.errors import PlatformError
from simian_army.model import NOTHING, Json, Selector, Target
from simian_army.targets.kube.budgets import budgets_of
from simian_army.targets.kube.bulk import Bulk
from simian_army.targets.kube.call import Call
from simian_army.targets.kube.catalog import Catalog
from simian_army.targets.kube.decode import Entry, Meta
from simian_army.targets.kube.facts import BUDGETS, at, facts_of, pod_labels, some_facts
from simian_army.targets.kube.kinds import KINDS, MADE, Kind
from simian_army.targets.kube.lists import Lists
from simian_army.targets.kube.owners import Family, Owners
from simian_army.targets.kube.standing_on import MANY, ON_NODE, nodes_of, one_by_one, stands_there
from simian_army.targets.kube.templates import MAKERS, template_of, with_template
from simian_army.targets.kube.users import USES, uses
from simian_army.targets.scopes import Scopes

PLATFORM = "kubernetes"
_SPREAD = 16


class Known(NamedTuple):
    """The metadata of an object, and where it was read whole its facts and the labels of its pods; these stand in for
    ``budgets`` too."""

    metadata: Meta
    facts: Json
    template: Mapping[str, str] = NOTHING


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds in one cluster; ``namespaces`` are config's patterns."""

    lists: Lists
    catalog: Catalog
    namespaces: tuple[str, ...]

    def find(self, selector: Selector) -> list[Target]:
        """All that match. Pods are running and not being deleted, unless those bound to one node are asked for: these
        are what a fault on the node harms, so all of them are told, of every namespace and in any phase; of several
        nodes, where the field is given for each of these. In any phase too those that use a ConfigMap or Secret.

        Where ``stands`` is given, only nodes and running pods are found.

        Raises:
            PlatformError: unknown kind; or the lists could not be had whole.
        """
        kind = kind_of(selector.kind)
        fields = {name for name, _ in selector.fields} if kind.name == "Pod" else set()
        on_nodes, reach = ON_NODE in fields, not fields.isdisjoint({ON_NODE, USES})
        scopes = Scopes((selector.scopes,) if reach else (self.namespaces, selector.scopes))
        owners = self.owners(wide=not kind.namespaced or scopes.exact() is None)
        places = [""] if on_nodes or not kind.namespaced else _places(scopes, owners)
        each, nodes = self._each(kind, selector, len(places))
        whole = reach or bool(selector.facts) or selector.kind in MAKERS or bool(nodes)
        calls = [_call(kind, place, one, whole=whole) for place in places for one in each]
        # a whole object is let go of once its facts are known
        known = partial(_known, selector, reach=reach, nodes=nodes)
        entries = [entry for found in self.lists.each(calls, known) for entry in found]
        meant = _meant(kind, entries, selector, scopes)
        owners.learn(entry.metadata for entry in meant)
        facts = self._facts(selector, meant, wide=places == [""])
        return [
            target_of(selector.kind, entry.metadata, _family(owners, entry), told)
            for entry, told in zip(meant, facts, strict=True)
        ]

    def _each(self, kind: Kind, selector: Selector, places: int) -> tuple[list[Selector], frozenset[str]]:
        """What is listed in each of so many places; where that tells of more than is meant, the nodes that are."""
        if kind.name == "Pod" and any(name == ON_NODE for name, _ in selector.fields):
            return _each_node(selector), frozenset()
        if not selector.stands or kind.name == "Node":
            return [selector], frozenset()
        nodes = nodes_of(self.lists, selector.stands) if kind.name == "Pod" else ()
        few = len(nodes) * places < MANY
        return (one_by_one(selector, nodes), frozenset()) if few else ([selector], frozenset(nodes))

    def owners(self, *, wide: bool = False) -> Owners:
        """A fresh look at owners and namespaces."""
        return Owners(Bulk(self.lists), self.catalog, wide)

    def _facts(self, selector: Selector, entries: Sequence[Known], *, wide: bool) -> list[Json]:
        if BUDGETS not in selector.facts:
            return [entry.facts for entry in entries]
        budgets = budgets_of(self.lists, {entry.metadata.namespace for entry in entries}, wide=wide)
        return [
            {**entry.facts, BUDGETS: budgets.over(entry.metadata.namespace, entry.facts[BUDGETS])} for entry in entries
        ]


def _family(owners: Owners, entry: Known) -> Family:
    return with_template(owners.family(entry.metadata), entry.metadata.name, entry.template)


def _each_node(selector: Selector) -> list[Selector]:
    """The same for one node each: the server knows no field that has one of several values."""
    rest = tuple(field for field in selector.fields if field[0] != ON_NODE)
    nodes = dict.fromkeys(field for field in selector.fields if field[0] == ON_NODE)
    return [replace(selector, fields=(*rest, node)) for node in nodes]


def _places(scopes: Scopes, owners: Owners) -> list[str]:
    exact = scopes.exact()
    if exact is not None:
        return list(exact)
    there = owners.all_namespaces()
    meant = sorted(name for name in there if name in scopes)
    # a few namespaces of a large cluster are quicker had one by one
    return meant if there and len(meant) <= _SPREAD else [""]


def _call(kind: Kind, scope: str, selector: Selector, *, whole: bool) -> Call:
    fields = [field for field in selector.fields if field[0] != USES]
    if kind.name == "Pod" and not any(name in (ON_NODE, USES, "status.phase") for name, _ in selector.fields):
        fields.append(("status.phase", "Running"))
    names = Scopes((selector.names,)).exact()
    if names is not None and len(names) == 1:
        fields.append(("metadata.name", names[0]))
    query = [("labelSelector", selector.labels)] if selector.labels else []
    if fields:
        query.append(("fieldSelector", ",".join(f"{name}={_escaped(value)}" for name, value in fields)))
    return Call("list", kind, scope, query=tuple(query), partial=not whole)


def _meant(kind: Kind, entries: Sequence[Known], selector: Selector, scopes: Scopes) -> list[Known]:
    places = [_scope(kind, entry) for entry in entries]
    allowed = scopes.among(places) if kind.namespaced or kind.name == "Namespace" else frozenset({""})
    names = Scopes((selector.names,))
    return [
        entry
        for entry, place in zip(entries, places, strict=True)
        if place in allowed
        and entry.metadata.name in names
        and (kind.name != "Node" or stands_there(selector.stands, entry.metadata))
        and not (kind.name == "Pod" and entry.metadata.deletion_timestamp)
    ]


def _scope(kind: Kind, entry: Known) -> str:
    return entry.metadata.name if kind.name == "Namespace" else entry.metadata.namespace


def kind_of(name: str) -> Kind:
    """The kind that targets call ``name``.

    Raises:
        PlatformError: there is none.
    """
    kind = KINDS.get(name) or MADE.get(name)
    if kind is None:
        raise PlatformError(f"kubernetes: no target kind is called {name!r}; known: {', '.join(sorted(KINDS))}")
    return kind


def target_of(kind: str, meta: Meta, family: Family, facts: Json = NOTHING) -> Target:
    """The target that an object is."""
    labels: Mapping[str, str] = meta.labels or {}
    scope = meta.name if kind == "namespace" else meta.namespace
    group = family.group
    if not group and kind not in ("pod", "node", "namespace"):
        group = f"{scope}/{kind_of(kind).name}/{meta.name}"
    born, levels = meta.creation_timestamp, family.levels
    replaced = kind == "pod" and bool(group)
    return Target(PLATFORM, kind, meta.uid, meta.name, scope, group, born, labels, levels, facts, replaced)


def _known(selector: Selector, entry: Entry, *, reach: bool, nodes: frozenset[str]) -> Known | None:
    if entry.whole is None:
        return Known(entry.metadata, NOTHING)
    if nodes and at(entry.whole, ON_NODE) not in nodes:
        return None
    if not all(uses(entry.whole, what) for field, what in selector.fields if field == USES):
        return None
    facts = some_facts(selector.kind, entry.whole, selector.facts)
    if BUDGETS in selector.facts:
        facts[BUDGETS] = pod_labels(selector.kind, entry.whole)
    facts = {**facts_of(selector.kind, entry.whole), **facts} if reach else facts
    return Known(entry.metadata, facts, template_of(selector.kind, entry.whole))


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace(",", "\\,").replace("=", "\\=")
