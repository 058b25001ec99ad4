"""On which nodes the targets of a select stand, and how pods are listed there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from simian_army.model import Selector
from simian_army.targets.kube.call import Call
from simian_army.targets.kube.decode import Meta
from simian_army.targets.kube.kinds import NODE
from simian_army.targets.kube.lists import Lists
from simian_army.targets.kube.zones import LABELS
from simian_army.targets.scopes import Scopes

ON_NODE = "spec.nodeName"
RUNNING = ("status.phase", "Running")

MANY = 100
"""From so many nodes on the pods of all are listed whole, instead of the metadata of those on each node."""

Stands = tuple[tuple[str, tuple[str, ...]], ...]


def stands_there(stands: Stands, node: Meta) -> bool:
    """Whether a node is one of them; one whose zone nobody knows is in none."""
    said = {"node": node.name, **{kind: (node.labels or {}).get(label, "") for kind, label in LABELS.items()}}
    return all(said.get(kind) and said[kind] in Scopes((patterns,)) for kind, patterns in stands)


def nodes_of(lists: Lists, stands: Stands) -> tuple[str, ...]:
    """The names of these nodes, sorted; asked for only where the patterns alone do not tell.

    Raises:
        Forbidden, PlatformError: they could not be listed.
    """
    exact = Scopes((stands[0][1],)).exact() if [kind for kind, _ in stands] == ["node"] else None
    if exact is not None:
        return exact
    found = lists.all(Call("list", NODE, "", partial=True))
    return tuple(sorted(entry.metadata.name for entry in found if stands_there(stands, entry.metadata)))


def one_by_one(selector: Selector, nodes: Sequence[str]) -> list[Selector]:
    """The same for the running pods on one node each: the server knows no field that has one of several values."""
    fields = tuple(field for field in selector.fields if field[0] != ON_NODE)
    phase = () if any(name == RUNNING[0] for name, _ in fields) else (RUNNING,)
    return [replace(selector, fields=(*fields, *phase, (ON_NODE, node))) for node in nodes]
