"""Which rights agent, undertaker and uninstaller need in a cluster: the one table that everybody asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from simian_army.needing import Permission, everywhere, needed, reverting
from simian_army.standing import bears, struck
from simian_army.targets.kube.facts import BUDGETS
from simian_army.targets.kube.finding import PLATFORM, kind_of
from simian_army.targets.kube.floors import HPA, PDB
from simian_army.targets.kube.fronts import WORDS as FRONTS
from simian_army.targets.kube.kinds import KINDS
from simian_army.targets.kube.templates import MAKERS
from simian_army.targets.kube.wants import EXEC, Wants, harms, reaches

Who: TypeAlias = Literal["agent", "undertaker", "leaver"]
"""The agent, its undertaker, and who takes both away again (``simian leave``)."""

WHO: tuple[Who, ...] = ("agent", "undertaker", "leaver")

CLUSTERED = frozenset({"nodes", "namespaces", *(kind.plural for kind in FRONTS)})
"""Resources that stand in no namespace."""

_ROOT = "kube-system"  # its uid is the cluster's


class Right(NamedTuple):
    """One verb on one resource (``pods/eviction``): in one namespace or, where ``scope`` is empty, in the whole
    cluster; of one object, where there is a ``name``."""

    scope: str
    group: str
    resource: str
    verb: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """What somebody needs, ``when`` config wants it (empty: always).

    ``where``: ``near`` are the namespaces that config names, ``around`` those or, with a fault whose reach is
    everywhere, all, ``stopped`` the same where such a fault stops others; ``cluster`` is no namespace; ``lease``,
    ``halt``, ``records`` and ``home`` are our own. ``names`` limits it to objects of ours, to
    ``namespaces``, or to the one whose uid is the cluster's (``root``).
    """

    who: tuple[Who, ...]
    where: str
    group: str
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    when: str = ""
    names: str = ""


def _makers() -> Iterator[tuple[str, tuple[str, ...]]]:
    kinds = [kind for name, kind in KINDS.items() if name in MAKERS]
    for group in dict.fromkeys(kind.group for kind in kinds):
        yield group, tuple(kind.plural for kind in kinds if kind.group == group)


_BOTH: tuple[Who, ...] = ("agent", "leaver")
_AGENT: tuple[Who, ...] = ("agent",)
_LEAVER: tuple[Who, ...] = ("leaver",)

TABLE: tuple[Row, ...] = (
    # to find targets, and marks: those of faults too that config named before
    Row(_BOTH, "around", "", ("pods",), ("list",)),
    Row(_BOTH, "cluster", "", ("nodes",), ("list",)),
    *(Row(_BOTH, "around", group, plurals, ("get", "list")) for group, plurals in _makers()),
    Row(_BOTH, "cluster", "", ("namespaces",), ("get",), names="namespaces"),
    Row(_BOTH, "cluster", "", ("namespaces",), ("list",), when="wide"),
    # to know the cluster
    Row(_AGENT, "cluster", "", ("namespaces",), ("get",), names="root"),
    # to judge them
    Row(_AGENT, "near", "policy", ("poddisruptionbudgets",), ("list",), when="budgets"),
    Row(_AGENT, "stopped", "policy", ("poddisruptionbudgets",), ("list",), when="pdb"),
    Row(_AGENT, "stopped", "autoscaling", ("horizontalpodautoscalers",), ("list",), when="hpa"),
    *(Row(_AGENT, "cluster", kind.group, (kind.plural,), ("list",), when="fronts") for kind in FRONTS),
    Row(_AGENT, "around", "", ("services",), ("get",), when="fronts"),
    Row(_AGENT, "cluster", "", ("nodes",), ("get",), when="pressure"),
    # to be one, to be halted, to be undertaken
    Row(_AGENT, "lease", "coordination.k8s.io", ("leases",), ("get", "update"), names="lease"),
    Row(_AGENT, "lease", "coordination.k8s.io", ("leases",), ("create",)),
    Row(_AGENT, "halt", "", ("configmaps",), ("get", "patch"), names="halt"),
    Row(_AGENT, "records", "", ("secrets",), ("get", "list", "create", "patch", "delete")),
    Row(("undertaker",), "records", "", ("secrets",), ("get", "list", "create", "patch")),
    # to leave nothing
    Row(_LEAVER, "lease", "coordination.k8s.io", ("leases",), ("delete",), names="lease"),
    Row(_LEAVER, "halt", "", ("configmaps",), ("patch", "delete"), names="halt"),
    Row(_LEAVER, "halt", "", ("configmaps",), ("create",)),
    Row(_LEAVER, "records", "", ("secrets",), ("list", "delete")),
    Row(_LEAVER, "home", "apps", ("deployments",), ("get", "patch"), names="deployments"),
    Row(_LEAVER, "home", "", ("pods",), ("list",)),
)


def rights(who: Who, wants: Wants) -> tuple[Right, ...]:
    """What one of them needs, each once, what holds in the whole cluster first; never a wildcard.

    Raises:
        PlatformError: a find is of a kind that is not there.
    """
    found = dict.fromkeys([*_of_rows(who, wants), *_of_kinds(who, wants), *_of_finds(who, wants)])
    wide = [right for right in found if not right.scope]
    known = {right[1:] for right in wide}
    whole = {right.scope for right in found} - {""}
    near = [right for scope in sorted(whole) for right in found if right.scope == scope and right[1:] not in known]
    return (*wide, *near)


def _of_rows(who: Who, wants: Wants) -> Iterator[Right]:
    for row in (*TABLE, *_of_owners(wants.owners)):
        if who in row.who and _wanted(row.when, wants):
            yield from (
                Right(scope, row.group, resource, verb, name)
                for scope in _scopes(row.where, wants)
                for name in _names(row.names, wants)
                for resource in row.resources
                for verb in row.verbs
            )


def _of_owners(owners: Iterable[tuple[str, str]]) -> Iterator[Row]:
    for group, resource in owners:
        yield Row(_BOTH, "around", group, (resource,), ("get", "list"))


def _of_kinds(who: Who, wants: Wants) -> Iterator[Right]:
    for where, (verb, group, resource, sub) in (one for kind in wants.kinds for one in _placed(who, kind)):
        if wants.exec or (resource, sub) != EXEC:
            yield from (Right(scope, group, _whole(resource, sub), verb) for scope in _scopes(where, wants))


def _placed(who: Who, kind: object) -> Iterator[tuple[str, Permission]]:
    """What one fault kind needs of somebody, each with where."""
    wide = everywhere(kind)
    for one in _of_kind(who, kind):
        yield "cluster" if one in wide or one[2] in CLUSTERED else "near", one


def _of_kind(who: Who, kind: object) -> Iterable[Permission]:
    if who == "agent":
        return needed(kind)
    marked = (*struck(kind), *bears(kind)) if who == "leaver" and getattr(kind, "reversible", False) else ()
    lists = [("list", one.group, one.plural, "") for one in map(kind_of, marked)]
    return dict.fromkeys((*reverting(kind), *lists))


def _whole(resource: str, sub: str) -> str:
    return f"{resource}/{sub}" if sub else resource


def _of_finds(who: Who, wants: Wants) -> Iterator[Right]:
    for selector in wants.finds if who == "agent" else ():
        kind = kind_of(selector.kind)
        scopes = _scopes("near", wants) if kind.namespaced else ("",)
        yield from (Right(scope, kind.group, kind.plural, "list") for scope in scopes)


def _wanted(when: str, wants: Wants) -> bool:
    harmful = any(map(harms, wants.kinds))
    return {
        "": True,
        "wide": wants.wide,
        "budgets": any(BUDGETS in one.facts for one in wants.finds),
        "pdb": harmful and PDB in wants.floors,
        "hpa": harmful and HPA in wants.floors,
        "fronts": wants.fronts and bool(wants.kinds),
        "pressure": wants.pressure,
    }[when]


def _scopes(where: str, wants: Wants) -> Sequence[str]:
    if where in ("lease", "halt", "records", "home"):
        return tuple(filter(None, (getattr(wants.own, where),)))
    stopped = any(reaches(kind) and harms(kind) for kind in wants.kinds)
    everybody = {"around": wants.wide, "stopped": stopped, "cluster": True}.get(where, False)
    return ("",) if everybody or wants.exact is None else wants.exact


def _names(which: str, wants: Wants) -> Sequence[str]:
    own = wants.own
    names: Mapping[str, Sequence[str]] = {
        "": ("",),
        "namespaces": ("",) if wants.wide else (wants.exact or ()),
        "root": ("",) if wants.wide else (_ROOT,),
        "lease": (f"simian-army-{own.fleet}",),
        "halt": (own.configmap,),
        "deployments": own.deployments,
    }
    return names[which]


def for_chart(kinds: Mapping[str, object], monkeys: Mapping[str, Mapping[str, object]]) -> dict[str, object]:
    """The table as plain data, for the chart's templates; ``monkeys`` say what each looks for."""
    rows = [
        {
            "who": list(row.who),
            "where": row.where,
            "group": row.group,
            "resources": list(row.resources),
            "verbs": list(row.verbs),
            "when": row.when,
            "names": row.names,
        }
        for row in TABLE
    ]
    faults = {name: _fault(kind) for name, kind in sorted(kinds.items()) if getattr(kind, "platform", "") == PLATFORM}
    return {"rows": rows, "faults": faults, "monkeys": dict(monkeys)}


def _fault(kind: object) -> dict[str, object]:
    needs: dict[str, object] = {
        who: [
            {"where": where, "group": group, "resource": _whole(resource, sub), "verb": verb}
            for where, (verb, group, resource, sub) in _placed(who, kind)
        ]
        for who in WHO
    }
    return {**needs, "harms": harms(kind), "reaches": reaches(kind)}
