"""Does kubectl alone let a run strike on a real kube-apiserver, and only who RBAC lets annotate the namespace."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.cluster import build
from tests.cluster.fleet import Fleet, Wish, fleet
from tests.cluster.rights import account, forget, rule
from tests.cluster.waiting import pause, until
from tests.e2e.told import evictions

if TYPE_CHECKING:
    from tests.cluster.plane import Cluster

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240, func_only=True)]
SPACE = "approving"
OUT = "simian-army/opt-out"
MAY, MAY_NOT = "approver", "onlooker"
ONLOOKS = [rule("", "namespaces pods", "get list")]
APPROVES = [*ONLOOKS, {**rule("", "namespaces", "patch"), "resourceNames": [SPACE]}]


@contextmanager
def ground(cluster: Cluster, folder: Path, schedule: str) -> Iterator[Fleet]:
    """A Deployment that opted in, and a monkey whose draws wait for somebody's word."""
    cluster.namespace(SPACE)
    try:
        cluster.deployment(SPACE, "web", 4, template_labels={"simian-army/chaos": "enabled"})
        cluster.settle(SPACE)
        made = fleet(cluster, folder, Wish(namespaces=SPACE, schedule=schedule))
        text = made.config.read_text()
        made.config.write_text(text.replace("on: kubernetes, ", "on: kubernetes, approval: {expires: 1h}, "))
        yield made
    finally:
        forget(cluster, SPACE, MAY, MAY_NOT)
        cluster.remove_namespace(SPACE)


def kubectl(kubeconfig: Path, command: str) -> subprocess.CompletedProcess[str]:
    """Type what an event says is to be typed."""
    tool = build.kubectl()
    words = command.split()
    assert words[0] == "kubectl"
    environment = {**os.environ, "KUBECONFIG": str(kubeconfig)}
    return subprocess.run(
        [str(tool), *words[1:]], check=False, env=environment, capture_output=True, text=True, timeout=120
    )


def pending(made: Fleet) -> list[dict[str, Any]]:
    return made.events("--phase", "pending")


def test_who_may_annotate_the_namespace_approves_by_the_command_that_is_told(
    real_cluster: Cluster, tmp_path: Path
) -> None:
    with ground(real_cluster, tmp_path, "every: 2s") as made:
        onlooker = account(real_cluster, SPACE, MAY_NOT, [], ONLOOKS)
        approver = account(real_cluster, SPACE, MAY, [], APPROVES)
        begun = real_cluster.audit_mark()
        agent = made.start()
        try:
            (first, *_) = until("something to wait", lambda: pending(made), 60)
            command = first["data"]["approve"]
            assert command in made.simian("status").stdout
            refused = kubectl(onlooker, command)
            assert refused.returncode != 0
            assert "forbidden" in refused.stderr
            pause(4)
            assert evictions(real_cluster.calls(begun), SPACE) == []
            done = kubectl(approver, command)
            assert done.returncode == 0, done.stderr
            (struck,) = until("the eviction", lambda: evictions(real_cluster.calls(begun), SPACE), 60)
        finally:
            agent.stop()
        assert agent.code == 0, (tmp_path / "agent.log").read_text()[-2000:]
        assert struck.uid == first["target"]
        (intended,) = made.events("--phase", "intended")
        assert (intended["run"], intended["target"]) == (first["run"], first["target"])
        assert intended["data"]["approved"].startswith("kubectl-annotate at 20")
        assert len(evictions(real_cluster.calls(begun), SPACE)) == 1, "no other run was approved"


def answered(made: Fleet, one: dict[str, Any]) -> None:
    """Approve it, and wait until something comes of it."""

    def over() -> bool:
        return bool(made.events("--run", one["run"])[-1]["phase"] != "pending")

    assert kubectl(made.kubeconfig, one["data"]["approve"]).returncode == 0
    until("it to be answered", over, 60)


def test_it_outlives_a_restart_and_an_opt_out_is_a_veto(real_cluster: Cluster, tmp_path: Path) -> None:
    with ground(real_cluster, tmp_path, 'cron: "0 0 1 1 *"') as made:
        begun = real_cluster.audit_mark()
        for _ in range(2):
            done = made.simian("once", "pods", "--wait", "0s")
            assert done.returncode == 3, done.stdout + done.stderr
            assert "still pending" in done.stdout
        first, second = pending(made)
        space = f"/api/v1/namespaces/{SPACE}"
        agent = made.start()
        try:
            real_cluster.admin.patch(space, {"metadata": {"labels": {OUT: "true"}}})
            answered(made, second)
            real_cluster.admin.patch(space, {"metadata": {"labels": {OUT: None}}})
            answered(made, first)
        finally:
            agent.stop()
        (struck,) = evictions(real_cluster.calls(begun), SPACE)
        assert struck.uid == first["target"]
        (vetoed,) = [one for one in made.events("--run", second["run"]) if one["phase"] == "denied"]
        assert f"opt-in: simian-army/opt-out=true on Namespace {SPACE}" in vetoed["data"]["reason"]
