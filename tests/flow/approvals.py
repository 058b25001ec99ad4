"""A monkey whose draws wait for a word, and whoever gives it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from simian_army import wiring
from simian_army.errors import PlatformError
from simian_army.explain import Then
from simian_army.model import AuditEvent, Phase
from simian_army.outcome import Outcome
from simian_army.pending import Pending
from simian_army.waiting import APPROVE, Place, Word
from tests.flow.ground import Ground
from tests.flow.hands import patch

AT = datetime(2026, 3, 4, 12, tzinfo=UTC)
SELECT = 'select: {labels: "app=web"}, schedule: {every: 2h}, approval: {expires: 4h}'
PODS = f"- {{name: pods, use: chaos, on: kubernetes, {SELECT}, with: {{fault: pod-evict}}}}"
NODES = (
    "- {name: nodes, use: chaos, on: kubernetes, select: {names: [node-a]}, schedule: {every: 2h}, hold: 1h,"
    " approval: {}, with: {fault: node-cordon}}"
)
SHOP, WEB = "/api/v1/namespaces/shop", "/apis/apps/v1/namespaces/shop/deployments/web"


def approve(shop: Ground, said: str | None, path: str = SHOP) -> None:
    """What ``kubectl annotate`` sends."""
    patch(shop, path, {"metadata": {"annotations": {APPROVE: said}}})


def fired(house: wiring.House, name: str = "pods", hour: int = 12) -> Outcome:
    return house.engine.fire(house.entries[name], AT.replace(hour=hour))


def told(house: wiring.House, run: str, *phases: Phase) -> list[AuditEvent]:
    return [event for event in house.books.ledger.query(run=run) if not phases or event.phase in phases]


def evictions(shop: Ground) -> list[str]:
    return [line for line in shop.writes() if line.endswith("/eviction 201")]


def pending_at(house: wiring.House, later: timedelta) -> Pending:
    """As one that looks so much later."""
    pending, engine = house.pending(), house.engine
    return Pending(replace(engine, clock=Then(engine.clock.now() + later)), pending.entries, pending.ports)


def reason(house: wiring.House, run: str) -> str:
    (denied,) = told(house, run, Phase.DENIED)
    return str(denied.data["reason"])


class Asked:
    """A port that counts and may be away."""

    def __init__(self, runs: Sequence[str] = (), away: str = "") -> None:
        self.runs, self.away, self.asked = runs, away, list[Place]()

    def approved(self, place: Place) -> Word | None:
        self.asked.append(place)
        if self.away:
            raise PlatformError(self.away)
        return Word(frozenset(self.runs), "ann") if self.runs else None
