"""A run that comes out badly on the embedded API server, and time that passes when told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from simian_army import wiring
from simian_army.clock import SystemClock
from simian_army.model import Phase
from simian_army.outcome import Outcome
from simian_army.wiring import House
from tests.cluster.waiting import until
from tests.flow.ground import Ground
from tests.flow.hands import patch

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
POD = "- {name: pods, use: chaos, on: kubernetes, select: {labels: app=web}, schedule: {every: 2h}, "
ONE = f"{POD}with: {{fault: pod-delete}}}}"
FOUR = f"{POD}with: {{fault: pod-delete, mode: {{fixed: 4}}}}, stages: {{steps: [1, 50%, 100%], widen_after: 2}}}}"
QUIET = "  quorum: {keep: 0, whole: false}\n"
WHYS = "whys:\n  - {why: the node was cordoned, remedy: watch cordons, owner: team shop}\n"


class Leaping(SystemClock):
    """A clock that can be set forward, monotonic time with it."""

    leapt = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.leapt)

    def monotonic(self) -> float:
        return super().monotonic() + self.leapt


@contextmanager
def house_at(shop: Ground, clock: Leaping) -> Iterator[House]:
    shop.server.cluster.clock = clock
    loaded = wiring.read_config(shop.config)
    with wiring.books(loaded, clock=clock) as books, wiring.house(books, wake=shop.wake) as house:
        books.lease.take()
        yield house


def leap(house: House, clock: Leaping, seconds: float) -> None:
    """Time passes, and the lease is renewed meanwhile."""
    house.books.lease.give()
    clock.leapt += seconds
    house.books.lease.take()


def close_the_node(shop: Ground, *, closed: bool) -> None:
    """Whether the one node that web may live on takes new pods."""
    patch(shop, "/api/v1/nodes/node-a", {"spec": {"unschedulable": True if closed else None}})


def fire(house: House, hours: float = 0) -> Outcome:
    return house.engine.fire(house.entries["pods"], AT + timedelta(hours=hours))


def denials(outcome: Outcome) -> list[str]:
    return [f"{v.guard}: {v.reason}" for draw in outcome.denied for v in draw.verdicts if not v.allowed]


def settle(house: House) -> None:
    """Let the keeper look until nothing is open or to be judged."""

    def done() -> bool:
        house.keeper.tick()
        return not (house.keeper.open() or house.keeper.aftermath.pending())

    until("it to be over", done, 60)


def judged(house: House) -> list[tuple[str, str]]:
    return [(event.run, str(event.data["outcome"])) for event in house.books.ledger.query(phase=Phase.JUDGED)]


def spoil(shop: Ground, house: House, clock: Leaping, hours: float = 0) -> str:
    """A run whose group is not whole in time, and then is again; returns the run."""
    close_the_node(shop, closed=True)
    outcome = fire(house, hours)
    assert outcome.taken, denials(outcome)
    house.keeper.tick()
    leap(house, clock, 301)
    house.keeper.tick()
    close_the_node(shop, closed=False)
    settle(house)
    return outcome.run.id
