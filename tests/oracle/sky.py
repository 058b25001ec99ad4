"""Everybody outside whom a look asks, answering as the weather is: real views over servers of our own making."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event as Flag
from typing import Any, cast

from safety.behind import Behind
from safety.looking import LookBothWays
from simian_army.errors import PlatformError
from simian_army.looking.alerts import Alerts
from simian_army.looking.cloud import Alarms
from simian_army.looking.lookout import Errand
from simian_army.looking.metric import Metric
from simian_army.looking.nodes import Nodes
from simian_army.looking.pages import Page
from simian_army.looking.server import Pairs, Reply, Server
from simian_army.sights import Alarm, Front, Look, Question, Sight, View
from tests.oracle.words import Weather

BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
"""What the house's own clock says; scenes bear a time of their own."""


class Still:
    """A clock that stands."""

    def now(self) -> datetime:
        return BEGUN

    def monotonic(self) -> float:
        return 1000.0

    def wait(self, event: Flag, seconds: float) -> bool:
        return event.wait(seconds)


class AtOnce:
    """A lookout that asks whenever it is asked."""

    def now(self, questions: Sequence[Question]) -> list[Sight]:
        return [Errand(question, 0.0).carry_out() for question in questions]

    lately = now

    def close(self) -> None:
        """Nothing is open."""


@dataclass
class Sky:
    """The weather now; ``host`` is whom a place of it plays."""

    weather: Weather = field(default_factory=Weather)

    def there(self, who: str) -> Weather:
        """The weather for one of those asked; raises when it is away."""
        if who in self.weather.away:
            raise PlatformError("no answer within 2 s")
        return self.weather


@dataclass
class Place:
    """A server that answers as the sky is."""

    sky: Sky
    who: str
    host: str = "shop"
    url: str = "http://shop"
    timeout: float = 2.0
    clock: Still = field(default_factory=Still)

    def post(self, path: str, form: Pairs) -> Reply:
        sky = self.sky.there(self.who)
        pair = [BEGUN.timestamp() + sky.off, str(sky.value)]
        data = {"resultType": "vector", "result": [{"metric": {}, "value": pair}] * sky.series}
        return _reply({"status": "success", "data": data, **({"warnings": ["a store is away"]} if sky.warns else {})})

    def get(self, path: str, params: Pairs = ()) -> Reply:
        sky = self.sky.there(self.who)
        if self.who == "http":
            return Reply(sky.status, sky.text.encode())
        dog = any(name == "filter" and "Watchdog" in value for name, value in params)
        states = {name for name, value in params if value == "true"}
        shown = [name for name, state in sky.alerts if state in states and (name == "Watchdog") == dog]
        return _reply([{"labels": {"alertname": name}} for name in shown])

    def alarms(self, patterns: Collection[str], scopes: Sequence[str]) -> list[Alarm]:
        wanted = [(one.rstrip("*"), one.endswith("*")) for one in patterns]
        return [
            Alarm(name, "1/eu-west-1", state, "said so")
            for name, state in self.sky.there(self.who).alarms
            if any(name.startswith(begin) if more else name == begin for begin, more in wanted)
        ]

    def conditions(self, node: str) -> Mapping[str, str] | None:
        return self.sky.there(self.who).node

    def fronts(self) -> list[Front]:
        return [
            Front("validating webhook x", scope, str(n)) for n, (scope, _) in enumerate(self.sky.there(self.who).fronts)
        ]

    def selector(self, front: Front) -> Mapping[str, str]:
        said = self.sky.there(self.who).fronts[int(front.name)][1]
        if said is None:
            raise PlatformError("it has no selector")
        return dict(said)

    def error(self, reply: Reply, text: str) -> PlatformError:
        return PlatformError(text)

    def said(self, text: str) -> str:
        return text


def behind_of(sky: Sky, *, asked: bool) -> Behind:
    """The guard that asks whom the API server asks; it asks nobody where config says so."""
    port: Any = Place(sky, "fronts")
    return Behind(port) if asked else Behind()


def look_of(said: Sequence[Any], sky: Sky) -> LookBothWays:
    """The guard, over what config says."""
    looks = [Look(str(n), _view(one, sky), frozenset(one.monkeys), one.held) for n, one in enumerate(said)]
    return LookBothWays(tuple(looks), AtOnce())


def _view(said: Any, sky: Sky) -> View:
    place: Any = Place(sky, "node" if said.kind == "node_pressure" else said.kind)
    server = cast(Server, place)
    made: dict[str, Any] = {
        "prometheus": lambda: Metric(server, said.query, said.min, said.max),
        "alertmanager": lambda: Alerts(server, said.matchers, said.silenced, said.inhibited, said.watchdog),
        "cloudwatch": lambda: Alarms(place, said.cloudwatch, said.regions, said.insufficient_data, 2.0),
        "http": lambda: Page(server, said.status, said.contains),
        "node_pressure": lambda: Nodes(place, 2.0),
    }
    return cast(View, made[said.kind]())


def _reply(said: Any) -> Reply:
    return Reply(200, json.dumps(said).encode())
