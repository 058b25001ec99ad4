"""Does an undertaker with little more than its Secrets end what an agent left, on a real API server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from simian_army import marks
from tests.cluster.fleet import KEY, Fleet
from tests.cluster.process import Part
from tests.cluster.rights import FRONTS, account, forget, rule
from tests.cluster.waiting import BUSY, CLOCK, until

if TYPE_CHECKING:
    from tests.cluster.audit import Call
    from tests.cluster.plane import Cluster

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240, func_only=True)]
SPACE, NODE = "burying", "burying-1"
LATE = timedelta(seconds=5 + BUSY)
SECRETS = [rule("", "secrets", "get list create patch delete")]
UNDOES = [rule("", "nodes", "get patch")]
STRIKES = [
    rule("", "nodes", "get list patch"),
    rule("", "pods namespaces", "get list"),
    rule("apps", "deployments replicasets statefulsets daemonsets", "get list"),
    rule("batch", "jobs cronjobs", "get list"),
    *FRONTS,
]
NEVER, OFTEN = 'cron: "0 0 1 1 *"', "every: 1s"


@dataclass(frozen=True)
class Scene:
    """One folder and its config, which agent and undertaker read as two people."""

    cluster: Cluster
    folder: Path
    agents: Path
    undertakers: Path

    def write(self, schedule: str, hold: str) -> None:
        """The config: when NODE is cordoned, and for how long; records are Secrets of SPACE."""
        (self.folder / "simian.yaml").write_text(
            f"fleet: burying\nleashed: false\nkey: {KEY}\nobserve: {{listen: ''}}\n"
            f"undertaker: {{namespace: {SPACE}}}\nplatforms:\n"
            f"  kubernetes: {{context: {self.cluster.context}, cluster_uid: {self.cluster.uid}}}\n"
            "safety:\n  budget: {cooldown: 0s, max_percent: 100}\nmonkeys:\n"
            f"  - {{name: nodes, use: chaos, on: kubernetes, select: {{names: [{NODE}]}}, schedule: {{{schedule}}},\n"
            f"     hold: {hold}, with: {{fault: node-cordon}}}}\n"
        )

    @property
    def fleet(self) -> Fleet:
        """The agent's side."""
        return Fleet(self.folder, self.agents)

    @contextmanager
    def undertaker(self) -> Iterator[Part]:
        """Its own process with its own account."""
        made = Fleet(self.folder, self.undertakers)
        words = ["/usr/bin/env", f"KUBECONFIG={self.undertakers}", *made.command("undertaker")]
        part = Part(words, self.folder / "undertaker.log")
        try:
            yield part
        finally:
            part.stop()

    def node(self) -> Any:
        return self.cluster.admin.get(f"/api/v1/nodes/{NODE}")

    def cordoned(self) -> bool:
        return bool(self.node()["spec"].get("unschedulable"))

    def held(self) -> datetime:
        """Waits until NODE is cordoned; until when it is to be."""
        until("a cordon", self.cordoned)
        mark = marks.from_text(self.node()["metadata"]["annotations"][marks.FAULT])
        assert mark is not None
        return mark.deadline

    def given_back(self, seconds: float) -> datetime:
        """Waits until NODE is as it was; when that came to be."""
        until("the end of the cordon", lambda: not self.cordoned(), seconds)
        assert "simian-army/" not in str(self.node()["metadata"]["annotations"])
        return CLOCK.now()

    def logs(self) -> str:
        return "\n".join(f"== {file.name}\n{file.read_text()[-3000:]}" for file in self.folder.glob("*.log"))


