"""The main job on a real kube-apiserver: the API server's own audit log and our ledger agree one to one."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.cluster.audit import SOAKS
from tests.cluster.fleet import Fleet, Wish, fleet
from tests.cluster.waiting import until
from tests.e2e.told import evictions, group_of, most

if TYPE_CHECKING:
    from tests.cluster.audit import Call
    from tests.cluster.plane import Cluster

SECONDS = 60
REPLICAS = 5
OPTED_IN = {"app-0", "app-1", "app-2"}
SOAK, DAY = SOAKS
BUDGET = "concurrent: 3, per_day: {per_day}, per_group: 1, max_percent: 34, cooldown: 0s"


def pause(seconds: float) -> None:
    time.sleep(seconds)  # noqa: TID251 - the agent works meanwhile


@contextmanager
def ten_deployments(cluster: Cluster, space: str) -> Iterator[list[str]]:
    """Ten Deployments of five pods, three of them opted in; gives the names of the pods."""
    cluster.namespace(space)
    try:
        for number in range(10):
            labels = {"simian-army/chaos": "enabled"} if f"app-{number}" in OPTED_IN else {}
            cluster.deployment(space, f"app-{number}", REPLICAS, template_labels=labels)
        cluster.settle(space)
        yield [pod["metadata"]["name"] for pod in cluster.pods(space)]
    finally:
        cluster.remove_namespace(space)


@pytest.mark.timeout(300)
def test_the_ledger_and_the_api_servers_log_agree_through_a_kill(real_cluster: Cluster, tmp_path: Path) -> None:
    with ten_deployments(real_cluster, SOAK) as pods:
        made = fleet(real_cluster, tmp_path, Wish(namespaces=SOAK, budget=BUDGET.format(per_day=100)))
        mark = real_cluster.audit_mark()
        first = made.start()
        pause(SECONDS / 2)
        first.kill()
        second = made.start()
        pause(SECONDS / 2)
        second.stop()
        assert second.code == 0, (tmp_path / "agent.log").read_text()[-2000:]
        calls = list(real_cluster.calls(mark))
    events = made.events()
    evicted = evictions(calls, SOAK)
    assert len(evicted) >= 10, f"{len(evicted)} evictions in {SECONDS} s"
    _only_the_opted_in(evicted, events)
    _one_to_one(evicted, events)
    _within_the_budget(calls, pods)
    assert "the chain is whole" in made.simian("audit", "verify").stdout


def _only_the_opted_in(evicted: Sequence[Call], events: Sequence[dict[str, Any]]) -> None:
    assert {group_of(call.name) for call in evicted} <= OPTED_IN
    intended = {event["target"] for event in events if event["phase"] == "intended"}
    assert {call.uid for call in evicted} <= intended, "no eviction without an intent"


def _one_to_one(evicted: Sequence[Call], events: Sequence[dict[str, Any]]) -> None:
    uids = [call.uid for call in evicted]
    assert len(set(uids)) == len(uids), "nothing is evicted twice"
    did = [event["target"] for event in events if event["phase"] == "injected"]
    unsure = {event["target"] for event in events if event["phase"] == "unknown"}
    assert len(set(did)) == len(did), "nothing is told twice"
    assert set(did) <= set(uids), "each injected event is an eviction the API server granted"
    assert set(uids) - set(did) <= unsure, "each granted eviction is told as injected, or is the one the kill cut"
    assert len(unsure) <= 1, "one kill cuts one intent at most"
    fired = [event["data"]["at"] for event in events if event["phase"] == "fired"]
    assert len(set(fired)) == len(fired), "no fire time fires twice"


def _within_the_budget(calls: Sequence[Call], pods: Sequence[str]) -> None:
    seen = most(calls, SOAK, pods, REPLICAS)
    assert 1 <= seen.open <= 3, f"{seen.open} evicted pods were not yet replaced at once; concurrent allows 3"
    assert seen.in_one_group == 1, f"a group missed {seen.in_one_group} pods at once; 34 % of {REPLICAS} allows 1"


def test_no_more_than_per_day_are_evicted(real_cluster: Cluster, tmp_path: Path) -> None:
    with ten_deployments(real_cluster, DAY):
        made = fleet(
            real_cluster, tmp_path, Wish(namespaces=DAY, schedule="every: 1s", budget=BUDGET.format(per_day=4))
        )
        mark = real_cluster.audit_mark()
        agent = made.start()
        until("the budget of the day to be spent and asked again", lambda: _refused(made), 120)
        agent.stop()
        evicted = evictions(real_cluster.calls(mark), DAY)
    assert len(evicted) == 4


def _refused(made: Fleet) -> bool:
    """Whether three fires were denied because the day is full."""
    denied = made.events("--phase", "denied")
    return sum("4 of 4 in the last 24 h" in str(event["data"]) for event in denied) >= 3


def test_leashed_sends_no_write_to_the_real_api_server(real_cluster: Cluster, tmp_path: Path) -> None:
    made = fleet(real_cluster, tmp_path, Wish())
    mark = real_cluster.audit_mark()
    for words in (["once", "pods", "--leashed"], ["plan"], ["check"]):
        made.simian(*words)
    ours = [call for call in real_cluster.calls(mark) if call.agent.startswith("simian-army/")]
    assert ours, "the commands asked the API server something"
    assert [call for call in ours if call.writes] == []


def test_an_unleashed_run_on_another_cluster_than_configured_is_refused(real_cluster: Cluster, tmp_path: Path) -> None:
    made = fleet(real_cluster, tmp_path, Wish())
    made.config.write_text(made.config.read_text().replace(real_cluster.uid, "not-this-one"))
    said = made.simian("run")
    assert said.returncode == 2
    assert f"write cluster_uid: {real_cluster.uid}" in said.stderr
