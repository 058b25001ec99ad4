"""Faults that need running containers, on a real node: what they do is seen in the containers, not in what is said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cluster.node import RESTRICTED, Node, container, pod_spec
from tests.cluster.process import PartDiedError
from tests.cluster.waiting import until
from tests.e2e.acres import IN, Acres, Obj, end, fire, refusals, told

pytestmark = pytest.mark.slow
PODS = "/api/v1/namespaces/{}/pods"
POLICIES = "/apis/networking.k8s.io/v1/namespaces/{}/networkpolicies"


@pytest.fixture
def land(
    real_node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Acres]:
    monkeypatch.setenv("KUBECONFIG", str(real_node.kubeconfig_of("admin")))
    with peopled(real_node, f"real-{abs(hash(request.node.name)) % 10_000}", tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def own_node(real_node: Node) -> Iterator[Node]:
    """A node that no other test has pods on: a hog harms all of them, so all of them would have to consent."""
    with Node(say=print) as node:
        yield node


@pytest.fixture
def alone(
    own_node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Acres]:
    monkeypatch.setenv("KUBECONFIG", str(own_node.kubeconfig_of("admin")))
    with peopled(own_node, f"alone-{abs(hash(request.node.name)) % 10_000}", tmp_path) as made:
        yield made


@contextmanager
def peopled(node: Node, space: str, folder: Path) -> Iterator[Acres]:
    """A restricted namespace with two pods ``web`` that serve their own names, and one ``shell`` to ask from."""
    node.namespace(space, RESTRICTED)
    node.workload(space, "web", 2, IN)
    node.pod(space, "shell", pod_spec(container("shell", "sleep", "3600")), IN)
    node.settle(space)
    made = Acres(node, space, folder)
    yield made
    for undertaker in made.undertakers:
        undertaker.stopping.set()
    # not waited for: it all goes with the node
    node.admin.delete(f"/api/v1/namespaces/{space}")


def write(land: Acres, fault: str, params: str = "{}", *, hold: str = "10m", on: str = "", more: str = "") -> None:
    land.write(fault, params, on=on, more=more)
    text = land.config.read_text().replace("hold: 10m", f"hold: {hold}")
    land.config.write_text(text.replace("kubernetes: {", "kubernetes: {exec: true, "))


def node_of(land: Acres) -> Node:
    assert isinstance(land.cluster, Node)
    return land.cluster


def served(land: Acres) -> str:
    """Who answers for the Service ``web``: a name, or nothing."""
    node = node_of(land)
    address = node.admin.get(f"/api/v1/namespaces/{land.space}/services/web")["spec"]["clusterIP"]
    try:
        return node.exec(land.space, "shell", "timeout", "3", "wget", "-q", "-O", "-", f"http://{address}/").strip()
    except PartDiedError:
        return ""


def pod(land: Acres, name: str) -> Obj:
    return land.cluster.admin.get(f"/api/v1/namespaces/{land.space}/pods/{name}")


def containers(land: Acres) -> set[str]:
    """The identities of all containers with processes."""
    return set(node_of(land).run("ls", "/sys/fs/cgroup/pids/k8s.io").split())


def names(land: Acres) -> set[str]:
    return {one["metadata"]["name"] for one in land.cluster.pods(land.space, "app=web")}


def made(land: Acres) -> list[Obj]:
    """Pods of ours."""
    return [one for one in land.cluster.pods(land.space) if one["metadata"]["name"].startswith("simian-army-")]


def running(land: Acres, name: str) -> Obj:
    """The status of the pod's container, once it runs."""

    def status() -> Obj | None:
        (one,) = pod(land, name)["status"]["containerStatuses"]
        return one if "running" in one["state"] and one["ready"] else None

    return until(f"the container of {name} to run", status, 60) or {}


def test_a_killed_container_is_started_anew_in_its_pod(land: Acres) -> None:
    write(land, "container-kill")
    with land.house() as house:
        outcome = fire(house)
        assert outcome.taken, refusals(outcome)
        struck = outcome.taken[0].fault.target
        assert "app was restarted 1 times, before 0" in told(house, outcome)["observed"]
    assert pod(land, struck.name)["metadata"]["uid"] == struck.id
    status = running(land, struck.name)
    assert status["restartCount"] == 1
    assert status["lastState"]["terminated"]["exitCode"] == 0, "it was asked, by SIGTERM, and ended by itself"


def test_a_command_of_config_is_run_in_the_container(land: Acres) -> None:
    write(land, "exec", "{argv: [touch, /tmp/struck]}", more="  allow_irreversible: [exec]\n")
    with land.house() as house:
        outcome = fire(house)
        assert outcome.taken, refusals(outcome)
        struck = outcome.taken[0].fault.target.name
        assert "the command was run" in told(house, outcome)["observed"]
    found = {name: node_of(land).exec(land.space, name, "ls", "/tmp").split() for name in names(land)}
    assert {name for name, files in found.items() if "struck" in files} == {struck}


