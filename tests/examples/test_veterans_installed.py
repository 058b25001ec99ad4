"""Does a third party's package, once installed, run in the fleet with no word of it in the fleet's own code."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from simian_army.embedded.kube.server import KubeServer

ROOT = Path(__file__).parents[2]
CONFIG = """
fleet: shop-eu
leashed: false
ledger: sqlite:///simian.db
key: 0123456789abcdef0123456789abcdef
platforms:
  kubernetes: {context: shop-eu, cluster_uid: UID}
monkeys:
  - {name: old-pods, use: veterans, on: kubernetes, schedule: {every: 2h}}
"""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the example was installed into, from a copy, by the uv that `make` uses."""
    uv = shutil.which("uv") or str(ROOT / ".tools" / "bin" / "uv")
    assert Path(uv).exists(), "uv is neither on PATH nor in .tools; run `make test` once"
    folder = tmp_path_factory.mktemp("veterans")
    shutil.copytree(ROOT / "examples" / "veterans", folder / "source", ignore=shutil.ignore_patterns("__pycache__"))
    into = ["--python", sys.executable, "--target", str(folder / "site"), "--cache-dir", str(folder / "cache")]
    command = [uv, "pip", "install", "--quiet", "--no-deps", *into, str(folder / "source")]
    subprocess.run(command, check=True, timeout=120)
    return folder / "site"


def simian(site: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `simian` in ``folder`` as if the example were installed beside it."""
    path = os.pathsep.join([str(site), str(ROOT)])
    env = {**os.environ, "PYTHONPATH": path, "KUBECONFIG": str(folder / "kubeconfig"), "NO_COLOR": "1"}
    command = [sys.executable, "-c", "from simian_army.cli import main; main()", *words]
    return subprocess.run(command, cwd=folder, env=env, check=False, capture_output=True, text=True, timeout=60)


def deployment(name: str, labels: Mapping[str, str]) -> dict[str, Any]:
    mine = {"app": name}
    spec = {"containers": [{"name": name, "image": "example.invalid/web:1"}]}
    template = {"metadata": {"labels": {**mine, **labels}}, "spec": spec}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"replicas": 3, "selector": {"matchLabels": mine}, "template": template},
    }


def connect(server: KubeServer, folder: Path) -> None:
    """Write what the fleet needs to find the server: a kubeconfig, and its own config."""
    kubeconfig = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": server.url}}],
        "users": [{"name": "u", "user": {}}],
        "contexts": [{"name": "shop-eu", "context": {"cluster": "c", "user": "u"}}],
    }
    (folder / "kubeconfig").write_text(json.dumps(kubeconfig))
    system = next(space for space in server.objects("Namespace") if space["metadata"]["name"] == "kube-system")
    (folder / "simian.yaml").write_text(CONFIG.replace("UID", system["metadata"]["uid"]))


def test_it_is_listed_with_its_own_origin(site: Path, tmp_path: Path) -> None:
    listed = simian(site, tmp_path, "plugins", "--json")
    rows = [json.loads(line) for line in listed.stdout.splitlines()]
    theirs = {(row["kind"], row["name"], row["error"]) for row in rows if row["origin"] == "simian-veterans 0.1.0"}
    assert theirs == {("monkey", "veterans", ""), ("fault", "power-cut", "")}, listed.stderr


def test_it_strikes_one_pod_that_opted_in_to_it_and_no_other(site: Path, tmp_path: Path) -> None:
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}}
    asked = deployment("asked", {"simian-army/veterans": "enabled"})
    other = deployment("other", {"simian-army/chaos": "enabled"})
    with KubeServer([node, asked, other], startup=0) as server:
        assert server.settle(30)
        connect(server, tmp_path)
        done = simian(site, tmp_path, "once", "old-pods")
        deleted = [write.path for write in server.writes if write.method == "DELETE" and write.code == 200]
    assert done.returncode == 0, done.stdout + done.stderr
    assert [path.rpartition("/")[2].partition("-")[0] for path in deleted] == ["asked"]
