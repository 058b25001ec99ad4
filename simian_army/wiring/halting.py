"""Where it is said that the fleet is stopped: the sources that config and place give, joined."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, NamedTuple

from simian_army.clock import Clock, SystemClock
from simian_army.errors import LedgerError, SimianError
from simian_army.halts.configmap import ConfigMapSource
from simian_army.halts.file import FileSource
from simian_army.halts.halts import Halts
from simian_army.halts.ledger import LedgerSource
from simian_army.halts.namespaces import NamespaceSource
from simian_army.halts.news import News
from simian_army.halts.sources import Broken, Source
from simian_army.targets.kube.place import IN_CLUSTER
from simian_army.wiring.books import Books, books
from simian_army.wiring.granting import confined
from simian_army.wiring.leading import own_namespace

if TYPE_CHECKING:  # these bring SDKs, which commands that do not need them must not wait for
    from config.load import Loaded
    from safety.looking import LookBothWays
    from simian_army.ports import HaltPort
    from simian_army.undertaker.trust import Trust
    from simian_army.wiring.places import Places

ANSWER = 3.0  # seconds that a command waits for the cluster's word


class Watchers(NamedTuple):
    """Who, beside the keeper, may end what is held."""

    trust: Trust
    halts: Halts
    look: LookBothWays


def halts_of(at: Books, places: Places) -> Halts:
    """What halts the fleet, for a house: over the connections that are there, and told to the ledger."""
    own: list[Source] = [LedgerSource(at.ledger, at.scribe), file_of(at.loaded)]
    return Halts([*own, *_in_cluster(at.loaded, _port_in(at, places))], at.clock, News(at.ledger, at.scribe))


@contextmanager
def halting(loaded: Loaded, at: Books | None = None, clock: Clock | None = None) -> Iterator[Halts]:
    """What halts the fleet, for a command without a house; without ``at`` the ledger is opened here, if it can be."""
    with ExitStack() as closing:
        first: Source
        try:
            at = at or closing.enter_context(books(loaded))
            first = LedgerSource(at.ledger, at.scribe)
        except LedgerError as error:
            first = Broken(LedgerSource.name, LedgerSource.where, str(error))
        halts = Halts([first, file_of(loaded), *_beside(loaded, clock or SystemClock(), closing)], SystemClock())
        closing.callback(halts.close)
        yield halts


def file_of(loaded: Loaded) -> FileSource:
    """The file that halts that config's fleet."""
    return FileSource((loaded.file.parent / loaded.settings.halt.file).absolute())


def _port_in(at: Books, places: Places) -> HaltPort | None:
    from simian_army.targets.k8s import Kubernetes
    from simian_army.targets.kube.halting import Halting

    found = next((one for one in places.platforms.values() if isinstance(one, Kubernetes)), None)
    return Halting(found.wire, found.place.page_size, confined(at.loaded)) if found else None


def _beside(loaded: Loaded, clock: Clock, closing: ExitStack) -> list[Source]:
    """The sources of a cluster that stays, over a connection of our own."""
    said = loaded.settings.platforms.kubernetes
    if said is None or said.embedded:
        return []
    from simian_army.targets.kube.halting import Halting
    from simian_army.targets.kube.place import Place

    try:
        place = Place(context=said.context, page_size=said.page_size, timeout=ANSWER)
        port = Halting.connect(place, clock, confined(loaded))
    except SimianError as error:
        teams = Broken(NamespaceSource.name, NamespaceSource.where, str(error), "kubernetes")
        ours = f"configmap {loaded.settings.halt.configmap}"
        return [*([Broken(ConfigMapSource.name, ours, str(error))] if _asked_for(loaded) else []), teams]
    closing.callback(port.close)
    return _in_cluster(loaded, port)


def _in_cluster(loaded: Loaded, port: HaltPort | None) -> list[Source]:
    said, wish = loaded.settings.platforms.kubernetes, loaded.settings.halt
    if port is None or said is None:
        return []
    teams = NamespaceSource(port, "kubernetes")
    if not _asked_for(loaded):
        return [teams]
    namespace = wish.namespace or own_namespace()
    if namespace:
        return [ConfigMapSource(port, namespace, wish.configmap), teams]
    unknown = "the namespace of this pod is not known: set halt.namespace, or SIMIAN_NAMESPACE"
    return [Broken("configmap", f"the annotation simian-army/halt on configmap {wish.configmap}", unknown), teams]


def _asked_for(loaded: Loaded) -> bool:
    """Whether a ConfigMap may halt the fleet: in a cluster always, outside one when config names our namespace."""
    said = loaded.settings.platforms.kubernetes
    return bool(loaded.settings.halt.namespace) or (said is not None and said.context == IN_CLUSTER)
