"""Does the agent leave nothing behind, and answer what is asked of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from threading import enumerate as enumerate_threads
from typing import Any

import pytest

from simian_army.agent import ANSWER, Agent
from simian_army.model import AuditEvent, Phase
from simian_army.recovery import Recovery
from simian_army.wiring import House
from tests.cluster.waiting import until
from tests.flow.ground import Ground
from tests.simian_army.turned import Turned

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class ByHand:
    """A clockwork that fires one entry at its start and has the agent stopped; its own stop may break."""

    def __init__(self, agent: Agent, name: str, broken: bool = False) -> None:
        self.agent, self.name, self.broken = agent, name, broken

    def start(self) -> None:
        if self.name:
            self.agent.fire(self.name, AT)
            self.agent.stopping.set()

    def stop(self) -> None:
        if self.broken:
            raise RuntimeError("cannot schedule new futures after shutdown")


def agent_of(house: House, name: str = "", broken: bool = False) -> Agent:
    house.books.lease.give()  # the ground took it; the agent takes it itself
    agent = house.agent()
    agent.clockwork = lambda made: ByHand(made, name, broken)
    return agent


@contextmanager
def at_work(agent: Agent) -> Iterator[tuple[Agent, Thread]]:
    """The agent in a thread of ours, once it leads: what was asked of it before counts as stale."""
    before = set(enumerate_threads())
    thread = Thread(target=agent.run)
    thread.start()
    try:
        leads = lambda: any(one.name == "rounds" for one in set(enumerate_threads()) - before)  # noqa: E731
        until("the agent to lead", leads, 60)
        yield agent, thread
    finally:
        agent.stopping.set()
        thread.join(60)


def cordoned(shop: Ground) -> bool:
    return any(node["spec"].get("unschedulable") for node in shop.server.objects("Node"))


def test_a_stop_reverts_what_is_held(shop: Ground) -> None:
    with shop.house() as house:
        agent = agent_of(house, "nodes")
        assert agent.run() == 0
        assert [w for w in shop.writes() if "/nodes/" in w], "it was cordoned meanwhile"
        assert not cordoned(shop)


def test_a_clockwork_that_breaks_at_the_stop_keeps_no_revert_back(shop: Ground) -> None:
    with shop.house() as house:
        agent = agent_of(house, "nodes", broken=True)
        with pytest.raises(RuntimeError, match="after shutdown"):
            agent.run()
        assert [w for w in shop.writes() if "/nodes/" in w], "it was cordoned meanwhile"
        assert not cordoned(shop)
        assert not house.books.lease.held_by_anyone()


def test_a_firing_under_way_at_the_stop_begins_nothing_new(shop: Ground) -> None:
    with shop.house() as house:
        house.books.lease.refuse()
        outcome = house.engine.fire(house.entries["pods"], AT)
        assert not outcome.taken
        assert any("lease" in draw.verdicts[-1].reason for draw in outcome.denied)
        assert shop.writes() == []
        assert house.books.lease.held_by_anyone(), "nobody else may take over while it still reverts"


def test_a_halted_fleet_skips_its_fires_and_says_whose_halt_it_is(shop: Ground) -> None:
    with shop.house() as house:
        books = house.books
        books.ledger.append(books.scribe.note(Phase.HALTED, reason="incident 7"))
        agent_of(house).fire("pods", AT)
        (skipped,) = books.ledger.query(phase=Phase.SKIPPED)
        assert "incident 7" in skipped.data["reason"]
        assert shop.writes() == []


def ask(house: House, entry: str, **data: Any) -> AuditEvent:
    note = house.books.scribe.note(Phase.REQUESTED, **data)
    (asked,) = house.books.ledger.append(replace(note, entry=entry))
    return asked


def answers(house: House, request: AuditEvent, agent: Agent) -> list[AuditEvent]:
    """Run the agent until the request is answered; every event that answers it."""
    found: list[AuditEvent] = []

    def answered() -> bool:
        found[:] = [e for e in house.books.ledger.query(after=request.seq) if e.data.get("request") == request.seq]
        return any(e.phase in (Phase.SKIPPED, Phase.CLOSED) for e in found)

    for _ in range(600):
        if answered():
            break
        Event().wait(0.05)
    agent.stopping.set()
    return found


@pytest.mark.parametrize(
    ("entry", "data", "phase", "words"),
    [
        ("pods", {"verb": "once", "only": ""}, "closed", ""),
        ("pods", {"verb": "once", "only": "shop/nobody"}, "skipped", "there is no target shop/nobody"),
        ("podz", {"verb": "once", "only": ""}, "skipped", "no monkey 'podz'"),
        ("pods", {"verb": "dance"}, "skipped", "no verb 'dance'"),
    ],
)
def test_a_request_is_carried_out_or_refused_with_the_reason(
    shop: Ground, entry: str, data: dict[str, Any], phase: str, words: str
) -> None:
    with shop.house() as house:
        with at_work(agent_of(house)) as (agent, _):
            found = answers(house, ask(house, entry, **data), agent)
        assert str(found[-1].phase) == phase
        assert words in str(found[-1].data.get("reason", ""))


def test_a_request_strikes_the_one_that_is_named(shop: Ground) -> None:
    pod = next(p for p in shop.server.objects("Pod") if p["metadata"]["name"].startswith("web-"))
    with shop.house() as house:
        with at_work(agent_of(house)) as (agent, _):
            name = f"shop/{pod['metadata']['name']}"
            answers(house, ask(house, "pods", verb="once", only=name), agent)
        (injected,) = house.books.ledger.query(phase=Phase.INJECTED)
        assert injected.target == pod["metadata"]["uid"]


def test_what_was_asked_of_an_agent_that_is_gone_is_not_run_late(shop: Ground) -> None:
    with shop.house() as house:
        asked = ask(house, "pods", verb="once", only="")
        agent = agent_of(house)
        agent.stopping.set()
        agent.run()
        (refused,) = house.books.ledger.query(phase=Phase.SKIPPED)
        assert refused.data["request"] == asked.seq
        assert refused.at - asked.at < timedelta(minutes=1)
        assert shop.writes() == []


@dataclass(slots=True)
class Busy(Recovery):
    """One during which somebody asks something."""

    during: Callable[[], object] = field(kw_only=True)

    def recover(self) -> int:
        self.during()
        return Recovery.recover(self)


@pytest.mark.parametrize("waited", [timedelta(0), ANSWER], ids=["at once", "given up"])
def test_what_is_asked_while_the_leader_still_recovers_is_done_unless_its_asker_gave_up(
    shop: Ground, waited: timedelta
) -> None:
    with shop.house() as house:
        asked: list[AuditEvent] = []
        agent = agent_of(house)
        agent.clock = turned = Turned()

        def during() -> None:
            asked.append(ask(house, "pods", verb="once", only=""))
            turned.by = waited

        known = {one.name: getattr(house.recovery, one.name) for one in fields(Recovery) if one.init}
        agent.recovery = Busy(**known, during=during)
        thread = Thread(target=agent.run)
        thread.start()
        try:
            until("somebody to ask", lambda: asked, 60)
            found = answers(house, asked[0], agent)
        finally:
            agent.stopping.set()
            thread.join(60)
        assert str(found[-1].phase) == ("skipped" if waited else "closed")
        assert bool(shop.writes()) is not bool(waited)
