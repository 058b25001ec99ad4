"""Two agents of one fleet: does one lead, and does the other lose nothing when it takes over."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from simian_army import wiring
from simian_army.clock import SystemClock
from simian_army.embedded.kube.store import Key
from simian_army.model import AuditEvent, Phase
from tests.cluster.telling import teller
from tests.cluster.waiting import BUSY, pause, until
from tests.flow.ground import NODES, PODS, Ground
from tests.flow.stopping import POINTS

pytestmark = pytest.mark.slow
HOME = Path(__file__).parents[2]
CLOCK = SystemClock()
LEASE = "leader: {namespace: default}\n"
BRIEF = "leader: {namespace: default, duration: 10s}\n"


@dataclass(frozen=True)
class Agent:
    child: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> str:
        return str(self.child.pid)

    def said(self) -> str:
        return self.log.read_text()

    def ends(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.child.send_signal(number)
        return self.child.wait(60)


@dataclass(frozen=True)
class Fleet:
    """What two agents share, and what happened so far."""

    shop: Ground

    @contextmanager
    def agent(self, name: str, *words: str) -> Iterator[Agent]:
        log = self.shop.folder / f"{name}.log"
        env = {**os.environ, "KUBECONFIG": str(self.shop.folder / "kubeconfig")}
        command = words or ("-m", "simian_army", "run", "-c", str(self.shop.config))
        with log.open("wb") as out:
            child = subprocess.Popen([sys.executable, *command], cwd=HOME, env=env, stdout=out, stderr=out)
        try:
            yield Agent(child, log)
        finally:
            if child.poll() is None:
                child.kill()
            child.wait()

    @contextmanager
    def undertaker(self) -> Iterator[None]:
        """One in a thread, so that no agent starts a process of its own that outlives the test."""
        with wiring.undertake(wiring.read_config(self.shop.config), until_idle=False) as made:
            thread = Thread(target=made.run)
            thread.start()
            try:
                yield
            finally:
                made.stopping.set()
                thread.join()

    def free(self) -> None:
        """As a leader before us left it: a new Lease is taken only after a whole duration."""
        spec = {"holderIdentity": "", "acquireTime": "2026-01-01T00:00:00.000000Z", "leaseDurationSeconds": 15}
        head = {"name": "simian-army-test", "namespace": "default"}
        self.shop.server.apply(
            {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": head, "spec": spec}
        )

    def leader(self) -> str:
        """The pid of who leads; empty when nobody does."""
        found = [lease["spec"].get("holderIdentity") or "" for lease in self.shop.server.objects("Lease")]
        return found[0].split("/")[-2] if found and found[0] else ""

    def ask(self, verb: str, only: str = "", **data: Any) -> None:
        with wiring.books(wiring.read_config(self.shop.config)) as books:
            note = books.scribe.note(Phase.REQUESTED, verb=verb, only=only, reason="the test asks", **data)
            books.ledger.append(replace(note, entry="nodes"))

    def events(self, *phases: Phase) -> list[AuditEvent]:
        with wiring.books(wiring.read_config(self.shop.config)) as books:
            assert list(books.ledger.verify()) == []
            return [event for event in books.ledger.query() if event.phase in phases]

    def cordoned(self) -> list[dict[str, Any]]:
        return [node for node in self.shop.server.objects("Node") if node["spec"].get("unschedulable")]

    def cordons(self) -> list[str]:
        return [write for write in self.shop.writes() if re.search(r"PATCH \S*/nodes/\S+ 200", write)]


@pytest.fixture
def fleet(shop: Ground) -> Fleet:
    made = Fleet(shop)
    made.free()
    return made


@pytest.fixture
def tell(pytestconfig: pytest.Config) -> Callable[[str], None]:
    return teller(pytestconfig)


def test_a_kill_of_the_leader_while_a_fault_is_held_makes_the_standby_adopt_it_and_inject_nothing_again(
    fleet: Fleet, tell: Callable[[str], None]
) -> None:
    fleet.shop.write(more=LEASE)
    with fleet.undertaker(), fleet.agent("one") as one, fleet.agent("two") as two:
        pid = until("one of them to lead", fleet.leader, 60)
        leader, standby = (one, two) if pid == one.pid else (two, one)
        until("the other to stand by", lambda: "standing by" in standby.said(), 60)
        fleet.ask("once")
        until("a node to be cordoned", fleet.cordoned, 60)
        until("it to be told", lambda: fleet.events(Phase.OBSERVED), 60)
        leader.ends(signal.SIGKILL)
        killed = CLOCK.monotonic()
        until("the standby to lead", lambda: fleet.leader() == standby.pid, 60, 0.02)
        took = CLOCK.monotonic() - killed
        until("the fault to be adopted", lambda: fleet.events(Phase.ADOPTED), 60)
        tell(f"two agents, leader killed: the standby leads after {took:.1f} s")
        assert took < 20 + BUSY
        assert "leads" in standby.said()
        assert len(fleet.cordons()) == len(fleet.cordoned()) == 1
        fleet.ask("revert", which="")
        until("it to be reverted", lambda: not fleet.cordoned(), 60)
        until("it to be told", lambda: fleet.events(Phase.REVERTED), 60)
        assert standby.ends() == 0
        assert fleet.leader() == ""
        counted = [len(fleet.events(phase)) for phase in (Phase.INTENDED, Phase.INJECTED, Phase.REVERTED)]
        assert counted == [1, 1, 1]


def test_a_standby_ends_in_order_and_a_leader_that_ends_is_followed_at_once(
    fleet: Fleet, tell: Callable[[str], None]
) -> None:
    fleet.shop.write(more=LEASE)
    with fleet.undertaker(), fleet.agent("one") as one:
        until("the first to lead", lambda: fleet.leader() == one.pid, 60)
        with fleet.agent("two") as two, fleet.agent("three") as three:
            for other in (two, three):
                until("it to stand by", lambda other=other: "standing by" in other.said(), 60)  # type: ignore[misc]
                assert "leads" in other.said()
            assert three.ends() == 0
            assert fleet.leader() == one.pid
            assert one.ends() == 0
            gave = CLOCK.monotonic()
            until(
                "the second to lead", lambda: fleet.leader() == two.pid, 5 + BUSY, 0.02
            )  # it would run out after 15 s
            tell(f"two agents, leader ended: the standby leads after {CLOCK.monotonic() - gave:.1f} s")
            assert two.ends() == 0
            assert fleet.leader() == ""


def test_a_leader_that_loses_its_lease_stands_by_and_still_reverts_what_it_holds(fleet: Fleet) -> None:
    hold = NODES.replace("hold: 1h", "hold: 20s")
    fleet.shop.write(f"{PODS}\n{hold}", BRIEF)
    with fleet.undertaker(), fleet.agent("one") as one:
        until("it to lead", lambda: fleet.leader() == one.pid, 60)
        fleet.ask("once")
        until("a node to be cordoned", fleet.cordoned, 60)
        key = Key("leases.coordination.k8s.io", "default", "simian-army-test")
        spec = {"holderIdentity": "else@where/1/x", "leaseDurationSeconds": 60, "renewTime": "x", "acquireTime": "x"}
        fleet.shop.server.cluster.write(key, lambda lease: {**lease, "spec": spec})
        until("it to stand by", lambda: "else@where leads" in one.said(), 60)
        fleet.ask("once")
        until("what it holds to be reverted", lambda: not fleet.cordoned(), 60)
        pause(1)
        assert len(fleet.events(Phase.INTENDED)) == 1, "who stands by answers no request"
        assert len(fleet.events(Phase.REVERTED)) == 1
        assert one.ends() == 0
        assert fleet.leader() == "1", "what is another's is not given away"


@contextmanager
def stopped_in_its_injection(fleet: Fleet, point: str) -> Iterator[tuple[Agent, Agent, str]]:
    """A deposed leader that is about to act, its successor, and the name of the node that it is about to cordon."""
    fleet.shop.write(more=BRIEF)
    words = ("-m", "tests.flow.stopping", str(fleet.shop.config), "nodes", point)
    with fleet.undertaker(), fleet.agent("one", *words) as one:
        until("the first to stop in mid-injection", lambda: _stopped(one.child.pid), 60)
        assert fleet.cordons() == []
        with fleet.agent("two") as two:
            until("the second to take over", lambda: fleet.leader() == two.pid, 60)
            until("the intent to be ended", lambda: fleet.events(Phase.REVERTED), 60)
            (intended,) = fleet.events(Phase.INTENDED)
            yield one, two, str(intended.data["name"])
            assert two.ends() == 0
    assert fleet.cordoned() == []


@pytest.mark.parametrize("point", POINTS)
def test_a_leader_stopped_after_it_asked_for_its_lease_injects_nothing_where_another_acted_meanwhile(
    fleet: Fleet, point: str
) -> None:
    with stopped_in_its_injection(fleet, point) as (one, two, name):
        fleet.ask("once", only=name)
        until("the second to cordon the node", fleet.cordoned, 60)
        (before,) = fleet.cordoned()
        assert before["metadata"]["name"] == name
        one.child.send_signal(signal.SIGCONT)
        assert one.child.wait(60) == 0
        assert "taken 0" in one.said(), one.said()
        assert "left 0.0" in one.said()
        assert (point == "before-reading") == ("cordoned already" in one.said()), "the other is the server's 409 or 422"
        assert len(fleet.cordons()) == 1
        assert fleet.cordoned() == [before]
        assert fleet.leader() == two.pid
    assert len(fleet.events(Phase.INJECTED)) == 1


def test_what_it_injects_where_nobody_acted_is_ended_at_once(fleet: Fleet) -> None:
    with stopped_in_its_injection(fleet, "before-sending") as (one, _, _):
        one.child.send_signal(signal.SIGCONT)
        assert one.child.wait(60) == 0
        assert "left 0.0" in one.said()
        assert fleet.cordoned() == []
    injected, reverted = fleet.events(Phase.INJECTED), fleet.events(Phase.REVERTED)
    assert len(injected) == 1
    assert reverted[-1].data["why"] == "the lease was lost while it was injected"
    assert (reverted[-1].at - injected[0].at).total_seconds() < 2 + BUSY


def _stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
