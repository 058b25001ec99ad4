"""Whether many late proxies are given back exactly as they would be one by one, whatever became of each meanwhile."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from simian_army.contract import FaultKind
from simian_army.embedded.toxi import ToxiServer
from simian_army.errors import SimianError
from simian_army.extras import Wholesale
from simian_army.faults.net.proxy_latency import ProxyLatency
from simian_army.model import Evidence, Fault, Mark, Target
from simian_army.targets.proxies.server import Server
from simian_army.targets.toxi import Toxiproxy
from tests.cluster.process import free_port
from tests.targets.kube.stub import QuickClock
from tests.targets.links import Links
from tests.targets.proxies.stub import FLEET, at, connected

DEADLINE = datetime(2030, 1, 1, tzinfo=UTC)
STATES = ("ours", "never", "gone", "another run", "edited", "beside theirs", "disabled", "away", "strange", "unsigned")


@dataclass
class Ground:
    toxiproxy: Toxiproxy
    server: ToxiServer
    nobody: str

    @property
    def links(self) -> Links:
        return Links(self.server.url)

    def make(self, states: Sequence[str]) -> list[tuple[Fault, Mark]]:
        """A proxy for each state, and the fault that is to be reverted there."""
        self.links.clear()
        return [
            self._one(f"p{number}", f"aaaaaaaaa{'234567abcd'[number]}", state) for number, state in enumerate(states)
        ]

    def _one(self, name: str, run: str, state: str) -> tuple[Fault, Mark]:
        urls = {"away": self.nobody, "strange": "http://127.0.0.1:1"}
        target = at(urls.get(state, self.server.url), name)
        mark = Mark(FLEET, run, "proxy-latency", DEADLINE, {}, "")
        undo = {"toxics": ["theirs"] if state == "beside theirs" else []}
        if state not in ("gone", "away", "strange"):
            self._toxics(target, mark, state)
        fault = Fault("proxy-latency", target, {}, undo, timedelta(minutes=5))
        return fault, replace(mark, run="NO RUN") if state == "unsigned" else mark

    def _toxics(self, target: Target, mark: Mark, state: str) -> None:
        self.links.proxy(target.name)
        if state == "beside theirs":
            self.links.toxic(target.name, "theirs")
        if state == "another run":
            self.links.toxic(target.name, self.toxiproxy.toxic(target, replace(mark, run="bbbbbbbbbb")))
        if state in ("ours", "edited", "beside theirs", "disabled"):
            more: dict[str, Any] = {"attributes": {"latency": 5000}} if state == "edited" else {}
            self.links.toxic(target.name, self.toxiproxy.toxic(target, mark), **more)
        if state == "disabled":
            requests.post(f"{self.server.url}/proxies/{target.name}", json={"enabled": False}, timeout=5)


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    nobody = f"http://127.0.0.1:{free_port()}"
    with ToxiServer() as server, connected(server.url, nobody, clock=QuickClock()) as toxiproxy:
        yield Ground(toxiproxy, server, nobody)


def one_by_one(kind: FaultKind, held: Sequence[tuple[Fault, Mark]]) -> list[Evidence]:
    found = []
    for fault, mark in held:
        try:
            found.append(kind.revert(fault, mark))
        except SimianError as error:
            found.append(Evidence(holds=False, detail=str(error)))
    return found


def without_ports(proxies: Any) -> Any:
    return {name: {**said, "listen": ""} for name, said in proxies.items()}


@settings(max_examples=40, deadline=None)
@given(states=st.lists(st.sampled_from(STATES), max_size=8))
def test_many_at_once_are_the_same_as_one_by_one(ground: Ground, states: list[str]) -> None:
    kind = ProxyLatency(ground.toxiproxy)
    singles = one_by_one(kind, ground.make(states))
    after_singles = without_ports(ground.links.proxies())
    held = ground.make(states)
    before, writes = ground.links.toxics(), len(ground.server.writes)
    together = kind.revert_all(held)
    assert without_ports(ground.links.proxies()) == after_singles
    assert [one.holds for one in together] == [state not in ("away", "strange", "unsigned") for state in states]
    for single, one in zip(singles, together, strict=True):
        assert one.holds == single.holds
        assert not one.holds or one == single
    ours = {
        f"{fault.target.name}/{ground.toxiproxy.toxic(fault.target, mark)}"
        for (fault, mark), state in zip(held, states, strict=True)
        if state in ("ours", "edited", "beside theirs", "disabled")
    }
    assert before - ground.links.toxics() == ours, "nothing but ours goes"
    sent = [write for write in ground.server.writes[writes:] if write.user_agent.startswith("simian-army")]
    assert sorted(f"{w.method} {w.path}" for w in sent) == sorted(
        f"DELETE /proxies/{one.replace('/', '/toxics/')}" for one in ours
    )


def test_a_crash_between_the_removals_and_their_proof_is_made_good_by_the_next_one(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = ground.make(["ours", "beside theirs", "never"])
    listed, times = Server.listed, iter([False, True])

    def dies(server: Server) -> Any:
        if next(times):
            raise SystemExit("killed")
        return listed(server)

    with monkeypatch.context() as patch, contextlib.suppress(SystemExit):
        patch.setattr(Server, "listed", dies)
        ProxyLatency(ground.toxiproxy).revert_all(held)
        raise AssertionError("it should have died")
    assert ground.links.toxics() == {"p1/theirs"}
    with connected(ground.server.url) as another:
        proofs = ProxyLatency(another).revert_all(held)
    assert all(proof.holds for proof in proofs)
    assert all("nothing to undo" in proof.detail for proof in proofs)
    assert ground.links.toxics() == {"p1/theirs"}


def test_it_is_known_as_a_kind_that_can() -> None:
    assert isinstance(ProxyLatency, type)
    assert issubclass(ProxyLatency, Wholesale)
