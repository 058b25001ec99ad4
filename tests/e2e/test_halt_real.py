"""Does an agent on a real kube-apiserver obey annotations written by nothing but the API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.cluster.fleet import Fleet, Wish, fleet
from tests.cluster.waiting import BUSY, CLOCK, pause, until
from tests.e2e.told import evictions

if TYPE_CHECKING:
    from tests.cluster.plane import Cluster

SPACE, OURS = "halting", "halting-simian"
HALT = "simian-army/halt"
NODE = "halting-1"
MONKEYS = """\
  - {name: nodes, use: chaos, on: kubernetes, select: {names: [halting-*]}, schedule: {every: 1s}, hold: 10m,
     with: {fault: node-cordon}}
"""


@contextmanager
def ground(cluster: Cluster, folder: Path) -> Iterator[Fleet]:
    """Our own namespace with the ConfigMap, a team's with a Deployment, and an empty node of our own."""
    for space in (SPACE, OURS):
        cluster.namespace(space)
    try:
        about = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "simian-army-halt"}, "data": {"a": "b"}}
        cluster.api("admin").create(f"/api/v1/namespaces/{OURS}/configmaps", about)
        cluster.nodes(1, "halting")
        nobody = {"spec": {"taints": [{"key": "halting", "effect": "NoSchedule"}]}}  # a team's pods would speak for it
        cluster.api("admin").patch(f"/api/v1/nodes/{NODE}", nobody)
        cluster.deployment(SPACE, "web", 5, template_labels={"simian-army/chaos": "enabled"})
        cluster.settle(SPACE)
        made = fleet(
            cluster,
            folder,
            Wish(
                namespaces=SPACE,
                schedule="every: 1s",
                budget="concurrent: 9, per_day: 999, per_group: 9, max_percent: 100, cooldown: 0s",
            ),
        )
        text = made.config.read_text()
        made.config.write_text(text.replace("monkeys:\n", f"halt: {{namespace: {OURS}}}\nmonkeys:\n") + MONKEYS)
        yield made
    finally:
        for space in (SPACE, OURS):
            cluster.remove_namespace(space)
        cluster.api("admin").delete(f"/api/v1/nodes/{NODE}")


def annotate(cluster: Cluster, path: str, said: str | None) -> None:
    """What ``kubectl annotate`` sends."""
    cluster.api("admin").patch(f"{path}?fieldManager=kubectl-annotate", {"metadata": {"annotations": {HALT: said}}})


def cordoned(cluster: Cluster) -> bool:
    return bool(cluster.api("admin").get(f"/api/v1/nodes/{NODE}")["spec"].get("unschedulable"))


def evicted(cluster: Cluster, since: int) -> int:
    return len(evictions(cluster.calls(since), SPACE))


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_kubectl_alone_halts_the_fleet_and_a_team_its_own_namespace(real_cluster: Cluster, tmp_path: Path) -> None:
    configmap = f"/api/v1/namespaces/{OURS}/configmaps/simian-army-halt"
    with ground(real_cluster, tmp_path) as made:
        agent = made.start()
        try:
            until("the node to be cordoned", lambda: cordoned(real_cluster))
            begun = real_cluster.audit_mark()
            until("an eviction", lambda: evicted(real_cluster, begun) > 0)
            annotate(real_cluster, configmap, "incident 7")
            started = CLOCK.monotonic()
            until("the node to be given back", lambda: not cordoned(real_cluster))
            took = CLOCK.monotonic() - started
            assert took < 6 + BUSY, f"{took:.1f} s from the annotation to the last revert"
            mark = real_cluster.audit_mark()
            pause(5)
            assert evicted(real_cluster, mark) == 0
            status = made.simian("status").stdout
            assert f"configmap {OURS}/simian-army-halt: by kubectl-annotate at" in status
            annotate(real_cluster, configmap, None)
            until("it to go on", lambda: cordoned(real_cluster) and evicted(real_cluster, mark) > 0)
            annotate(real_cluster, f"/api/v1/namespaces/{SPACE}", "our launch")
            pause(5)  # for an eviction under way
            mark = real_cluster.audit_mark()
            pause(4)
            assert evicted(real_cluster, mark) == 0
            assert cordoned(real_cluster), "the node is nobody's of that team"
        finally:
            agent.stop()
        assert agent.code == 0, (tmp_path / "agent.log").read_text()[-2000:]
        _told(made)
    print(f"from the annotation to the last revert: {took:.1f} s")


def _told(made: Fleet) -> None:
    halted: list[dict[str, Any]] = made.events("--phase", "halted")
    assert [(e["data"]["source"], e["data"]["author"], e["data"]["reason"]) for e in halted][:1] == [
        ("configmap", "kubectl-annotate", "incident 7")
    ]
    resumed = made.events("--phase", "resumed")
    assert [e["data"]["source"] for e in resumed] == ["configmap"]
    denied = [e for e in made.events("--phase", "denied") if "our launch" in str(e["data"])]
    assert denied, "the team's halt is in the audit by its own words"
