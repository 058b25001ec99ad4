"""Four monkeys on three real grounds at once: every ground's own record agrees with the ledger one to one."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from simian_army.embedded.cloud import REGION, CloudServer
from simian_army.model import ENDS
from tests.cluster.fleet import KEY, Fleet
from tests.cluster.waiting import until
from tests.e2e.told import evictions
from tests.e2e.watcher import Watcher
from tests.targets.clouds import Cloud
from tests.targets.links import Links

if TYPE_CHECKING:
    from tests.cluster.audit import Call
    from tests.cluster.plane import Cluster

Event = dict[str, Any]
SECONDS = 60
SPACE = "grounds"
CONCURRENT = 3
CONFIG = """\
fleet: grounds
leashed: false
ledger: sqlite:///{folder}/simian.db
key: {key}
platforms:
  kubernetes: {{context: {context}, cluster_uid: {uid}, namespaces: [{space}]}}
  aws: {{regions: [{region}], accounts: ["123456789012"], endpoint: "{cloud}"}}
  toxiproxy: {{endpoints: ["{links}"], opt_in: [shop-*]}}
safety:
  budget: {{concurrent: {concurrent}, per_day: 1000, per_group: 2, max_percent: 50, cooldown: 0s}}
monkeys:
  - {{name: pods, use: chaos, on: kubernetes, schedule: {{every: 2s}}, with: {{fault: pod-evict}}}}
  - {{name: hosts, use: chaos, on: aws, schedule: {{every: 3s}}, hold: 4s, with: {{fault: instance-stop}}}}
  - {{name: slow, use: latency, on: toxiproxy, schedule: {{every: 2s}}, hold: 3s, with: {{latency: 80}}}}
  - {{name: rules, use: conformity, on: kubernetes, schedule: {{every: 10s}}}}
