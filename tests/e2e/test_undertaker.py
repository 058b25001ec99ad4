"""Does somebody end a held fault, whoever is killed or stopped: agents and undertakers as the processes they are."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.cluster.waiting import BUSY, CLOCK, pause, until
from tests.e2e.lives import NEVER, NODE, OFTEN, Fleet, killed, nobody_is_left
from tests.flow.ground import ground

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
SHORT, LONG = "6s", "10m"
LATE = timedelta(seconds=5 + BUSY)


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    """A fleet of which nobody is left in the end."""
    with ground(tmp_path) as shop, nobody_is_left(tmp_path):
        made = Fleet(shop)
        try:
            yield made
        finally:
            made.reap()


def writes(fleet: Fleet) -> int:
    """How many writes to the node were carried out."""
    return sum(f"/nodes/{NODE} 200" in write for write in fleet.shop.writes())


def next_agent_tells(fleet: Fleet) -> None:
    """The next agent writes that the fault was reverted, once, begins nothing itself, and ends in order."""
    fleet.write(NEVER, SHORT)
    agent = fleet.agent()
    until("the revert to be told", lambda: fleet.events("reverted"), 60)
    fleet.ends_in_order(agent)
    assert len(fleet.events("injected")) == len(fleet.events("reverted")) == 1
    assert not fleet.cordoned()


@pytest.mark.parametrize("words", [("run",), ("once", "nodes")], ids=lambda words: words[0])
def test_when_the_agent_is_killed_its_undertaker_ends_the_fault_in_time(fleet: Fleet, words: tuple[str, ...]) -> None:
    fleet.write(OFTEN, SHORT)
    agent = fleet.start(*words)
    deadline = fleet.held()
    undertaker = fleet.undertaker()
    agent.kill()
    at = fleet.given_back(60)
    print(f"reverted {(at - deadline).total_seconds():.1f} s after the deadline")
    assert deadline <= at <= deadline + LATE, fleet.logs()
    next_agent_tells(fleet)
    assert writes(fleet) == 2
    assert fleet.undertaker() == undertaker, "it has heard no agent end in order, and waits for one that may come"
    killed(undertaker, signal.SIGTERM)


def test_when_both_are_killed_nothing_ends_until_the_next_agent_starts(fleet: Fleet) -> None:
    fleet.write(OFTEN, SHORT)
    agent = fleet.start("run")
    deadline = fleet.held()
    agent.kill()
    killed(fleet.undertaker())
    pause((deadline - CLOCK.now()).total_seconds() + 5)
    assert fleet.cordoned(), "who ended it?"
    begun = CLOCK.monotonic()
    fleet.write(NEVER, SHORT)
    second = fleet.start("run")
    fleet.given_back(60)
    print(f"reverted {CLOCK.monotonic() - begun:.1f} s after the start of the next agent")
    until("the revert to be told", lambda: fleet.events("reverted"), 60)
    fleet.ends_in_order(second)
    assert writes(fleet) == 2


def test_when_the_undertaker_is_killed_the_agent_ends_what_it_holds_and_the_next_fault_has_a_new_one(
    fleet: Fleet,
) -> None:
    fleet.write(OFTEN, LONG)
    agent = fleet.start("run")
    fleet.held()
    first = fleet.undertaker()
    begun = CLOCK.monotonic()
    killed(first)
    fleet.given_back(60)
    took = CLOCK.monotonic() - begun
    assert took < 15 + BUSY, fleet.logs()
    fleet.held()
    print(f"reverted {took:.1f} s, held anew {CLOCK.monotonic() - begun:.1f} s after the undertaker was killed")
    assert fleet.undertaker() != first
    fleet.ends_in_order(agent)
    assert not fleet.cordoned()
    why = str(fleet.events("reverted")[0]["data"])
    assert "the undertaker of" in why, why


def test_an_agent_that_sleeps_over_the_deadline_finds_the_fault_ended_and_does_not_repeat_it(fleet: Fleet) -> None:
    fleet.write(NEVER, SHORT)
    agent = fleet.agent()
    once = fleet.start("once", "nodes")
    deadline = fleet.held()
    until("the agent to say so", lambda: fleet.events("injected"))
    killed(agent.pid, signal.SIGSTOP)
    at = fleet.given_back(60)
    killed(agent.pid, signal.SIGCONT)
    print(f"reverted {(at - deadline).total_seconds():.1f} s after the deadline, while the agent slept")
    assert deadline <= at <= deadline + LATE, fleet.logs()
    woken(fleet)
    assert once.wait(timeout=60) == 0, fleet.logs()
    fleet.ends_in_order(agent)


def test_an_agent_that_sleeps_for_longer_than_the_silence_loses_what_it_held(fleet: Fleet) -> None:
    fleet.write(NEVER, LONG)
    agent = fleet.agent()
    once = fleet.start("once", "nodes")
    fleet.held()
    until("the agent to say so", lambda: fleet.events("injected"))
    pause(3)  # its undertaker has heard it by now
    begun = CLOCK.monotonic()
    killed(agent.pid, signal.SIGSTOP)
    fleet.given_back(100)
    took = CLOCK.monotonic() - begun
    print(f"reverted {took:.1f} s after the agent fell asleep")
    killed(agent.pid, signal.SIGCONT)
    assert 58 < took < 70 + BUSY, fleet.logs()
    woken(fleet)
    assert once.wait(timeout=60) == 0, fleet.logs()
    fleet.ends_in_order(agent)


def woken(fleet: Fleet) -> None:
    """The agent that slept tells one end and does nothing more."""
    until("the revert to be told", lambda: fleet.events("reverted"), 60)
    pause(5)
    assert len(fleet.events("injected")) == len(fleet.events("reverted")) == 1
    assert not fleet.cordoned()
    assert writes(fleet) == 2
