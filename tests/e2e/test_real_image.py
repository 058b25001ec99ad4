"""The agent's own image on a real node: it starts where Pod Security is restricted, and has what it needs."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence

import pytest

from tests.cluster.fleet import KEY, SIMIAN
from tests.cluster.node import RESTRICTED, Node, container, pod_spec
from tests.cluster.waiting import until

pytestmark = pytest.mark.slow
HOME = "fleet-home"
CONFIG = """\
fleet: real-image
leashed: false
key: ${{env:SIMIAN_KEY}}
ledger: sqlite:////tmp/simian.db
platforms:
  kubernetes: {{context: in-cluster, cluster_uid: {uid}, namespaces: [shop]}}
monkeys:
  - {{name: pods, use: chaos, on: kubernetes, schedule: {{every: 2h}}, with: {{fault: pod-evict}}}}
"""


@pytest.fixture(scope="module")
def home(real_node: Node, agents_image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """The agent's namespace: its account, with the rights that ``simian rbac`` prints, and its config."""
    config = tmp_path_factory.mktemp("image") / "simian.yaml"
    config.write_text(CONFIG.format(uid=real_node.uid))
    for name in (HOME, "shop"):
        real_node.namespace(name, RESTRICTED)
    words = [str(SIMIAN), "rbac", "-c", str(config), "-n", HOME, "--agent", "simian"]
    env = {**os.environ, "SIMIAN_KEY": KEY}
    rights = subprocess.run(words, env=env, capture_output=True, text=True, check=True).stdout
    real_node.kubectl("apply", "-f", "-", given=rights)
    told = {"metadata": {"name": "config"}, "data": {"simian.yaml": config.read_text()}}
    real_node.admin.create(f"/api/v1/namespaces/{HOME}/configmaps", told)
    yield real_node
    real_node.kubectl("delete", "--wait=false", "-f", "-", given=rights)
    for name in (HOME, "shop"):
        real_node.admin.delete(f"/api/v1/namespaces/{name}")


def job(node: Node, image: str, name: str, words: Sequence[str]) -> tuple[bool, str]:
    """Whether a Job of the image, given these words, completed, and what it said."""
    told = {"name": "config", "mountPath": "/etc/simian"}
    agent = container("agent", image=image)
    agent["args"], agent["env"] = list(words), [{"name": "SIMIAN_KEY", "value": KEY}]
    agent["volumeMounts"] = [*agent["volumeMounts"], told]
    spec = {**pod_spec(agent), "restartPolicy": "Never", "serviceAccountName": "simian"}
    spec["volumes"] = [*spec["volumes"], {"name": "config", "configMap": {"name": "config"}}]
    body = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}}
    path = f"/apis/batch/v1/namespaces/{HOME}/jobs"
    node.admin.create(path, {**body, "spec": {"backoffLimit": 0, "template": {"spec": spec}}})

    def over() -> list[str]:
        said = node.admin.get(f"{path}/{name}")["status"].get("conditions") or []
        return [one["type"] for one in said if one["type"] in {"Complete", "Failed"}]

    ended = until(f"job {name} to be over", over, 180)
    (pod,) = node.pods(HOME, f"job-name={name}")
    return ended == ["Complete"], node.logs(HOME, pod["metadata"]["name"])


def test_it_finds_all_well_with_its_own_account_and_the_rights_that_it_asked_for(home: Node, agents_image: str) -> None:
    done, said = job(home, agents_image, "check", ["check", "-c", "/etc/simian/simian.yaml"])
    assert done, said
    assert "https://10.96.0.1:443 answers: Kubernetes v1." in said
    assert said.splitlines()[-1] == "all is well"


def test_it_says_what_it_can_do_and_fails_as_it_should(home: Node, agents_image: str) -> None:
    done, said = job(home, agents_image, "help", ["--help"])
    assert done, said
    assert "Break things on purpose" in said
    done, said = job(home, agents_image, "wrong", ["check", "-c", "/nowhere/simian.yaml"])
    assert not done
    assert "there is no such file" in said
