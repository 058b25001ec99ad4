"""What the API server may do to a leader, and what a standby may believe."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from simian_army.embedded.kube import KubeServer
from simian_army.embedded.kube.request import Request
from simian_army.embedded.kube.store import Key
from simian_army.errors import Conflict
from simian_army.leader import Leader
from simian_army.leader.by_kubernetes import KubernetesSeat
from simian_army.model import Json
from simian_army.targets.kube.leases import Leases
from simian_army.targets.kube.place import Place
from tests.cluster.waiting import BUSY, pause, until
from tests.simian_army.fakes import FakeClock
from tests.simian_army.leader.grounds import CLOCK

Answer = tuple[int, Any]
LASTS, ANSWER = 3.0, 0.8
STATUS = {"kind": "Status", "status": "Failure", "message": "planned by the test"}


class Troubled(KubeServer):
    """An API server that answers writes as it is told: not at all, badly, or well but unheard."""

    way = ""

    def answer(self, request: Request) -> Answer:
        way = self.way if "/leases" in request.path else ""
        if way.isdigit():
            return int(way), STATUS
        if way == "hangs":
            self.stopping.wait(20)
        answer: Answer = super().answer(request)
        if way == "unheard" and request.method == "PUT":
            return 504, STATUS
        return answer


@pytest.fixture
def server() -> Iterator[Troubled]:
    with Troubled() as server:
        yield server


def leader(server: KubeServer, who: str, duration: float = LASTS) -> Leader:
    connect = partial(Leases.connect, Place(url=server.url, timeout=ANSWER), CLOCK)
    seat = KubernetesSeat(connect, "default", "shop", f"{who}@host/1/{who}", CLOCK, duration)
    return Leader(seat, CLOCK, duration, 0.4)


@pytest.mark.parametrize("way", ["hangs", "500", "503", "429", "403", "404", "409", "410", "unreachable"])
def test_however_a_renewal_fails_the_time_runs_out_and_nothing_is_raised(server: Troubled, way: str) -> None:
    mine = leader(server, "me")
    mine.take()
    if way == "unreachable":
        server.stop()
    server.way = way
    pause(ANSWER / 2)  # a renewal under way just then may still be heard
    seen = [mine.left()]
    ends = CLOCK.monotonic() + LASTS + 0.6
    while CLOCK.monotonic() < ends:
        seen.append(mine.left())
        pause(0.02)
    assert seen[-1] == 0.0
    assert all(later <= earlier for earlier, later in zip(seen, seen[1:], strict=False))
    begun = CLOCK.monotonic()
    assert not mine.try_take()
    assert CLOCK.monotonic() - begun < 3 * ANSWER + BUSY
    if way not in ("404", "unreachable"):
        assert mine.trouble
        server.way = ""
        until("it to be ours again", mine.try_take, 30)
    mine.give()


def test_a_renewal_that_was_carried_out_unheard_loses_nothing(server: Troubled) -> None:
    mine = leader(server, "me")
    mine.every = 60  # its own thread renews nothing meanwhile
    mine.take()
    server.way = "unheard"
    mine.beat()
    assert "504" in mine.trouble
    server.way = ""
    mine.beat()
    assert mine.trouble == ""
    assert mine.left() > LASTS / 3
    mine.give()


def test_a_lease_that_is_deleted_under_its_holder_is_not_taken_while_the_holder_may_believe_in_it(
    server: Troubled,
) -> None:
    mine, yours = leader(server, "me"), leader(server, "you")
    mine.every = 60  # so that the holder does not learn of it
    mine.take()
    server.cluster.store.remove(Key("leases.coordination.k8s.io", "default", "simian-army-shop"))
    begun = CLOCK.monotonic()
    assert mine.left() > 1.0
    until("the next to have it", yours.try_take, 30, 0.05)
    assert mine.left() == 0.0
    assert LASTS <= CLOCK.monotonic() - begun < LASTS + 2 + BUSY
    yours.give()
    mine.give()


def test_somebody_who_writes_the_lease_ends_the_term(server: Troubled) -> None:
    mine = leader(server, "me")
    mine.take()
    port = Leases.connect(Place(url=server.url, timeout=10.0), CLOCK)
    lease = port.get_lease("default", "simian-army-shop")
    assert lease
    port.replace_lease({**lease, "spec": {**lease["spec"], "holderIdentity": "else@where/9/x"}})
    mine.beat()
    assert mine.left() == 0.0
    mine.give()
    found = port.get_lease("default", "simian-army-shop")
    assert found and found["spec"]["holderIdentity"] == "else@where/9/x", "what is another's is not emptied"


@dataclass
class OneLease:
    """A port to one Lease that the test writes."""

    lease: dict[str, Any] | None = None
    version: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def get_lease(self, namespace: str, name: str) -> dict[str, Any] | None:
        return self.lease

    def create_lease(self, namespace: str, lease: Json) -> None:
        self._put(lease)

    def replace_lease(self, lease: Json) -> dict[str, Any]:
        assert self.lease
        if lease["metadata"] != self.lease["metadata"]:
            raise Conflict("changed")
        return self._put(lease)

    def _put(self, lease: Json) -> dict[str, Any]:
        self.version += 1
        self.lease = {**lease, "metadata": {**lease["metadata"], "uid": "u", "resourceVersion": str(self.version)}}
        return self.lease


def standby(port: OneLease, clock: FakeClock) -> KubernetesSeat:
    return KubernetesSeat(lambda: port, "chaos", "shop", "me@here/1/a", clock, 15.0)


def held(port: OneLease, **spec: Any) -> None:
    there = {"holderIdentity": "you@there/2/b", "acquireTime": "x", "renewTime": "1", "leaseDurationSeconds": 15}
    port._put({"metadata": {"name": "simian-army-shop", "namespace": "chaos"}, "spec": {**there, **spec}})


def test_a_standby_believes_its_own_monotonic_clock_alone() -> None:
    port, clock = OneLease(), FakeClock()
    held(port, renewTime="1970-01-01T00:00:00.000000Z")
    seat = standby(port, clock)
    assert not seat.claim(), "by the wall clock it ran out long ago"
    clock.advance(14)
    assert not seat.claim()
    held(port, renewTime="2")
    clock.advance(14)
    assert not seat.claim(), "it was renewed meanwhile"
    assert seat.occupied() is True
    clock.advance(15.1)
    assert seat.claim()
    assert port.lease and port.lease["spec"]["holderIdentity"] == "me@here/1/a"


@pytest.mark.parametrize(
    ("spec", "seconds"),
    [
        ({"leaseDurationSeconds": 40}, 40),
        ({"leaseDurationSeconds": 10**9}, 60),
        ({"leaseDurationSeconds": "long"}, 15),
        ({"leaseDurationSeconds": None, "leaseTransitions": "many"}, 15),
        ({"holderIdentity": "", "acquireTime": None}, 15),
        ({"holderIdentity": ""}, 0),
        ({"holderIdentity": "x", "acquireTime": 5}, 15),
    ],
)
def test_what_stands_in_the_lease_keeps_a_standby_out_for_so_long_and_no_longer(
    spec: dict[str, Any], seconds: int
) -> None:
    port, clock = OneLease(), FakeClock()
    held(port, **spec)
    seat = standby(port, clock)
    if seconds:
        assert not seat.claim()
        clock.advance(seconds - 0.1)
        assert not seat.claim()
        clock.advance(0.2)
    assert seat.claim()


@pytest.mark.parametrize("lease", [{"metadata": {"name": "a"}}, {"metadata": {}, "spec": []}])
def test_a_lease_that_makes_no_sense_is_watched_like_one_that_is_held(lease: dict[str, Any]) -> None:
    port, clock = OneLease(), FakeClock()
    port._put(lease)
    seat = standby(port, clock)
    assert not seat.claim()
    assert seat.holder() == {}
    clock.advance(15.1)
    assert seat.claim()


def test_of_two_who_saw_the_same_version_one_gets_it() -> None:
    port, clock = OneLease(), FakeClock()
    held(port, holderIdentity="")
    one, two = standby(port, clock), standby(port, clock)
    two.identity = "two@there/2/c"
    stale = port.lease
    assert one.claim()
    port.get_lease = lambda *_: stale  # type: ignore[method-assign]
    assert not two.claim()
