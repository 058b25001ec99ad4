"""Does a fleet that leaves leave nothing, and stay where it is when something is in the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from simian_army import wiring
from simian_army.embedded.world import demo_world
from simian_army.errors import ConfigError
from simian_army.leaving import Stays
from tests.flow.ground import NODES, PODS, Ground, ground
from tests.flow.hands import is_bare, is_cordoned, put_mark
from tests.flow.test_marks import hold

pytestmark = pytest.mark.slow
HELD = "node-a"
OURS = ("agent", "undertaker")
APP = {"name": "app", "image": "app"}


def deployment(name: str) -> dict[str, Any]:
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [APP], "terminationGracePeriodSeconds": 0},
    }
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": name}}, "template": template}
    head = {"name": name, "namespace": "fleet"}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": head, "spec": spec}


@dataclass
class Town:
    """A ground whose fleet keeps what is its own in the namespace ``fleet``."""

    shop: Ground
    told: list[str] = field(default_factory=list)

    def write(self, monkeys: str = f"{PODS}\n{NODES}") -> None:
        place = "leader: {namespace: fleet}\nhalt: {namespace: fleet}\nundertaker: {namespace: fleet}\n"
        self.shop.write(monkeys)
        self.shop.config.write_text(self.shop.config.read_text().replace("monkeys:\n", f"{place}monkeys:\n"))

    def leave(self, names: Sequence[str] = OURS, seconds: float = 8) -> None:
        with wiring.leaving(wiring.read_config(self.shop.config)) as made:
            made.leave(names, "it is over", seconds, self.told.append)

    def names(self, kind: str) -> list[str]:
        there = [o for o in self.shop.server.objects(kind) if o["metadata"].get("namespace") == "fleet"]
        return [str(o["metadata"]["name"]) for o in there]

    def replicas(self) -> dict[str, int]:
        there = [o for o in self.shop.server.objects("Deployment") if o["metadata"]["namespace"] == "fleet"]
        return {str(o["metadata"]["name"]): int(o["spec"]["replicas"]) for o in there}

    @contextmanager
    def crashed(self) -> Iterator[None]:
        """A node that was cordoned, by an agent and beside an undertaker that both are no more."""
        with self.shop.house() as house:
            hold(house)
        for one in self.shop.undertakers:
            one.stopping.set()
        assert is_cordoned(self.shop, HELD)
        yield


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "fleet"}}
    given_back = {"acquireTime": "2026-11-23T12:00:00.000000Z", "leaseDurationSeconds": 15, "holderIdentity": ""}
    head = {"name": "simian-army-test", "namespace": "fleet"}  # a new one is nobody's for 15 s
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": head, "spec": given_back}
    with ground(tmp_path, [*demo_world(), space, lease, *map(deployment, OURS)]) as shop:
        made = Town(shop)
        made.write()
        yield made


def test_what_is_held_is_reverted_and_nothing_is_left(town: Town) -> None:
    with town.crashed():
        assert [name for name in town.names("Secret") if name.startswith("simian")] != []
        assert town.names("Lease") == ["simian-army-test"]
        town.leave()
    assert not is_cordoned(town.shop, HELD)
    assert is_bare(town.shop, HELD)
    assert (town.names("Secret"), town.names("Lease"), town.names("ConfigMap")) == ([], [], [])
    assert town.replicas() == {"agent": 0, "undertaker": 0}
    steps = [line.split()[0] for line in town.told]
    assert steps == ["halted", "agent", "reverted", "undertaker", "records,"]


def test_it_may_be_begun_again_and_finds_nothing_to_do(town: Town) -> None:
    with town.crashed():
        town.leave()
        town.leave(names=["agent", "none-of-ours"])
    assert town.names("ConfigMap") == []


def test_what_cannot_be_told_keeps_the_fleet_halted_and_its_undertaker_at_work(town: Town) -> None:
    with town.crashed():
        put_mark(town.shop, "node-b", "{}", cordon=False)
        with pytest.raises(Stays, match="node-b bears what is no mark of this fleet"):
            town.leave()
    assert not is_cordoned(town.shop, HELD), "what could be reverted was"
    assert town.replicas() == {"agent": 0, "undertaker": 1}
    (halted,) = [o for o in town.shop.server.objects("ConfigMap") if o["metadata"].get("namespace") == "fleet"]
    assert halted["metadata"]["annotations"]["simian-army/halt"] == "it is over"
    assert town.names("Lease") == ["simian-army-test"]


def test_an_agent_that_does_not_stop_keeps_everything(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    from simian_army.targets.kube.home import Home

    monkeypatch.setattr(Home, "pods", lambda _self, _space, name: [f"{name}-1"])
    with town.crashed(), pytest.raises(Stays, match="agent was told to stop, and is there still: agent-1"):
        town.leave(seconds=2)
    assert is_cordoned(town.shop, HELD)
    assert town.names("Lease") == ["simian-army-test"]


def test_a_fleet_that_keeps_nothing_in_a_cluster_has_nothing_to_leave(shop: Ground) -> None:
    with pytest.raises(ConfigError, match="keeps nothing in a cluster"):
        with wiring.leaving(wiring.read_config(shop.config)):
            pass
