"""The main job on a real kube-apiserver: the API server's own audit log and our ledger agree one to one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.test_demo import SIMIAN, simian

if TYPE_CHECKING:
    from tests.cluster.plane import Cluster

pytestmark = pytest.mark.real
SECONDS = 60
SPACE = "soak"


def config(folder: Path, cluster: Cluster) -> None:
    (folder / "simian.key").touch(mode=0o600)
    (folder / "simian.key").write_text("0123456789abcdef0123456789abcdef")
    (folder / "simian.yaml").write_text(
        "fleet: soak\nleashed: false\nkey: ${file:simian.key}\n"
        f"platforms:\n  kubernetes: {{context: {cluster.context}, cluster_uid: {cluster.uid}, namespaces: [{SPACE}]}}\n"
        "safety:\n  budget: {cooldown: 0s, per_day: 100}\n"
        "monkeys:\n  - {name: pods, use: chaos, on: kubernetes, schedule: {every: 2s}, with: {fault: pod-evict}}\n"
    )


def start(folder: Path, cluster: Cluster) -> subprocess.Popen[str]:
    env = {**os.environ, "KUBECONFIG": str(cluster.kubeconfig)}
    with (folder / "log").open("a") as log:
        return subprocess.Popen([SIMIAN, "run"], cwd=folder, env=env, stderr=log, text=True)


def pause(seconds: float) -> None:
    time.sleep(seconds)  # noqa: TID251 - the agent works meanwhile


@pytest.mark.timeout(300)
def test_the_ledger_and_the_api_servers_log_agree_through_a_kill(real_cluster: Cluster, tmp_path: Path) -> None:
    real_cluster.namespace(SPACE)
    try:
        for number in range(10):
            labels = {"simian-army/chaos": "enabled"} if number < 3 else {}
            real_cluster.deployment(SPACE, f"app-{number}", 5, template_labels=labels)
        real_cluster.settle(SPACE)
        _soak(real_cluster, tmp_path)
    finally:
        real_cluster.remove_namespace(SPACE)


def _soak(cluster: Cluster, folder: Path) -> None:
    config(folder, cluster)
    mark = cluster.audit_mark()
    first = start(folder, cluster)
    pause(SECONDS / 2)
    first.send_signal(signal.SIGKILL)
    first.wait()
    second = start(folder, cluster)
    pause(SECONDS / 2)
    second.terminate()
    assert second.wait(timeout=60) == 0, (folder / "log").read_text()[-2000:]
    events = [json.loads(line) for line in simian("audit", "--json", cwd=folder).stdout.splitlines()]
    evicted = [call for call in cluster.calls(mark) if call.evicts and call.agent.startswith("simian-army/")]
    _agree(events, evicted)
    assert "the chain is whole" in simian("audit", "verify", cwd=folder).stdout


def _agree(events: list[dict[str, Any]], evicted: list[Any]) -> None:
    did = [e["target"] for e in events if e["phase"] == "injected"]
    unsure = [e["target"] for e in events if e["phase"] == "unknown"]
    uids = [call.uid for call in evicted]
    assert len(evicted) >= 10
    assert len(set(uids)) == len(uids), "nothing is evicted twice"
    assert set(did) <= set(uids), "each injected event is an eviction the API server granted"
    assert set(uids) - set(did) <= set(unsure), "each granted eviction is injected, or the one the kill cut"
    assert len(set(uids) - set(did)) <= 1
    assert {call.name.rsplit("-", 2)[0] for call in evicted} <= {"app-0", "app-1", "app-2"}
    fired = [e["data"]["at"] for e in events if e["phase"] == "fired"]
    assert len(set(fired)) == len(fired), "no fire time fires twice"
    intended = {e["target"]: e["seq"] for e in events if e["phase"] == "intended"}
    assert set(uids) <= set(intended), "no eviction without an intent"


def test_leashed_sends_no_write_to_the_real_api_server(real_cluster: Cluster, tmp_path: Path) -> None:
    config(tmp_path, real_cluster)
    mark = real_cluster.audit_mark()
    env = {"KUBECONFIG": str(real_cluster.kubeconfig)}
    simian("once", "pods", "--leashed", cwd=tmp_path, code=None, **env)
    simian("plan", cwd=tmp_path, **env)
    simian("check", cwd=tmp_path, **env)
    assert [call for call in real_cluster.calls(mark) if call.agent.startswith("simian-army/") and call.writes] == []


def test_an_unleashed_run_on_another_cluster_than_configured_is_refused(real_cluster: Cluster, tmp_path: Path) -> None:
    config(tmp_path, real_cluster)
    file = tmp_path / "simian.yaml"
    file.write_text(file.read_text().replace(real_cluster.uid, "not-this-one"))
    said = simian("run", cwd=tmp_path, code=2, KUBECONFIG=str(real_cluster.kubeconfig)).stderr
    assert f"write cluster_uid: {real_cluster.uid}" in said
