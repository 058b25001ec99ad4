"""With the chart's roles alone, on a real API server: nothing is missing, and nothing was granted for nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.cluster.waiting import until
from tests.helm.chart import FULL, HOME, Helm
from tests.helm.scene import CHAINS, Scene, scene

if TYPE_CHECKING:
    from tests.cluster.plane import Cluster

pytestmark = [pytest.mark.slow, pytest.mark.timeout(580, func_only=True)]
SPACE = "granted"
HOLD = 150
TALL = f"app in ({', '.join(f'tall-{number}' for number in range(CHAINS))})"
NEVER = {"cron": "0 0 1 1 *"}
KEYED = {"params": {"key": "a"}}
NEAR: dict[str, dict[str, Any]] = {
    "evict": {"with": {"fault": "pod-evict"}, "select": {"labels": "app=web"}},
    "delete": {"with": {"fault": "pod-delete"}, "select": {"labels": "app=db"}},
    "again": {"with": {"fault": "rollout-restart"}, "select": {"names": ["web"]}},
    "again-db": {"with": {"fault": "rollout-restart"}, "select": {"names": ["db"]}},
    "again-logs": {"with": {"fault": "rollout-restart"}, "select": {"names": ["logs"]}},
    "scale": {"with": {"fault": "scale-down", "params": {"to": 2}}, "select": {"names": ["web"]}},
    "scale-db": {"with": {"fault": "scale-down", "params": {"to": 2}}, "select": {"names": ["db"]}},
    "conf": {"with": {"fault": "config-fault", **KEYED}, "select": {"names": ["conf"]}},
    "creds": {"with": {"fault": "secret-fault", **KEYED}, "select": {"names": ["creds"]}},
    "name": {"with": {"fault": "dns-fault"}, "select": {"names": ["bank"]}},
    "work": {"with": {"fault": "job-suspend"}, "select": {"names": ["work"]}},
    "fail": {"with": {"fault": "pod-failure"}, "select": {"labels": "app=web"}},
    "cut": {"with": {"fault": "network-partition"}, "select": {"labels": "app=db"}},
    "rules": {"use": "conformity"},
    "tall": {"with": {"fault": "pod-evict"}, "select": {"labels": "app=tall-0"}},
}
WIDE: dict[str, dict[str, Any]] = {
    "cordon": {"with": {"fault": "node-cordon"}, "select": {"names": [f"{SPACE}-1"]}},
    "taint": {"with": {"fault": "node-taint"}, "select": {"names": [f"{SPACE}-2"]}},
    "drain": {"with": {"fault": "node-drain"}, "select": {"names": [f"{SPACE}-3"]}},
    "zone": {"with": {"fault": "zone-outage"}, "select": {"names": [f"{SPACE}-4"]}},
    "cpu": {"with": {"fault": "cpu-hog"}, "select": {"labels": "app=web"}},
    "memory": {"with": {"fault": "memory-hog"}, "select": {"labels": "app=web"}},
    "tall": {"with": {"fault": "pod-evict"}, "select": {"labels": "app=tall-0"}},
}
ANYWHERE: dict[str, dict[str, Any]] = {
    # the cluster is others' too
    name: {**NEAR[name], "select": {**NEAR[name].get("select", {}), "namespaces": [SPACE]}}
    for name in ("rules", "tall", "creds", "cut")
}
LEFT: dict[str, dict[str, Any]] = {
    "creds": NEAR["creds"],
    "cuts": {"with": {"fault": "network-partition", "mode": "all"}, "select": {"labels": TALL}},
}
MADE = {"scale", "cut", "cpu"}  # what takes to be reverted what it did not take before
MOMENTARY = {"evict", "delete", "again", "again-db", "again-logs", "rules", "tall"}
LOOKS = {"rules"}
NO_EFFECT = {
    "fail": "no kubelet pulls the image: what kwok says runs goes on",
    "cut": "nothing here enforces a NetworkPolicy",
    "cuts": "nothing here enforces a NetworkPolicy",
}
"""What cannot be seen here; whatever else strikes is."""


def values(cluster: Cluster, monkeys: dict[str, dict[str, Any]], *places: str, **safety: Any) -> dict[str, Any]:
    """What is installed for these namespaces: nothing on a schedule."""
    kube = {"context": "in-cluster", "cluster_uid": cluster.uid, "namespaces": places or [SPACE]}
    every = {"on": "kubernetes", "use": "chaos", "schedule": NEVER, "hold": f"{HOLD}s"}
    named = [{"name": name, **every, **said} for name, said in monkeys.items()]
    budget = {"cooldown": "0s", "max_percent": None, "per_day": 1000, "concurrent": 50, "per_group": 50}
    return {
        "config": {
            "fleet": SPACE,
            "leashed": False,
            "platforms": {"kubernetes": kube},
            "safety": {"budget": budget, "quorum": {"spare_lone": False, "whole": False, "keep": 0}, **safety},
            "leader": {"namespace": HOME},
            "halt": {"namespace": HOME},
            "undertaker": {"namespace": HOME},
            "observe": {"listen": "127.0.0.1:0"},
            "monkeys": named,
        }
    }


@pytest.fixture
def land(real_cluster: Cluster, tmp_path: Path) -> Iterator[Scene]:
    with scene(real_cluster, SPACE, tmp_path) as made:
        yield made


@contextmanager
def strike(land: Scene, monkeys: Iterable[str]) -> Iterator[None]:
    """Each monkey once, by hand, through the agent that runs, with the effect that it must have; what is held is held
    still."""
    with ExitStack() as waiting:
        for name in monkeys:
            wanted = ["no_effect" if name in NO_EFFECT else "observed"] * (CHAINS if name == "cuts" else 1)
            before = len(land.told(name))
            if name in MOMENTARY:
                done = land.simian("agent", "once", name)
                assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}{land.logs()}"
            else:
                waiting.enter_context(land.runs("agent", "once", name))  # it stays until all is reverted
            if name not in LOOKS:
                until(f"the effect of {name} to be told", partial(_told, land, name, before + len(wanted)), 60)
                assert land.told(name)[before:] == wanted, f"{name}: {land.tale(name)}"
        yield


def _told(land: Scene, name: str, many: int) -> bool:
    return len(land.told(name)) >= many


def halt_and_resume(land: Scene) -> None:
    """As somebody with kubectl halts, and the agent's own resume."""
    said = {"name": "simian-army-halt", "annotations": {"simian-army/halt": "lunch"}}
    land.cluster.admin.create(f"/api/v1/namespaces/{HOME}/configmaps", {"kind": "ConfigMap", "metadata": said})
    done = land.simian("agent", "resume", "--reason", "eaten")
    assert "simian-army-halt" in done.stdout, done.stdout
    assert done.returncode == 0, done.stdout + done.stderr


