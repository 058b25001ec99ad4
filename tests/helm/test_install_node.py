"""Does the chart with the real image strike, answer by hand and leave nothing, on a node whose containers run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.cluster.node import RESTRICTED, Node
from tests.cluster.waiting import until
from tests.helm.chart import CHART, FULL, HOME, RELEASE, Helm, granted, halting, unused

if TYPE_CHECKING:
    from tests.cluster.audit import Call

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400, func_only=True)]
SHOP = "install-node-shop"
IN = {"simian-army/chaos": "enabled"}
APPS = {"web": IN, "shy": {}, "desk": IN, "sick": IN}
"""Two that a schedule looks at, of which one did not opt in; one struck by hand; one that is held."""

COMES_AND_GOES = ("events", "pods", "componentstatuses")
UNTOLD = {(SHOP, "", "pods/exec", "", "create")}
"""What the API server asks for without a word in its audit log: tests/targets/kube/test_execution.py takes it away."""

ELSEWHERE = {
    (SHOP, "", "services", "", "get"),  # no webhook is asked here, so no Service before its pods is read
    *((SHOP, "apps", kind, "", verb) for kind in ("daemonsets", "statefulsets") for verb in ("get", "list")),
    *((SHOP, "batch", kind, "", verb) for kind in ("jobs", "cronjobs") for verb in ("get", "list")),
}
"""What nobody here owns or is: tests/helm/test_role_real.py has it all."""

AGENT = f"deployment/{FULL}-agent"
IMAGE = {"repository": "simian.local/simian-army", "tag": "test", "pullPolicy": "Never"}


@dataclass(frozen=True)
class Ground:
    """The node, Helm that speaks to it, and a volume for the ledger."""

    node: Node
    helm: Helm
    volume: str

    def run(self, *words: str) -> str:
        """Run Helm; what it prints."""
        said = self.helm.run(*words, "-n", HOME, KUBECONFIG=str(self.node.kubeconfig))
        assert said.returncode == 0, f"{said.stdout}{said.stderr}\n{self.logs()}"
        assert "would violate PodSecurity" not in said.stderr
        return said.stdout

    def values(self, **more: Any) -> dict[str, Any]:
        """What is installed."""
        ledger = {"volumeName": self.volume, "storageClass": "-"}
        return {"config": config(self.node.uid), "image": IMAGE, "ledger": ledger, **more}

    def install(self, values: dict[str, Any], *words: str) -> str:
        """Install the release; what it prints."""
        return self.run("install", RELEASE, str(CHART), "-f", str(self.helm.values(values)), *words)

    def hang(self, who: str) -> None:
        """Stop the processes of one of the pods, as if the machine had forgotten them."""
        (pod,) = self.node.pods(HOME, f"app.kubernetes.io/component={who}")
        identity = pod["status"]["containerStatuses"][0]["containerID"].removeprefix("containerd://")
        self.node.run("sh", "-c", f"kill -STOP $(cat /sys/fs/cgroup/pids/k8s.io/{identity}/cgroup.procs)")

    def simian(self, *words: str) -> str:
        """``simian WORDS`` in the agent's pod, as NOTES.txt has it; what it prints."""
        config = ("-c", "/etc/simian-army/simian.yaml")
        return self.node.kubectl("exec", "-n", HOME, AGENT, "--", "simian", *words, *config)

    def pods(self, app: str) -> dict[str, dict[str, Any]]:
        """The pods of an application, by uid."""
        return {one["metadata"]["uid"]: one for one in self.node.pods(SHOP, f"app={app}")}

    def containers(self, app: str) -> list[dict[str, Any]]:
        """How the containers of an application are."""
        return [said for one in self.pods(app).values() for said in one["status"].get("containerStatuses", [])]

    def restarts(self, app: str) -> int:
        """How often they were started anew."""
        return sum(one["restartCount"] for one in self.containers(app))

    def ready(self, app: str) -> int:
        """How many of them are ready."""
        return sum(one["ready"] for one in self.containers(app))

    def images(self, app: str) -> set[str]:
        """What the containers of an application are to run."""
        return {one["spec"]["containers"][0]["image"] for one in self.pods(app).values()}

    def held(self) -> list[str]:
        """The records of what is held."""
        found = self.node.admin.items(f"/api/v1/namespaces/{HOME}/secrets?labelSelector=simian-army/record")
        return [one["metadata"]["name"] for one in found]

    def everything(self) -> set[str]:
        """All objects of the whole cluster and of both namespaces, but for those that come and go by themselves."""
        found = {f"/{name}" for name in self._objects("--namespaced=false")}
        return found | {
            f"{space}/{name}" for space in (HOME, SHOP) for name in self._objects("--namespaced=true", "-n", space)
        }

    def _objects(self, which: str, *where: str) -> list[str]:
        kinds = self.node.kubectl("api-resources", "--verbs=list", "-o", "name", which).split()
        lasting = [kind for kind in kinds if kind.partition(".")[0] not in COMES_AND_GOES]
        return self.node.kubectl("get", ",".join(lasting), *where, "--ignore-not-found", "-o", "name").split()

    def calls(self, since: int) -> list[Call]:
        """What the accounts of the release asked of the API server."""
        mine = f"system:serviceaccount:{HOME}:{FULL}-"
        return [call for call in self.node.calls(since) if call.user.startswith(mine)]

    def logs(self) -> str:
        """What the pods of the release said, for whoever looks at a failure."""
        words = ("logs", "-n", HOME, "--prefix", "--tail=40", "-l", f"app.kubernetes.io/instance={RELEASE}")
        return self.node.kubectl(*words)


