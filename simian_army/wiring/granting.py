"""Which rights a config takes in its cluster: what its monkeys may do there, and what of ours is kept there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from simian_army.errors import UsageError
from simian_army.model import Selector
from simian_army.plugins import found, pick
from simian_army.standing import struck
from simian_army.targets.kube.place import IN_CLUSTER, Own, Place
from simian_army.targets.kube.rights import for_chart
from simian_army.targets.kube.wants import Wants, wants_of
from simian_army.wiring.leading import own_namespace
from simian_army.wiring.limiting import placed
from simian_army.wiring.selecting import annotations_of
from simian_army.wiring.vetting import bearers, proposed

if TYPE_CHECKING:
    from config.load import Loaded
    from config.schema import Settings

ON = "kubernetes"


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to know of a config: where ``home`` will be, the ``faults`` that are struck by hand besides
    (game days), and who else owns workloads there (group and resource)."""

    home: str = ""
    faults: tuple[str, ...] = ()
    owners: tuple[tuple[str, str], ...] = ()
    deployments: tuple[str, ...] = ()


def kube_place(loaded: Loaded, url: str = "", home: str | None = None) -> Place:
    """The cluster that config means; at ``url``, where an embedded one is. ``home`` is our namespace there, by default
    what this pod's own is."""
    settings = loaded.settings
    said = settings.platforms.kubernetes
    if said is None:
        raise UsageError("config names no cluster: write platforms.kubernetes")
    return Place(
        context=said.context,
        url=url,
        embedded=said.embedded,
        namespaces=said.namespaces,
        page_size=said.page_size,
        timeout=said.timeout.total_seconds(),
        zones=placed(settings),
        exec=said.exec,
        marked=bearers(settings, ON),
        fronts=settings.safety.protect_webhooks,
        pressure=any(look.kind == "node_pressure" for look in settings.safety.look),
        own=_own(settings, own_namespace() if home is None else home),
        annotations=annotations_of(settings),
        floors=settings.safety.quorum.floors,
        fleet=settings.fleet,
        key=settings.key.get_secret_value().encode(),
    )


def wanted(loaded: Loaded, asked: Asked) -> Wants:
    """All that decides which rights config takes.

    Raises:
        UsageError: it names no cluster; PluginError: a fault that is asked for is not there.
    """
    place = kube_place(loaded, home=asked.home)
    kinds = [*proposed(loaded.settings, ON), *(pick("fault", name).make for name in asked.faults)]
    own = replace(place.own, home=asked.home, deployments=asked.deployments)
    place = replace(place, own=own, owners=asked.owners)
    return wants_of(place, list(dict.fromkeys(kinds)), _finds(loaded.settings))


def confined(loaded: Loaded) -> tuple[str, ...] | None:
    """The namespaces that alone are looked at; None where it may be any."""
    return wants_of(kube_place(loaded), proposed(loaded.settings, ON)).confined


def chart_table() -> dict[str, object]:
    """The table of rights as the chart's templates read it."""
    kinds = {name: plugin.make for name, plugin in found("fault").items() if plugin.make}
    needs = {name: plugin.make().needs for name, plugin in found("monkey").items() if plugin.make}
    monkeys = {
        name: {"faults": [one for one in said.faults if _is_here(one)], "budgets": "budgets" in said.facts}
        for name, said in needs.items()
    }
    return for_chart(kinds, monkeys)


def _is_here(fault: str) -> bool:
    return getattr(found("fault")[fault].make, "platform", "") == ON


def _finds(settings: Settings) -> Sequence[Selector]:
    """What the monkeys look for, in the words of the entries that they become."""
    finds: list[Selector] = []
    for said in settings.monkeys:
        make = pick("monkey", said.use).make if said.on == ON else None
        if make is None:
            continue
        needs = make(**said.with_).needs
        by_fault = [kind for fault in needs.faults for kind in struck(pick("fault", fault).make)]
        finds += [Selector(kind, facts=needs.facts) for kind in (by_fault if needs.faults else needs.kinds)]
    return finds


def _own(settings: Settings, home: str) -> Own:
    said = settings.platforms.kubernetes
    inside = home if said and said.context == IN_CLUSTER else ""
    return Own(
        fleet=settings.fleet,
        lease=settings.leader.namespace or inside,
        halt=settings.halt.namespace or inside,
        records=settings.undertaker.namespace or inside,
        configmap=settings.halt.configmap,
    )
