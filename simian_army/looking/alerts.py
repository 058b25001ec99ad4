"""Is an alert firing at Alertmanager?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import msgspec
from msgspec import Struct

from simian_army.looking.server import Server
from simian_army.looking.values import filled
from simian_army.model import Target
from simian_army.promql import Query
from simian_army.sights import Question, Sight

NAMED = 3
"""Alerts that are named; more are counted."""


class _Alert(Struct):
    labels: dict[str, str]


_list = msgspec.json.Decoder(list[_Alert])


@dataclass(frozen=True, slots=True)
class Alerts:
    """No alert that all of ``matchers`` fit may be firing; those silenced or inhibited only count if told so.

    ``watchdog`` is a matcher of an alert that always fires: without it nobody knows whether alerts arrive at all.
    """

    server: Server
    matchers: tuple[Query, ...]
    silenced: bool = False
    inhibited: bool = False
    watchdog: Query | None = None

    @property
    def shared(self) -> bool:
        return not any(matcher.names for matcher in self.matchers)

    @property
    def where(self) -> str:
        """How it is called."""
        return f"alertmanager {self.server.host}"

    def about(self, target: Target) -> Question | Sight:
        said = filled(self.where, self.matchers, target)
        if isinstance(said, Sight):
            return said
        dog = self.watchdog.text if self.watchdog else ""
        key = ("alertmanager", self.server.url, f"{self.silenced} {self.inhibited}", dog, *said)
        return Question(key, f"{self.where}: {_listed(said)}", self.server.timeout, partial(self._ask, said))

    def _ask(self, matchers: Sequence[str]) -> Sight:
        found = self._firing(matchers, silenced=self.silenced, inhibited=self.inhibited)
        if found:
            return Sight(fine=False, words=f"{self.where}: firing and matching {_listed(matchers)}: {_named(found)}")
        if self.watchdog and not self._firing([self.watchdog.text], silenced=True, inhibited=True):
            words = f"{self.where}: the watchdog {self.watchdog.text} does not fire: alerts may not arrive there"
            return Sight(fine=False, words=words, doubt=True)
        return Sight(fine=True, words=f"{self.where}: no alert is firing that matches {_listed(matchers)}")

    def _firing(self, matchers: Sequence[str], *, silenced: bool, inhibited: bool) -> list[_Alert]:
        which = {"active": True, "silenced": silenced, "inhibited": inhibited, "unprocessed": True}
        params = [(name, str(said).lower()) for name, said in which.items()]
        reply = self.server.get("/api/v2/alerts", [*params, *(("filter", matcher) for matcher in matchers)])
        if reply.status != 200:
            raise self.server.error(reply, reply.body.decode(errors="replace"))
        try:
            return _list.decode(reply.body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise self.server.error(reply, "this is no answer of Alertmanager: is the URL right?") from error


def _listed(matchers: Sequence[str]) -> str:
    return ", ".join(matchers)


def _named(alerts: Sequence[_Alert]) -> str:
    names = [_name(alert) for alert in alerts[:NAMED]]
    more = f" and {len(alerts) - NAMED} more" if len(alerts) > NAMED else ""
    return f"{', '.join(names)}{more}"


def _name(alert: _Alert) -> str:
    said = alert.labels.get("alertname") or "an alert without a name"
    place = alert.labels.get("namespace")
    return f"{said} (namespace {place})" if place else said