@pytest.fixture(scope="module")
def shop(real_node: Node, agents_image: str) -> Iterator[Node]:
    """Two namespaces that enforce Pod Security, one of them with all applications."""
    assert agents_image == f"{IMAGE['repository']}:{IMAGE['tag']}"
    for name in (HOME, SHOP):
        real_node.namespace(name, RESTRICTED)
    for app, labels in APPS.items():
        real_node.workload(SHOP, app, 2, labels)
    real_node.settle(SHOP)
    yield real_node
    for name in (HOME, SHOP):  # not waited for: all of it goes with the node
        real_node.admin.delete(f"/api/v1/namespaces/{name}")


@pytest.fixture
def ground(shop: Node, helm: Helm, request: pytest.FixtureRequest) -> Iterator[Ground]:
    """The same, and a volume to be bound; a release that a failure left is removed as it is."""
    volume = f"install-node-{abs(hash(request.node.name)) % 10_000}"
    shop.volume(volume)
    made = Ground(shop, helm, volume)
    yield made
    made.run("uninstall", RELEASE, "--no-hooks", "--ignore-not-found")


def monkey(name: str, fault: str, on: str, every: str = "12h", **more: Any) -> dict[str, Any]:
    said = {"select": {"labels": on}, "with": {"fault": fault, "params": more.pop("params", {})}, **more}
    return {"name": name, "use": "chaos", "on": "kubernetes", "schedule": {"every": every}, **said}


def config(uid: str, **more: Any) -> dict[str, Any]:
    kube = {"context": "in-cluster", "cluster_uid": uid, "namespaces": [SHOP], "exec": True}
    budget = {"cooldown": "0s", "max_percent": 100, "per_day": 1000}
    return {
        "fleet": "on-node",
        "leashed": False,
        "platforms": {"kubernetes": kube},
        "safety": {"budget": budget, "allow_irreversible": ["exec"]},
        "monkeys": [
            monkey("pods", "pod-evict", "app in (web, shy)", "5s"),
            monkey("sickness", "pod-failure", "app in (sick, shy)", "5s", hold="1h"),
            monkey("kill", "container-kill", "app=desk"),
            monkey("touch", "exec", "app=desk", params={"argv": ["touch", "/tmp/struck"]}),
        ],
        **more,
    }