def lived(land: Scene, monkeys: dict[str, dict[str, Any]], objects: list[Any]) -> None:
    """An agent strikes with everything and is killed; its undertaker ends what it held; the next agent tidies up, strikes
    and reverts by itself."""
    land.write(objects)
    land.grant(objects)
    with land.runs("undertaker", "undertaker", "--beat", str(land.folder / "beat")) as undertaker:
        until("a sign of life", (land.folder / "beat").exists, 60)
        assert land.simian("agent", "why", SPACE).returncode == 0
        land.unhook()  # it stands before every workload of its namespace
        with land.runs("agent", "run") as agent:
            checked = land.simian("agent", "check")
            assert checked.returncode == 0, checked.stdout
            halt_and_resume(land)
            with strike(land, monkeys):
                agent.kill()
        until("the undertaker to end all", lambda: not land.marked(), HOLD + 60)
        undertaker.check()
        with land.runs("agent", "run") as agent:
            until("the agent to drop the records", lambda: not land.records(), 60)
            with strike(land, [name for name in monkeys if name in MADE]):
                assert land.simian("agent", "revert", "--all").returncode == 0
            agent.stop()
            assert agent.code == 0, land.logs()


@pytest.mark.parametrize(
    ("monkeys", "place", "safety"),
    [
        pytest.param(NEAR, SPACE, {"look": [{"node_pressure": True, "monkeys": ["evict"]}]}, id="near"),
        pytest.param(WIDE, SPACE, {}, id="wide"),
        pytest.param(ANYWHERE, "*", {}, id="anywhere"),
    ],
)
def test_the_chart_grants_what_is_needed_and_nothing_else(
    helm: Helm, land: Scene, monkeys: dict[str, dict[str, Any]], place: str, safety: dict[str, Any]
) -> None:
    objects = helm.template(values(land.cluster, monkeys, place, **safety))
    since = land.cluster.audit_mark()
    lived(land, monkeys, objects)
    assert land.unused(objects, since, "agent") == set()
    assert land.unused(objects, since, "undertaker") == set()


def test_a_fleet_that_leaves_needs_what_its_job_is_granted_and_leaves_nothing(helm: Helm, land: Scene) -> None:
    objects = helm.template(values(land.cluster, LEFT))
    land.write(objects)
    land.grant(objects)
    land.deployments()
    land.unhook()
    before = land.names()
    with land.runs("undertaker", "undertaker") as undertaker, land.runs("agent", "run") as agent:
        until("the agent to lead", land.led, 60)
        halt_and_resume(land)
        with strike(land, LEFT):
            assert len(land.marked()) == 1 + 2 * CHAINS  # a Secret, and of each chain the pod and the policy over it
            agent.kill()
            undertaker.kill()
    since = land.cluster.audit_mark()
    names = [word for who in ("agent", "undertaker") for word in (f"--{who}", f"{FULL}-{who}")]
    done = land.simian("leaver", "leave", *names, "--seconds", "60")
    assert done.returncode == 0, done.stderr
    assert "nothing is left" in done.stdout
    assert land.marked() == []
    assert land.names() == before, "no Lease, no record, no kept Secret, no ConfigMap"
    assert land.unused(objects, since, "leaver") == set()