@pytest.fixture
def scene(real_cluster: Cluster, tmp_path: Path) -> Iterator[Scene]:
    """A namespace of ours with both accounts, and a node on which nobody lives."""
    real_cluster.namespace(SPACE)
    try:
        real_cluster.nodes(1, "burying")
        nobody = {"spec": {"taints": [{"key": "burying", "effect": "NoSchedule"}]}}
        real_cluster.admin.patch(f"/api/v1/nodes/{NODE}", nobody)
        agents = account(real_cluster, SPACE, "agent", SECRETS, STRIKES)
        undertakers = account(real_cluster, SPACE, "undertaker", SECRETS, UNDOES)
        yield Scene(real_cluster, tmp_path, agents, undertakers)
    finally:
        forget(real_cluster, SPACE, "agent", "undertaker")
        real_cluster.admin.delete(f"/api/v1/nodes/{NODE}")
        real_cluster.remove_namespace(SPACE)


def calls_of(scene: Scene, since: int, name: str) -> list[Call]:
    """What one of both accounts asked of the API server."""
    user = f"system:serviceaccount:{SPACE}:{name}"
    return [call for call in scene.cluster.calls(since) if call.user == user]


def nothing_but_its_rights(calls: list[Call], *rights: str) -> None:
    """Every call was granted, and was one of ``verb resource``."""
    assert [call for call in calls if call.code == 403] == []
    assert {f"{call.verb} {call.resource}" for call in calls if call.resource} <= {*rights}
    assert {call.namespace for call in calls if call.resource == "secrets"} == {SPACE}


def test_an_undertaker_that_may_do_little_ends_what_a_killed_agent_held(scene: Scene) -> None:
    begun = scene.cluster.audit_mark()
    scene.write(OFTEN, "8s")
    with scene.undertaker() as undertaker:
        agent = scene.fleet.start()
        try:
            deadline = scene.held()
        finally:
            agent.kill()
        at = scene.given_back(60)
        print(f"reverted {(at - deadline).total_seconds():.1f} s after the deadline")
        assert deadline <= at <= deadline + LATE, scene.logs()
        scene.write(NEVER, "8s")
        agent = scene.fleet.start()
        until("the revert to be told", lambda: scene.fleet.events("--phase", "reverted"), 60)
        agent.stop()
        assert agent.code == 0, scene.logs()
        undertaker.stop()
        assert undertaker.code == 0, scene.logs()
    assert len(scene.fleet.events("--phase", "injected")) == len(scene.fleet.events("--phase", "reverted")) == 1
    theirs, ours = calls_of(scene, begun, "undertaker"), calls_of(scene, begun, "agent")
    acts = (
        "get secrets",
        "list secrets",
        "create secrets",
        "patch secrets",
        "delete secrets",
        "get nodes",
        "patch nodes",
    )
    nothing_but_its_rights(theirs, *acts)
    assert [call.code for call in theirs if call.resource == "nodes" and call.writes] == [200]
    assert [call.code for call in ours if call.resource == "nodes" and call.writes][:1] == [200]
    assert [call for call in (*theirs, *ours) if call.writes and call.resource not in ("secrets", "nodes")] == []
    made = [call for call in scene.cluster.calls(begun) if call.writes and "role" in call.resource]
    assert made == [], "no Role is made at run time, by whomever"
    left = list(scene.cluster.admin.items(f"/api/v1/namespaces/{SPACE}/secrets?labelSelector=simian-army/record"))
    assert left == []


def test_an_agent_whose_undertaker_is_killed_ends_what_it_holds_and_holds_nothing_until_another_comes(
    scene: Scene,
) -> None:
    scene.write(OFTEN, "10m")
    with scene.undertaker() as undertaker:
        agent = scene.fleet.start()
        try:
            scene.held()
            begun = CLOCK.monotonic()
            undertaker.kill()
            scene.given_back(60)
            took = CLOCK.monotonic() - begun
            print(f"reverted {took:.1f} s after the undertaker was killed")
            assert took < 15 + BUSY, scene.logs()
            until("a refusal", lambda: "no undertaker lives" in str(scene.fleet.events("--phase", "denied")), 60)
            assert not scene.cordoned()
            with scene.undertaker():
                scene.held()
                agent.stop()
                assert agent.code == 0, scene.logs()
                assert not scene.cordoned()
        finally:
            agent.stop()
