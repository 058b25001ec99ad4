"""What it costs to choose and evict one of 10,000 opted-in pods, beside the official client's plain list."""

from __future__ import annotations

import sys
from pathlib import Path

# This file is called select, as a module of the standard library is; its folder must not shadow that one.
sys.path.remove(str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import os
import statistics
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.cluster.build import CannotBuildError, say
from tests.cluster.crowd import crowd
from tests.cluster.fleet import Fleet, Wish, fleet
from tests.cluster.plane import Cluster
from tests.cluster.waiting import CLOCK, until

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tests.cluster.audit import Call

PODS = int(os.environ.get("PODS", "10000"))
ROUNDS = 5
ONCE_LIMIT, ONCE_MEGABYTES, FIRE_LIMIT = 1.5, 120.0, 0.6
OFFICIAL = (
    "from kubernetes import client, config; config.load_kube_config(); client.CoreV1Api().list_pod_for_all_namespaces()"
)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process cost: seconds until what it was for, and its peak resident memory in MB."""

    seconds: float
    megabytes: float


def timed(command: Sequence[str], environment: dict[str, str]) -> tuple[datetime, float, float]:
    """When it was started, how many seconds it took and its peak memory in MB (no less than our own)."""
    start, ticks = CLOCK.now(), CLOCK.monotonic()
    child = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    with child:
        said = child.stdout.read().decode() if child.stdout else ""
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {child.returncode}:\n{said}")
    return start, CLOCK.monotonic() - ticks, usage.ru_maxrss / 1024


def evictions(cluster: Cluster, since: int) -> list[Call]:
    return [call for call in cluster.calls(since) if call.evicts]


def once(cluster: Cluster, made: Fleet) -> Cost:
    """From the start of the process to the API server's answer to the eviction."""
    mark = cluster.audit_mark()
    start, _, megabytes = timed(made.command("once", "pods"), made.environment)
    (evicted,) = evictions(cluster, mark)
    return Cost((evicted.done - start).total_seconds(), megabytes)


def official(made: Fleet) -> Cost:
    """The official client's plain list, from the start of the process to its end."""
    _, seconds, megabytes = timed([sys.executable, "-c", OFFICIAL], made.environment)
    return Cost(seconds, megabytes)


def agent(cluster: Cluster, made: Fleet) -> list[float]:
    """In the running agent: seconds from each planned fire to the API server's answer to its eviction."""
    mark = cluster.audit_mark()
    running = made.start()
    try:
        until("the agent's evictions", lambda: len(evictions(cluster, mark)) > ROUNDS, 120)
    finally:
        running.stop()
    events = made.events()
    fired = {event["run"]: event["data"]["at"] for event in events if event["phase"] == "fired"}
    runs = {event["target"]: event["run"] for event in events if event["phase"] == "intended"}
    moment = type(CLOCK.now()).fromisoformat
    found = evictions(cluster, mark)
    return [(call.done - moment(fired[runs[call.uid]])).total_seconds() for call in found]


def measure(cluster: Cluster) -> int:
    """Print the figures; 1 when a limit is broken."""
    by_hand = fleet(cluster, cluster.folder / "by-hand", Wish(schedule="every: 24h"))
    by_clock = fleet(cluster, cluster.folder / "by-clock", Wish(schedule="every: 4s"))
    first, *more = [once(cluster, by_hand) for _ in range(ROUNDS + 1)]
    best = min(more, key=lambda cost: cost.seconds)
    usual = statistics.median(cost.seconds for cost in more)
    memory = max(cost.megabytes for cost in [first, *more])
    fires = sorted(agent(cluster, by_clock))
    plain = official(by_hand)
    print(f"{PODS} opted-in pods, real API server, 2 namespaced levels above each; {ROUNDS} rounds")
    print(f"  official client, plain list   {plain.seconds:6.2f} s              {plain.megabytes:6.0f} MB   1")
    print(
        f"  simian once, to the eviction  {usual:6.2f} s (best {best.seconds:.2f}) {memory:6.0f} MB"
        f"   {plain.seconds / usual:.1f} times as fast, {memory / plain.megabytes:.0%} of the memory"
    )
    print(
        f"  simian once, the very first   {first.seconds:6.2f} s"
        f"              {first.megabytes:6.0f} MB   (makes the ledger)"
    )
    print(
        f"  agent, fire to eviction       {statistics.median(fires):6.2f} s (worst {fires[-1]:.2f})"
        f"            {plain.seconds / statistics.median(fires):.1f} times as fast"
    )
    kept = usual < ONCE_LIMIT and memory < ONCE_MEGABYTES and statistics.median(fires) < FIRE_LIMIT
    said = "kept" if kept else "BROKEN"
    print(f"  limits: once {ONCE_LIMIT} s and {ONCE_MEGABYTES:.0f} MB, agent {FIRE_LIMIT} s: {said}")
    return 0 if kept else 1


def main() -> int:
    """Start a cluster, fill it, measure."""
    try:
        with Cluster() as cluster:
            say(f"making {PODS} pods ...")
            crowd(cluster, PODS, {"simian-army/chaos": "enabled"})
            return measure(cluster)
    except CannotBuildError as error:
        print(f"not measured: {error}")
        return 0


if __name__ == "__main__":
    sys.exit(main())
