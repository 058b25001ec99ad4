"""What a drain, a zone outage and a partition cost among 10,000 pods on 40 nodes: calls, what for, memory, time."""

from __future__ import annotations

import sys
from pathlib import Path

# The file select.py beside this one must not shadow the standard library's module of that name.
sys.path.remove(str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import os
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.cluster import world
from tests.cluster.build import CannotBuildError, say
from tests.cluster.fleet import KEY, Fleet
from tests.cluster.plane import Cluster

if TYPE_CHECKING:
    from tests.cluster.audit import Call

PODS, NODES, ZONES = int(os.environ.get("PODS", "10000")), 40, 3
EACH, PLACES = 100, 10
MEGABYTES = 256.0
EVICTS = frozenset({"node-drain", "zone-outage"})
HOLDS = {"node-drain": 10, "zone-outage": 150, "network-partition": 10}
WRITTEN = frozenset({"nodes", "pods", "networkpolicies", "pods/eviction"})
ZONE = "topology.kubernetes.io/zone"
FAULTS = {
    "node-drain": "select: {names: [node-1]}, with: {fault: node-drain}",
    "zone-outage": "select: {names: [node-2]}, with: {fault: zone-outage}",
    "network-partition": "with: {fault: network-partition}",
}


@dataclass(frozen=True, slots=True)
class Part:
    """Calls that are made for one reason: which they are, and in words why so many."""

    verb: str
    resource: str
    within: str
    words: str


PARTS = (
    Part("create", "pods/eviction", "", "one for each pod that goes"),
    Part("patch", "nodes", "", "cordon and mark in one write, uncordon and unmark in another: two a node"),
    Part("patch", "pods", "", "label and mark, and both off again"),
    Part("create", "networkpolicies", "", "the policy"),
    Part("delete", "networkpolicies", "", "the policy"),
    Part("get", "networkpolicies", "", "whether one of that name is there: before, after, and gone"),
    Part("list", "networkpolicies", "", "what bears a mark, at the start, in all namespaces"),
    Part("list", "daemonsets", "", "who enforces policies here, in the namespaces where that is known to stand"),
    Part("list", "pods", "spec.nodeName", "who is on each node: asked to consent, seen to have gone, and every 2 s"),
    Part("list", "pods", "status.phase", "the candidates, 500 a page"),
    Part("list", "pods", "labelSelector=simian", "what bears a mark, at the start"),
    Part("list", "pods", "labelSelector", "which pods of the target's group are ready, before and after"),
    Part("list", "pods", "", "which pods of the groups in reach are ready, 500 a page, a list a namespace"),
    Part("list", "nodes", "", "candidates, their zone, marks, and the proof that nothing of ours is left"),
    Part("get", "nodes", "", "before and after each write, and every 2 s while it is held"),
    Part("get", "pods", "", "before and after each write, and every 2 s while it is held"),
    Part("list", "deployments", "", "how many pods each group in reach wants, a list a namespace"),
    Part("list", "replicasets", "", "whose pods they are, a list a namespace"),
    Part("get", "deployments", "", "who owns them, where few are asked for in a namespace"),
    Part("get", "replicasets", "", "the same"),
    Part("list", "poddisruptionbudgets", "", "who has a word on how few may stay, a list a namespace"),
    Part("list", "horizontalpodautoscalers", "", "the same"),
    Part("list", "namespaces", "", "what namespaces say of consent, and who halts"),
    Part("list", "validatingwebhookconfigurations", "", "whether the API server asks whom this strikes, at first"),
    Part("list", "mutatingwebhookconfigurations", "", "the same"),
    Part("list", "apiservices", "", "the same"),
    Part("list", "customresourcedefinitions", "", "the same: conversions"),
    Part("get", "namespaces", "", "which cluster this is, what a namespace says of consent, and every 2 s"),
)


def built(cluster: Cluster) -> None:
    """Ten thousand pods in Deployments of a hundred, spread by the scheduler over nodes in three zones."""
    zones = cycle("abc"[:ZONES])
    for name, zone in zip((f"node-{number}" for number in range(1, NODES + 1)), zones, strict=False):
        cluster.admin.patch(f"/api/v1/nodes/{name}", {"metadata": {"labels": {ZONE: zone}}})
    places = [f"crowd-{number}" for number in range(1, PLACES + 1)]
    for place in places:
        cluster.namespace(place)
    for number, place in zip(range(PODS // EACH), cycle(places), strict=False):
        wanted = world.deployment(f"web-{number}", EACH, {}, {"simian-army/chaos": "enabled"})
        cluster.admin.create(f"/apis/apps/v1/namespaces/{place}/deployments", wanted)
    settle(cluster)


def settle(cluster: Cluster) -> None:
    for number in range(1, PLACES + 1):
        cluster.settle(f"crowd-{number}", 1800)


def written(cluster: Cluster, folder: Path) -> Fleet:
    """The config of a fleet that may do all this."""
    key = folder / "simian.key"
    key.write_text(KEY + "\n")
    key.chmod(0o600)
    made = Fleet(folder, cluster.kubeconfig_of("admin"))
    monkeys = "\n".join(
        f"  - {{name: {name}, use: chaos, on: kubernetes, schedule: {{every: 12h}}, hold: {HOLDS[name]}s, {words}}}"
        for name, words in FAULTS.items()
    )
    made.config.write_text(
        f"fleet: bench\nleashed: false\nledger: sqlite:///{folder / 'simian.db'}\nkey: ${{file:{key}}}\n"
        f"platforms:\n  kubernetes: {{context: {cluster.context}, cluster_uid: {cluster.uid}, namespaces: [crowd-*]}}\n"
        "safety:\n  budget: {concurrent: 3, per_day: 100, max_percent: 100, cooldown: 0s}\n"
        f"monkeys:\n{monkeys}\n"
    )
    return made


def once(made: Fleet, name: str) -> tuple[float, str]:
    """One firing by hand until it is given back: the peak memory of its process in MB, and what it printed."""
    child = subprocess.Popen(
        made.command("once", name), env=made.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    with child:
        said = child.stdout.read().decode() if child.stdout else ""
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"simian once {name} ended with {child.returncode}:\n{said}")
    return usage.ru_maxrss / 1024, said


def told(name: str, calls: Sequence[Call], megabytes: float) -> bool:
    """Print one fault's costs; whether its goal is met.

    Raises:
        SystemExit: it struck nobody, or there are calls that nothing here explains, so nothing was measured.
    """
    acts = [call for call in calls if call.writes and call.resource in WRITTEN and call.code < 300]
    struck = [call for call in acts if call.resource == "pods/eviction"] or acts[:2]
    reads, met = sum(not call.writes for call in calls), megabytes <= MEGABYTES
    before = (acts[0].at - calls[0].at).total_seconds()
    striking = (struck[-1].done - acts[0].at).total_seconds()
    goal = f"goal {MEGABYTES:.0f}: {'met' if met else 'MISSED'}"
    print(f"\n{name}: {len(calls):,} calls, {reads:,} of them reads; peak {megabytes:.0f} MB, {goal}")
    granted = sum(call.evicts for call in calls)
    print(f"  {before:.2f} s from the first call to the first write, {striking:.2f} s until the last one that strikes")
    print(f"  {granted:,} evictions were granted")
    counted = Counter(part(call) for call in calls)
    for (what, words), count in sorted(counted.items(), key=lambda item: -item[1]):
        print(f"  {count:6,}  {what:34} {words}")
    unexplained = sorted(what for what, words in counted if not words)
    if unexplained:
        raise SystemExit(f"{name}: nothing here says what these calls are for: {', '.join(unexplained)}")
    if name in EVICTS and not granted:
        raise SystemExit(f"{name}: nobody was evicted, so nothing was measured")
    return met


def part(call: Call) -> tuple[str, str]:
    """What a call is, and what it is for."""
    what = f"{call.verb} {call.resource}"
    for one in PARTS:
        if (call.verb, call.resource) == (one.verb, one.resource) and one.within in call.uri:
            return f"{what} {one.within}".strip(), one.words
    return what, ""


def main() -> None:
    try:
        with Cluster(NODES, say=say) as cluster, TemporaryDirectory(prefix="simian-bench-") as folder:
            built(cluster)
            made = written(cluster, Path(folder))
            met = []
            for name in FAULTS:
                mark = cluster.audit_mark()
                megabytes, _ = once(made, name)
                calls = [call for call in cluster.calls(mark) if call.agent.startswith("simian-army/")]
                met.append(told(name, calls, megabytes))
                settle(cluster)
    except CannotBuildError as error:
        raise SystemExit(f"the real Kubernetes cannot be built: {error}") from error
    if not all(met):
        raise SystemExit("a goal was missed")


if __name__ == "__main__":
    main()
