"""Does the real node do what a node does, and is nothing left of it however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster import build, keeper
from tests.cluster.inside import ADDRESS, TUNED
from tests.cluster.namespaces import Namespaces
from tests.cluster.node import RESTRICTED, Node, container, pod_spec
from tests.cluster.process import PartDiedError
from tests.cluster.waiting import until

pytestmark = pytest.mark.slow
FETCH = ["timeout", "6", "wget", "-q", "-O", "-"]  # wget -T crashes in Debian's static busybox
AWAY = "refused|unreachable|No route|terminated with exit code 143|ended with 143"


@pytest.fixture(scope="module")
def yard(real_node: Node) -> str:
    """A restricted namespace with a Deployment ``web`` of three pods, its Service, and a pod ``shell``."""
    real_node.namespace("yard", RESTRICTED)
    real_node.workload("yard", "web", 3)
    real_node.pod("yard", "shell", pod_spec(container("shell", "sleep", "3600")))
    real_node.settle("yard")
    return "yard"


def service(node: Node, name: str) -> str:
    address: str = node.admin.get(f"/api/v1/namespaces/yard/services/{name}")["spec"]["clusterIP"]
    return f"http://{address}/"


def test_a_pod_that_can_do_no_harm_runs_says_something_and_ends(real_node: Node, yard: str) -> None:
    spec = {**pod_spec(container("once", "id", "-u")), "restartPolicy": "Never"}
    ran = real_node.pod(yard, "once", spec)
    real_node.until_phase(yard, "once", "Succeeded")
    assert ran["spec"]["nodeName"] == real_node.name
    assert real_node.logs(yard, "once") == "65532\n"


def test_a_pod_that_could_do_harm_is_not_let_in(real_node: Node, yard: str) -> None:
    spec = pod_spec(container("shell", "sleep", "3600"))
    del spec["securityContext"]
    with pytest.raises(Exception, match="violates PodSecurity"):
        real_node.pod(yard, "harmful", spec)


def test_a_command_is_run_in_a_container(real_node: Node, yard: str) -> None:
    assert real_node.exec(yard, "shell", "hostname") == "shell\n"
    with pytest.raises(PartDiedError, match="Read-only file system"):
        real_node.exec(yard, "shell", "touch", "/etc/no")


def test_a_service_is_answered_by_each_of_its_pods_from_pods_and_from_the_node(real_node: Node, yard: str) -> None:
    pods = {pod["metadata"]["name"] for pod in real_node.pods(yard, "app=web")}
    url = service(real_node, "web")
    many = f"for n in $(seq 40); do {' '.join(FETCH)} {url}; done"
    until("kube-proxy to know them", lambda: set(real_node.exec(yard, "shell", "sh", "-c", many).split()) == pods, 60)
    assert set(real_node.run("sh", "-c", many.replace("timeout", "busybox timeout")).split()) == pods


def test_a_service_of_nobody_is_refused_and_nothing_leaves_the_node(real_node: Node, yard: str) -> None:
    nobody = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "nobody"}}
    ports = {"spec": {"selector": {"app": "nobody"}, "ports": [{"port": 80}]}}
    real_node.admin.create(f"/api/v1/namespaces/{yard}/services", {**nobody, **ports})
    for url in (service(real_node, "nobody"), "http://10.96.255.254/", "http://192.0.2.1/"):
        with pytest.raises(PartDiedError, match=AWAY):
            real_node.exec(yard, "shell", *FETCH, url)
        with pytest.raises(PartDiedError, match=AWAY):
            real_node.run("busybox", *FETCH, url)
    assert "default" not in real_node.run("ip", "route")


def test_the_kubelet_tells_nothing_to_those_it_does_not_know(real_node: Node, yard: str) -> None:
    token = real_node.service_account(yard, "default").token
    asked = ["python3", "-c", KUBELET]
    assert real_node.run(*asked, "").strip() == "401"
    assert real_node.run(*asked, f"Bearer {token}").strip() == "403", "a pod's account may not ask it for anything"


def test_a_claim_is_bound_and_written_by_nobody_in_particular(real_node: Node, yard: str) -> None:
    place = real_node.volume("yard-data")
    claim = {"accessModes": ["ReadWriteOnce"], "storageClassName": "", "resources": {"requests": {"storage": "1Gi"}}}
    body = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": claim}
    real_node.admin.create(f"/api/v1/namespaces/{yard}/persistentvolumeclaims", body)
    spec = {**pod_spec(container("write", "sh", "-c", "echo kept > /data/file")), "restartPolicy": "Never"}
    spec["volumes"] = [*spec["volumes"], {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    spec["containers"][0]["volumeMounts"].append({"name": "data", "mountPath": "/data"})
    real_node.pod(yard, "writer", spec)
    real_node.until_phase(yard, "writer", "Succeeded")
    assert (place / "file").read_text() == "kept\n"


def test_what_it_turns_and_writes_is_seen_inside_alone(real_node: Node, yard: str) -> None:
    tuned = {name: value for name, value in TUNED.items() if Path("/proc/sys", name).exists()}
    assert {name: real_node.run("cat", f"/proc/sys/{name}").strip() for name in tuned} == tuned
    with pytest.raises(PartDiedError, match="Read-only file system"):
        real_node.run("sh", "-c", "echo 1 > /proc/sys/vm/swappiness")
    real_node.run("touch", "/etc/simian-was-here")
    assert not Path("/etc/simian-was-here").exists()


STARTED = """
import sys, threading
from tests.cluster.node import Node, container, pod_spec
with Node(say=lambda text: None) as node:
    node.namespace("a")
    node.pod("a", "stays", pod_spec(container("a", "sleep", "3600")))
    print(node.folder, node.real.space.keeper, flush=True)
    sys.stdin.readline()
