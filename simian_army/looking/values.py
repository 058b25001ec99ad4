"""What a query may know of a target."""

from __future__ import annotations

from simian_army.model import Target
from simian_army.promql import Query
from simian_army.sights import Sight

KUBERNETES = "kubernetes"


def values(target: Target) -> dict[str, str]:
    """The values of ``promql.NAMES``; what the target has not is left out.

    ``group`` is the workload's own name, ``web`` of ``shop/Deployment/web``.
    """
    found = {
        "namespace": target.scope if target.platform == KUBERNETES else "",
        "name": target.name,
        "group": target.group.rpartition("/")[2],
        "node": node_of(target),
    }
    return {name: value for name, value in found.items() if value}


def node_of(target: Target) -> str:
    """The node that it is, or runs on; empty when there is none, or nobody knows."""
    if target.platform != KUBERNETES:
        return ""
    return target.name if target.kind == "node" else str(target.facts.get("node") or "")


def filled(where: str, queries: tuple[Query, ...], target: Target) -> tuple[str, ...] | Sight:
    """The queries for this target, or that it has not what they ask for."""
    known = values(target)
    missing = sorted({name for query in queries for name in query.names} - set(known))
    if missing:
        words = f"{where}: {target} has no ${missing[0]} to ask for; name the monkeys this look is for in its monkeys"
        return Sight(fine=False, words=words, doubt=True)
    try:
        return tuple(query.fill(known) for query in queries)
    except ValueError as error:
        return Sight(fine=False, words=f"{where}: what {target} is called cannot be asked for: {error}", doubt=True)