"""


@dataclass(frozen=True)
class Grounds:
    """The three grounds, each with its own way to be asked."""

    cluster: Cluster
    cloud: Cloud
    links: Links

    def state(self) -> dict[str, Any]:
        """What a fault may change on AWS and toxiproxy, as those say themselves."""
        return {"instances": self.cloud.instances(), "groups": self.cloud.groups(), "proxies": self.links.proxies()}


@pytest.fixture
def grounds(real_cluster: Cluster, real_toxiproxy: str) -> Iterator[Grounds]:
    with CloudServer() as server, _shop(real_cluster):
        cloud, links = Cloud(server), Links(real_toxiproxy)
        for name, tags in (("a", True), ("b", True), ("c", True), ("d", False)):
            cloud.instance(name, {"simian-army/chaos": "enabled"} if tags else {})
        cloud.group("web", 3, {"simian-army/chaos": "enabled"})
        for name in ("shop-1", "shop-2", "shop-3", "shop-4", "other-1"):
            links.proxy(name)
        try:
            yield Grounds(real_cluster, cloud, links)
        finally:
            links.clear()


@contextmanager
def _shop(cluster: Cluster) -> Iterator[None]:
    cluster.namespace(SPACE)
    try:
        for number in range(4):
            labels = {"simian-army/chaos": "enabled"} if number < 3 else {}
            cluster.deployment(SPACE, f"app-{number}", 5, template_labels=labels)
        cluster.settle(SPACE)
        yield
    finally:
        cluster.remove_namespace(SPACE)


@pytest.mark.timeout(300)
def test_one_run_drives_three_grounds_under_one_budget_ledger_and_halt(grounds: Grounds, tmp_path: Path) -> None:
    made = _fleet(grounds, tmp_path)
    before, mark = grounds.state(), grounds.cluster.audit_mark()
    with Watcher(grounds.cloud.stopped, 0.1) as stopped, Watcher(grounds.links.toxics) as toxics:
        agent = made.start()
        time.sleep(SECONDS)  # noqa: TID251 - the agent works meanwhile
        until("each of the monkeys to have worked", lambda: _worked(made.events()), 2 * SECONDS, 2.0)
        assert made.simian("halt", "--reason", "the test is over").returncode == 0
        until("everything held to be reverted", lambda: not _held(made), 60)
        halted_at = len(made.events())
        time.sleep(5)  # noqa: TID251 - a time in which nothing may begin
        late = made.events()[halted_at:]
        agent.stop()
    assert agent.code == 0, (tmp_path / "agent.log").read_text()[-2000:]
    assert grounds.state() == before, "each target is as it was, tags and toxics too"
    events = made.events()
    assert not [event for event in late if event["phase"] in ("fired", "intended")], "a halt lets nothing begin"
    _agree_with_kubernetes(list(grounds.cluster.calls(mark)), events)
    _agree_with_aws(grounds.cloud, stopped, events)
    _agree_with_toxiproxy(toxics, events)
    _within_the_budget(events, stopped, toxics)
    _findings(events)
    assert "the chain is whole" in made.simian("audit", "verify").stdout


def _fleet(grounds: Grounds, folder: Path) -> Fleet:
    made = Fleet(folder, grounds.cluster.kubeconfig_of("admin"))
    made.config.write_text(
        CONFIG.format(
            folder=folder,
            key=KEY,
            context=grounds.cluster.context,
            uid=grounds.cluster.uid,
            space=SPACE,
            region=REGION,
            cloud=grounds.cloud.url,
            links=grounds.links.url,
            concurrent=CONCURRENT,
        )
    )
    return made


def _worked(events: Sequence[Event]) -> bool:
    """Whether there is enough to be compared: a busy machine begins late and is slow."""
    wanted = {"pods": ("injected", 8), "hosts": ("injected", 5), "slow": ("injected", 8), "rules": ("fired", 5)}
    return all(len(_of(events, phase, entry)) >= count for entry, (phase, count) in wanted.items())


def _held(made: Fleet) -> list[str]:
    (told,) = [line for line in made.simian("status", "--json").stdout.splitlines() if line]
    return [row["kind"] for row in json.loads(told)["open"] if row["kind"] != "pod-evict"]


def _of(events: Sequence[Event], phase: str, entry: str) -> list[Event]:
    return [event for event in events if event["phase"] == phase and event["entry"] == entry]


def _agree_with_kubernetes(calls: Sequence[Call], events: Sequence[Event]) -> None:
    evicted = [call.uid for call in evictions(calls, SPACE)]
    assert len(evicted) >= 8
    assert sorted(evicted) == sorted(event["target"] for event in _of(events, "injected", "pods"))
    assert {call.name.rsplit("-", 2)[0] for call in evictions(calls, SPACE)} <= {"app-0", "app-1", "app-2"}


def _agree_with_aws(cloud: Cloud, stopped: Watcher, events: Sequence[Event]) -> None:
    injected = Counter(event["target"].rpartition("/")[2] for event in _of(events, "injected", "hosts"))
    reverted = Counter(event["target"].rpartition("/")[2] for event in _of(events, "reverted", "hosts"))
    assert sum(injected.values()) >= 5
    assert stopped.began == injected == reverted, "each stop that moto showed is one injected and one reverted event"
    writes = Counter(write.action for write in cloud.server.writes)
    assert writes["StopInstances"] == writes["StartInstances"] == sum(injected.values())
    assert {cloud.name_of(one) for one in injected} <= {"a", "b", "c"}


def _agree_with_toxiproxy(toxics: Watcher, events: Sequence[Event]) -> None:
    runs = Counter(name.rpartition("/")[2].rsplit("-", 3)[1] for name in toxics.began)
    injected = Counter(event["run"] for event in _of(events, "injected", "slow"))
    assert sum(injected.values()) >= 8
    assert runs == injected == Counter(event["run"] for event in _of(events, "reverted", "slow"))
    assert {name.partition("/")[0] for name in toxics.began} <= {"shop-1", "shop-2", "shop-3", "shop-4"}


def _within_the_budget(events: Sequence[Event], stopped: Watcher, toxics: Watcher) -> None:
    still, most = set[tuple[str, str]](), 0
    for event in events:
        key = (event["run"], event["target"])
        if event["phase"] == "intended":
            still.add(key)
        elif event["phase"] in ENDS:
            still.discard(key)
        most = max(most, len(still))
    assert 2 <= most <= CONCURRENT, f"{most} open at once over all grounds"
    assert stopped.most <= 2
    assert toxics.most <= 2


def _findings(events: Sequence[Event]) -> None:
    fired = len(_of(events, "fired", "rules"))
    assert fired >= 5
    found = Counter(event["data"]["rule"] for event in _of(events, "found", "rules"))
    # four Deployments of five, without a budget, probes and requests, each time
    assert found == {"disruption-budget": 4 * fired, "readiness-probe": 4 * fired, "resource-requests": 4 * fired}
