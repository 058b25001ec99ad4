"""Two agents where no precondition keeps a late act out: what does a leader that was stopped in its injection do."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest

from simian_army import wiring
from simian_army.embedded.toxi.server import ToxiServer
from simian_army.model import Phase
from simian_army.rounds import EVERY
from tests.cluster.telling import teller
from tests.cluster.waiting import BUSY, CLOCK, pause, until
from tests.flow.ground import KEY, Ground
from tests.flow.test_two_agents import Agent, Fleet, _stopped
from tests.targets.links import Links

pytestmark = pytest.mark.slow
BY_ITSELF = 2.0 + BUSY  # seconds in which a deposed leader ends what it did late
BY_SWEEP = EVERY + 20.0  # seconds in which the next leader ends what a dead one did late


@dataclass(frozen=True)
class Street:
    """A fleet that leads by a Lease and strikes the one proxy of a toxiproxy."""

    fleet: Fleet
    links: Links

    def write(self) -> None:
        shop = self.fleet.shop
        uid = next(o for o in shop.server.objects("Namespace") if o["metadata"]["name"] == "kube-system")
        shop.config.write_text(
            f"fleet: test\nleashed: false\nkey: {KEY}\nseed: fixed\nleader: {{namespace: default, duration: 10s}}\n"
            f"platforms:\n  kubernetes: {{context: here, cluster_uid: {uid['metadata']['uid']}}}\n"
            f'  toxiproxy: {{endpoints: ["{self.links.url}"], opt_in: ["*"]}}\n'
            "safety:\n  budget: {cooldown: 0s, max_percent: 100}\nmonkeys:\n"
            "  - {name: slow, use: latency, on: toxiproxy, schedule: {every: 2h}, hold: 1h}\n"
        )

    def ask(self) -> None:
        with wiring.books(wiring.read_config(self.fleet.shop.config)) as books:
            note = books.scribe.note(Phase.REQUESTED, verb="once", only="", reason="the test asks")
            books.ledger.append(replace(note, entry="slow"))

    def runs(self, *phases: Phase) -> list[str]:
        return [event.run for event in self.fleet.events(*phases)]

    def toxics(self) -> list[str]:
        """The runs whose toxics are on the proxy; in the name of a toxic the run comes after the fleet."""
        return sorted(name.partition("/")[2].split("-")[2] for name in self.links.toxics())


@pytest.fixture
def street(shop: Ground) -> Iterator[Street]:
    fleet = Fleet(shop)
    fleet.free()
    with ToxiServer() as server:
        links = Links(server.url)
        links.proxy("web")
        made = Street(fleet, links)
        made.write()
        yield made


@pytest.fixture
def tell(pytestconfig: pytest.Config) -> Callable[[str], None]:
    return teller(pytestconfig)


@contextmanager
def deposed(street: Street, point: str) -> Iterator[tuple[Agent, Agent, str]]:
    """A leader stopped between asking for its lease and sending, its successor, and the run that is under way."""
    fleet = street.fleet
    words = ("-m", "tests.flow.stopping_links", str(fleet.shop.config), "slow", point)
    with fleet.undertaker(), fleet.agent("one", *words) as one:
        until("the first to stop in mid-injection", lambda: _stopped(one.child.pid), 60)
        assert street.toxics() == []
        with fleet.agent("two") as two:
            until("the second to take over", lambda: fleet.leader() == two.pid, 60)
            until("the intent to be ended", lambda: fleet.events(Phase.REVERTED), 60)
            (run,) = street.runs(Phase.INTENDED)
            yield one, two, run
            assert fleet.leader() == two.pid
            assert two.ends() == 0
    assert street.toxics() == []


def test_a_toxic_that_comes_late_is_ended_by_the_one_that_was_late(street: Street, tell: Callable[[str], None]) -> None:
    with deposed(street, "before-sending") as (one, _, run):
        one.child.send_signal(signal.SIGCONT)
        assert one.child.wait(60) == 0
        assert "left 0.0" in one.said(), one.said()
        assert street.toxics() == []
    (injected,) = street.fleet.events(Phase.INJECTED)
    last = street.fleet.events(Phase.REVERTED)[-1]
    assert (injected.run, last.run) == (run, run)
    assert last.data["why"] == "the lease was lost while it was injected"
    took = (last.at - injected.at).total_seconds()
    tell(f"two agents, a toxic sent without the lease: ended {took:.2f} s after it was told as injected")
    assert took < BY_ITSELF


def test_where_another_acted_meanwhile_both_toxics_are_there_for_a_moment_and_only_that_of_the_leader_stays(
    street: Street,
) -> None:
    with deposed(street, "before-sending") as (one, _, run):
        street.ask()
        until("the second to strike", lambda: len(street.fleet.events(Phase.OBSERVED)) == 1, 60)
        (theirs,) = street.toxics()
        assert theirs != run
        one.child.send_signal(signal.SIGCONT)
        assert one.child.wait(60) == 0
        assert run in street.runs(Phase.INJECTED), "nothing kept it out"
        assert street.toxics() == [theirs], "and it took off its own alone"
    assert street.fleet.events(Phase.REVERTED)[-1].run == theirs


def test_one_that_reads_after_another_acted_is_refused(street: Street) -> None:
    with deposed(street, "before-reading") as (one, _, run):
        street.ask()
        until("the second to strike", lambda: len(street.fleet.events(Phase.OBSERVED)) == 1, 60)
        (theirs,) = street.toxics()
        one.child.send_signal(signal.SIGCONT)
        assert one.child.wait(60) == 0
        assert "taken 0" in one.said()
        assert "another fault holds the proxy web" in one.said()
        assert street.toxics() == [theirs]
        assert run not in street.runs(Phase.INJECTED)


def test_what_one_that_died_right_after_had_sent_is_ended_by_the_next_leaders_sweep(
    street: Street, tell: Callable[[str], None]
) -> None:
    with deposed(street, "before-sending-dies") as (one, _, run):
        one.child.send_signal(signal.SIGCONT)
        assert one.child.wait(60) == -signal.SIGKILL
        died = CLOCK.monotonic()
        assert street.toxics() == [run], "nobody is left who knows but for its name"
        until("the sweep to take it off", lambda: not street.toxics(), BY_SWEEP)
        tell(
            f"two agents, a toxic sent without the lease by one killed then: ended {CLOCK.monotonic() - died:.0f} s on"
        )
        until("it to be told", lambda: street.runs(Phase.REVERTED) == [run, run], 60)
        (adopted,) = street.fleet.events(Phase.ADOPTED)
        assert adopted.run == run
        assert "its mark is there: it landed late" in adopted.data["why"]
        pause(1)
        assert street.fleet.events(Phase.INJECTED) == []