"""


@pytest.mark.parametrize("how", ["it is stopped", "its owner is killed", "its keeper is killed"])
def test_nothing_is_left_of_a_node_when(real_node: Node, how: str) -> None:
    before = _machine()
    words = [sys.executable, "-c", STARTED]
    with subprocess.Popen(
        words, cwd=build.HERE.parents[1], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdin
        assert owner.stdout
        folder, keeper_pid = owner.stdout.readline().split()
        name = Path(folder).name
        assert len(list(_processes(name))) > 10
        assert any(_groups(name))
        assert _machine() == before, "while it runs, the machine is as it was"
        if how == "it is stopped":
            owner.stdin.write("\n")
        else:
            os.kill(owner.pid if how == "its owner is killed" else int(keeper_pid), signal.SIGKILL)
        owner.stdin.close()
    until("all its processes to be gone", lambda: not list(_processes(name)), 60)
    if how == "its keeper is killed":
        Namespaces().close()  # the next one takes what it could not
    until("its control groups and its folder to be gone", lambda: not any(_groups(name)) and not Path(folder).exists())
    assert _machine() == before


def _machine() -> dict[str, str]:
    """What a node could have changed for everybody: the kernel's switches, interfaces, routes and mounts."""
    asked = {" ".join(words): words for words in (["ip", "-o", "link"], ["ip", "route"], ["ip", "netns"])}
    said = {name: subprocess.run(words, capture_output=True, text=True, check=True) for name, words in asked.items()}
    files = [Path("/proc/self/mountinfo"), *(Path("/proc/sys", name) for name in TUNED)]
    told = {str(file): file.read_text() for file in files if file.exists()}
    return {**told, **{name: done.stdout for name, done in said.items()}}


def _groups(name: str) -> list[Path]:
    return [place for place in keeper.groups(name) if place.exists()]


def _processes(name: str) -> Iterator[int]:
    for place in Path("/proc").glob("[0-9]*/cgroup"):
        try:
            if name in place.read_text():
                yield int(place.parent.name)
        except OSError:
            continue


KUBELET = f"""
import ssl, sys, urllib.error, urllib.request
asked = urllib.request.Request("https://{ADDRESS}:10250/pods", headers={{"Authorization": sys.argv[1]}})
try:
    urllib.request.urlopen(asked, timeout=30, context=ssl._create_unverified_context())
except urllib.error.HTTPError as error:
    print(error.code)
"""
