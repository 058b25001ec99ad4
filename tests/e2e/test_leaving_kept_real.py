"""Do the commands that a fleet which leaves tells people give a Secret back, as they are typed, on a real kube-apiserver."""

from __future__ import annotations

import base64
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from simian_army import wiring
from simian_army.faults.k8s.keeping import BY, KEPT, OF
from tests.cluster import build

if TYPE_CHECKING:
    from tests.cluster.plane import Cluster

pytestmark = pytest.mark.slow
SPACE, KEY = "kept-of", "kept-key-of-32-characters-xxxxxxx"
TRUE = base64.b64encode(b'it\'s "true" $(of) `it` \\ \xc3\xa4\n').decode()


def secrets(cluster: Cluster) -> dict[str, dict[str, str]]:
    found = cluster.admin.items(f"/api/v1/namespaces/{SPACE}/secrets")
    return {one["metadata"]["name"]: one.get("data", {}) for one in found}


def make(cluster: Cluster, name: str, data: dict[str, str], **meta: dict[str, str]) -> None:
    obj = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, **meta}, "data": data}
    cluster.admin.create(f"/api/v1/namespaces/{SPACE}/secrets", obj)


def test_what_a_leaving_fleet_says_gives_a_kept_value_back_and_throws_it_away(
    real_cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "simian.yaml"
    config.write_text(
        f"fleet: leaves\nleashed: false\nkey: {KEY}\nundertaker: {{namespace: {SPACE}}}\nplatforms:\n"
        f"  kubernetes: {{context: {real_cluster.context}, cluster_uid: {real_cluster.uid}, namespaces: [{SPACE}]}}\n"
        "monkeys:\n  - {name: m, use: chaos, on: kubernetes, schedule: {every: 2h}, hold: 10m, "
        "with: {fault: secret-fault, params: {key: tls.pem}}}\n"
    )
    kubeconfig = str(real_cluster.kubeconfig_of("admin"))
    monkeypatch.setenv("KUBECONFIG", kubeconfig)
    real_cluster.namespace(SPACE)
    try:
        make(real_cluster, "token", {"tls.pem": "", "other": "Yg=="})
        labels, notes = {KEPT: "r1", BY: "leaves"}, {OF: "token/tls.pem"}
        make(real_cluster, "simian-army-kept-r1-u1", {"value": TRUE}, labels=labels, annotations=notes)
        make(real_cluster, "theirs", {"value": TRUE}, labels={**labels, BY: "another"}, annotations=notes)
        with wiring.leaving(wiring.read_config(config)) as made:
            ((said,),) = [one.find() for one in made.leftovers]
            commands = [line for line in said.splitlines() if line.strip().startswith("kubectl ")]
            path = f"{build.kubectl().parent}:{os.environ['PATH']}"
            for one in commands:
                env = {"PATH": path, "KUBECONFIG": kubeconfig, "HOME": str(tmp_path)}
                done = subprocess.run(
                    ["sh", "-c", one], env=env, capture_output=True, text=True, timeout=60, check=False
                )
                assert done.returncode == 0, f"{one}\n{done.stdout}{done.stderr}"
            assert [one.find() for one in made.leftovers] == [[]]
        assert secrets(real_cluster) == {"token": {"tls.pem": TRUE, "other": "Yg=="}, "theirs": {"value": TRUE}}
    finally:
        real_cluster.remove_namespace(SPACE)
