"""Where this house looks before it breaks something, and while it holds it: the looks of config, connected."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from safety.looking import LookBothWays
from simian_army.looking.lookout import Lookout
from simian_army.model import Evidence
from simian_army.sights import Look, View

if TYPE_CHECKING:  # these bring SDKs, which commands that do not need them must not wait for
    from config.load import Loaded
    from config.looking import Looking
    from simian_army.clock import Clock
    from simian_army.looking.server import Server
    from simian_army.targets.aws import Aws
    from simian_army.targets.k8s import Kubernetes
    from simian_army.wiring.books import Books
    from simian_army.wiring.house import House
    from simian_army.wiring.places import Places


def looking_of(at: Books, places: Places) -> LookBothWays:
    """The guard that looks both ways, over the connections that are there; close its lookout when done."""
    said = at.loaded.settings.safety.look
    made = [
        Look(f"safety.look[{number}]", _view(one, at, places), frozenset(one.monkeys), one.held)
        for number, one in enumerate(said)
    ]
    return LookBothWays(tuple(made), Lookout(at.clock))


def looked(house: House) -> Iterator[Evidence]:
    """What each look sees that sees the same for every target; it does not hold when nobody can tell."""
    guard = next((one for one in house.engine.judge.guards if isinstance(one, LookBothWays)), None)
    for look, sight in guard.survey() if guard else ():
        yield Evidence(holds=not sight.doubt, detail=f"{look.name}: {sight.words}")


def _view(said: Looking, at: Books, places: Places) -> View:
    from simian_army.looking.cloud import Alarms
    from simian_army.looking.nodes import Nodes
    from simian_army.targets.amazon.alarms import AlarmReader
    from simian_army.targets.kube.pressure import Pressure

    if said.kind == "cloudwatch":
        reader = AlarmReader(cast("Aws", places.platforms["aws"]).finder.lists)
        return Alarms(reader, said.cloudwatch, said.regions, said.insufficient_data, said.seconds)
    if said.kind == "node_pressure":
        return Nodes(Pressure(cast("Kubernetes", places.platforms["kubernetes"]).wire), said.seconds)
    return _served(said, at.loaded, at.clock)


def _served(said: Looking, loaded: Loaded, clock: Clock) -> View:
    from simian_army.looking.alerts import Alerts
    from simian_army.looking.metric import Metric
    from simian_army.looking.pages import Page

    if said.prometheus and said.query:
        return Metric(_server(said.prometheus, said, loaded, clock), said.query, said.min, said.max)
    if said.alertmanager:
        server = _server(said.alertmanager, said, loaded, clock)
        return Alerts(server, said.matchers, said.silenced, said.inhibited, said.watchdog)
    return Page(_server(said.http or "", said, loaded, clock), said.status, said.contains)


def _server(url: str, said: Looking, loaded: Loaded, clock: Clock) -> Server:
    from simian_army.looking.server import Server

    ca = str((loaded.file.parent / said.ca).absolute()) if said.ca else ""
    return Server(url, clock, said.bearer.get_secret_value(), ca, said.seconds)
