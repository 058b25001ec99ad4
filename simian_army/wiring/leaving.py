"""Who takes a fleet out of its cluster again, wired: where what of ours stands, and what finds and reverts the rest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from simian_army.clock import Clock, SystemClock
from simian_army.errors import ConfigError
from simian_army.faults.k8s.keeping import OF
from simian_army.faults.k8s.leftovers import Leftovers
from simian_army.leaving import Leaving
from simian_army.salvage import Salvage
from simian_army.undertaker.cluster import Cluster
from simian_army.undertaker.relics import SignedRelics
from simian_army.wiring.granting import kube_place
from simian_army.wiring.house import kinds_of
from simian_army.wiring.places import connect, wish
from simian_army.wiring.undertaking import records_of

if TYPE_CHECKING:
    from config.load import Loaded
    from simian_army.targets.k8s import Kubernetes


@contextmanager
def leaving(loaded: Loaded, clock: Clock | None = None) -> Iterator[Leaving]:
    """Everything that leaving takes; no ledger.

    Raises:
        ConfigError: this fleet keeps nothing in a cluster, or the config names what cannot be used.
    """
    from simian_army.targets.k8s import Kubernetes
    from simian_army.targets.kube.home import Home

    clock = clock or SystemClock()
    key = loaded.settings.key.get_secret_value().encode()
    with ExitStack() as closing:
        places = connect(wish(loaded, clock), closing)
        platform, records = places.platforms.get("kubernetes"), records_of(loaded, places)
        if not isinstance(platform, Kubernetes) or not isinstance(records, Cluster):
            why = "this fleet keeps nothing in a cluster"
            fix = "stop the agent; `simian revert --all` reverts what is left"
            raise ConfigError([loaded.mistake("platforms.kubernetes", why, fix)])
        own = replace(kube_place(loaded).own, home=records.namespace)
        relics = SignedRelics(key, loaded.settings.fleet, records, clock)
        salvage = Salvage(places.platforms, kinds_of(places.platforms), relics, clock)
        yield Leaving(own, Home(platform.finder.lists), records, salvage, _leftovers(platform), clock)


def _leftovers(platform: Kubernetes) -> list[Leftovers]:
    """Where no fault of config strikes Secrets nobody may list them, and none of ours keeps any."""
    from simian_army.targets.kube.catalog import Catalog
    from simian_army.targets.kube.decode import Forms
    from simian_army.targets.kube.finding import Finder
    from simian_army.targets.kube.lists import Lists

    place = platform.place
    if "secret" not in place.marked:
        return []
    lists = Lists(platform.wire, place.page_size, Forms((OF,)))
    return [Leftovers(Finder(lists, Catalog(platform.wire), place.namespaces), place.fleet)]