@pytest.mark.parametrize(
    ("fault", "params", "what", "least"),
    [
        ("cpu-hog", "{millicores: 400}", "cpuacct.usage", 400_000_000),
        ("memory-hog", "{megabytes: 256}", "memory.usage_in_bytes", 256 << 20),
    ],
)
def test_a_hog_really_uses_up_its_node_and_ends_though_nobody_is_there(
    alone: Acres, fault: str, params: str, what: str, least: int
) -> None:
    write(alone, fault, params, hold="10s")
    node = node_of(alone)
    with alone.house() as house:
        outcome = fire(house)
        assert outcome.taken, refusals(outcome)
        assert "is Running and ready on" in told(house, outcome)["observed"]
        if fault == "memory-hog":
            (hog,) = made(alone)
            assert node.used(alone.space, hog["metadata"]["name"], what) >= least, "all of it, once it is told"
        for undertaker in alone.undertakers:
            undertaker.stopping.set()
        (hog,) = made(alone)
        name = hog["metadata"]["name"]
        assert hog["spec"]["containers"][0]["image"] == "busybox:1.37", "the one that is shipped"
        until(f"{least} of {what}", lambda: node.used(alone.space, name, what) >= least, 60)
        ended = node.until_phase(alone.space, name, "Failed", seconds=60)
        assert ended["status"]["reason"] == "DeadlineExceeded"
        end(house)
    assert names(alone) == {one["metadata"]["name"] for one in node.pods(alone.space)} - {"shell"}


def test_a_failing_image_stops_the_container_and_the_true_one_runs_again(land: Acres) -> None:
    write(land, "pod-failure")
    with land.house() as house:
        outcome = fire(house)
        assert outcome.taken, refusals(outcome)
        struck = outcome.taken[0].fault.target
        assert "app waits (" in told(house, outcome)["observed"]
        (status,) = pod(land, struck.name)["status"]["containerStatuses"]
        assert "running" not in status["state"]
        (other,) = names(land) - {struck.name}
        until("its Service to leave it out", lambda: {served(land) for _ in range(6)} == {other}, 60)
        end(house)
    assert running(land, struck.name)["restartCount"] >= 1
    assert pod(land, struck.name)["metadata"]["uid"] == struck.id
    until("its Service to count on it again", lambda: struck.name in {served(land) for _ in range(6)}, 60)


@pytest.mark.parametrize(
    ("fault", "params", "grace"),
    [("pod-evict", "{}", 2), ("pod-delete", "{}", 2), ("pod-delete", "{grace: 3}", 3), ("pod-delete", "{grace: 0}", 0)],
)
def test_a_pod_that_left_is_replaced_and_its_service_answers(land: Acres, fault: str, params: str, grace: int) -> None:
    write(land, fault, params)
    before = names(land)
    identities = {name: running(land, name)["containerID"].removeprefix("containerd://") for name in before}
    since = land.cluster.admin.get(PODS.format(land.space))["metadata"]["resourceVersion"]
    with land.house() as house:
        outcome = fire(house)
        assert outcome.taken, refusals(outcome)
        struck = outcome.taken[0].fault.target
    until("another one to be ready", lambda: len(names(land) - before) == 1, 60)
    assert graces(land, since, struck.name)[0] == grace, "its own, or the one that was given"
    land.cluster.settle(land.space)
    until("its processes to be gone", lambda: identities[struck.name] not in containers(land), 60)
    assert set(identities.values()) & containers(land), "the other one's are there"
    fresh = names(land)
    assert struck.name not in fresh
    until("its Service to know", lambda: {served(land) for _ in range(8)} == fresh, 60)


def graces(land: Acres, since: str, name: str) -> list[int]:
    """The seconds that a pod had to end by itself, by each change since it was told to: a look may come too late."""
    asked = f"{PODS.format(land.space)}?watch=true&resourceVersion={since}&timeoutSeconds=2"
    events = map(json.loads, land.cluster.admin.raw("GET", asked).splitlines())
    changed = [one["object"]["metadata"] for one in events if one["object"]["metadata"]["name"] == name]
    return [one["deletionGracePeriodSeconds"] for one in changed if "deletionTimestamp" in one]


def test_the_pods_of_a_suspended_job_go_and_it_has_others_once_it_is_given_back(land: Acres) -> None:
    spec = {**pod_spec(container("app", "sleep", "3600")), "restartPolicy": "Never"}
    template = {"metadata": {"labels": {"app": "work", **IN}}, "spec": spec}
    job = {"kind": "Job", "metadata": {"name": "work"}, "spec": {"parallelism": 1, "template": template}}
    land.cluster.admin.create(f"/apis/batch/v1/namespaces/{land.space}/jobs", job)

    def at_work() -> set[str]:
        pods = land.cluster.pods(land.space, "app=work")
        return {pod["metadata"]["uid"] for pod in pods if pod["status"].get("phase") == "Running"}

    first = until("its pod to run", at_work, 60)
    (one,) = land.cluster.pods(land.space, "app=work")
    identity = running(land, one["metadata"]["name"])["containerID"].removeprefix("containerd://")
    assert identity in containers(land)
    write(land, "job-suspend", on="work")
    with land.house() as house:
        outcome = fire(house)
        assert outcome.taken, refusals(outcome)
        assert told(house, outcome)["observed"] == "suspended, 0 pods are active"
        assert at_work() == set()
        until("its processes to be gone", lambda: identity not in containers(land), 20)
        assert at_work() == set(), "and none is made while it is held"
        end(house)
    again = until("another pod to run", at_work, 60)
    assert len(again or ()) == 1 and again != first


def test_a_partition_that_nobody_enforces_has_no_effect(land: Acres) -> None:
    write(land, "network-partition")
    with land.house() as house:
        outcome = fire(house)
        assert "nobody is known to enforce policies here" in told(house, outcome)["no_effect"]
        assert len(land.items(POLICIES)) == 1
        struck = outcome.taken[0].fault.target.name
        address = pod(land, struck)["status"]["podIP"]
        words = ["timeout", "10", "wget", "-q", "-O", "-", f"http://{address}:8080/"]
        assert node_of(land).exec(land.space, "shell", *words).strip() == struck, "true: it is as reachable as before"
        end(house)
    assert land.items(POLICIES) == []