def test_it_strikes_what_opted_in_answers_by_hand_and_leaves_nothing(ground: Ground) -> None:
    since, before = ground.node.audit_mark(), ground.everything()
    web, shy = set(ground.pods("web")), set(ground.pods("shy"))
    values = ground.values(config=config(ground.node.uid, halt={"namespace": SHOP}))
    notes = ground.install(values, "--wait", "--timeout", "120s")
    assert "UNLEASHED" in notes

    until("the schedule to strike who opted in", lambda: not web <= set(ground.pods("web")), 60)
    until("one to run what fails, the other what it ran", lambda: len(ground.images("sick")) == 2, 60)
    assert ground.simian("check").splitlines()[-1] == "all is well"
    by_hand(ground)
    answers(ground)
    halts(ground, notes)
    assert ground.held(), "there is something to be reverted"
    ground.run("uninstall", RELEASE, "--wait", "--timeout", "180s")
    nothing_is_left(ground, before, since, shy)
    atoms = granted(ground.helm.template(values), f"{FULL}-agent")
    calls = [call for call in ground.calls(since) if call.user.endswith("-agent")]
    assert unused(atoms, calls) == UNTOLD | ELSEWHERE


def test_what_a_hung_agent_holds_is_reverted_by_the_job_before_it_goes(ground: Ground) -> None:
    since, before, shy = ground.node.audit_mark(), ground.everything(), set(ground.pods("shy"))
    ground.install(ground.values(leave={"seconds": 60}, agent={"grace": 3}, undertaker={"grace": 3}))
    until("one to run what fails, the other what it ran", lambda: len(ground.images("sick")) == 2, 120)
    assert ground.held()
    for who in ("agent", "undertaker"):
        ground.hang(who)
    ground.run("uninstall", RELEASE, "--wait", "--timeout", "180s")
    nothing_is_left(ground, before, since, shy)
    by_job = [call.resource for call in ground.calls(since) if call.writes and call.user.endswith("-leaver")]
    assert "pods" in by_job, by_job


def nothing_is_left(ground: Ground, before: set[str], since: int, shy: set[str]) -> None:
    """What was held is as it was, what came has gone, nobody was refused, and who did not opt in was never touched."""
    assert ground.images("sick") == ground.images("shy"), "reverted"
    ground.node.settle(SHOP)
    until("no pod of ours to be left", lambda: not ground.node.pods(HOME), 60)
    assert ground.everything() - before == set()
    assert set(ground.pods("shy")) == shy
    assert ground.restarts("shy") == 0
    calls = ground.calls(since)
    assert {call.user.rpartition("-")[2] for call in calls} == {"agent", "undertaker", "leaver"}
    assert [f"{call.user} {call.verb} {call.uri}" for call in calls if call.code == 403] == []


def by_hand(ground: Ground) -> None:
    """What needs containers that run, and the right to run something in them."""
    before = ground.restarts("desk")
    ground.simian("once", "kill")
    until("a container to be started anew", lambda: ground.restarts("desk") == before + 1, 60)
    until("it to be ready", lambda: ground.ready("desk") == 2, 60)
    ground.simian("once", "touch")
    names = [one["metadata"]["name"] for one in ground.pods("desk").values()]
    struck = [name for name in names if "struck" in ground.node.exec(SHOP, name, "ls", "/tmp").split()]
    assert len(struck) == 1, struck


def halts(ground: Ground, notes: str) -> None:
    """As the notes have somebody halt the fleet, by kubectl alone, where its config looks for it."""
    assert ground.held(), "there is something to be reverted"
    for words in halting(notes):
        ground.node.kubectl(*words)
    until("what is held to be reverted", lambda: not ground.held(), 60)
    assert f"configmap {SHOP}/simian-army-halt: by kubectl-annotate at" in ground.simian("status")
    ground.simian("resume", "--reason", "seen")
    until("the schedule to strike again", ground.held, 60)


def answers(ground: Ground) -> None:
    """Why one who did not opt in is spared."""
    one = next(iter(ground.pods("shy").values()))["metadata"]["name"]
    said = ground.simian("why", f"pod {SHOP}/{one}")
    assert f"pods: pod {SHOP}/{one} is spared" in said
    assert [line.split(":")[0].split() for line in said.splitlines() if "   NO  " in line] == [["NO", "opt-in"]] * 2
