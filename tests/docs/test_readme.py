"""Does every command of the README do what the README says, typed as it stands there."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster import build
from tests.cluster.fleet import Wish, fleet
from tests.cluster.plane import Cluster
from tests.cluster.waiting import until
from tests.flow.ground import Ground, ground

pytestmark = pytest.mark.slow
HOME = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
README = (HOME / "README.md").read_text()
COMMANDS = [
    line.strip() for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) for line in block.splitlines() if line
]


def typed(command: str, folder: Path, **env: str) -> str:
    """Run one command of the README; it must stand there."""
    assert command in COMMANDS, f"the README does not say {command}"
    said = subprocess.run(
        shlex.split(command),
        cwd=folder,
        env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", **env},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert said.returncode == 0, said.stdout + said.stderr
    return said.stdout


def test_every_command_is_run_here() -> None:
    here = Path(__file__).read_text()
    assert COMMANDS
    assert [command for command in COMMANDS if command not in here] == []


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Ground]:
    with ground(tmp_path) as made:
        yield made


def _configured(shop: Ground) -> dict[str, str]:
    """``simian init``, and its context set to the cluster at hand."""
    env = {"KUBECONFIG": str(shop.folder / "kubeconfig")}
    assert "wrote simian.yaml" in typed("simian init", shop.folder)
    shop.config.write_text(shop.config.read_text().replace("my-context", "here"))
    return env


def test_the_first_steps_on_a_cluster(shop: Ground) -> None:
    env = _configured(shop)
    assert "all is well" in typed("simian check", shop.folder, **env)
    assert "opt-in" in typed("simian why shop/web", shop.folder, **env)
    quiet = shop.config.read_text()  # the template's blackouts would make the answer depend on the hour
    start, end = quiet.index("  blackouts:"), quiet.index("  budget:")
    shop.config.write_text(quiet[:start] + quiet[end:])
    assert "pod shop/web-" in typed("simian plan --days 2", shop.folder, **env)
    assert "would be hit" in typed("simian once pods --leashed", shop.folder, **env)
    assert "5 groups" in typed("simian why shop", shop.folder, **env)
    assert "BEGIN:VEVENT" in typed("simian plan --days 30 --ical", shop.folder, **env)
    example = (HOME / "examples/gameday.yaml").read_text()
    (shop.folder / "gameday.yaml").write_text(re.sub("pause: [0-9]+s", "pause: 1s", example))
    assert "every step went as expected" in typed("simian gameday gameday.yaml", shop.folder, **env)
    assert shop.writes() == [], "what init writes is leashed"


def test_the_commands_beside_a_running_agent(shop: Ground) -> None:
    env = _configured(shop)
    assert "simian run" in COMMANDS
    with (shop.folder / "log").open("w") as log:
        agent = subprocess.Popen([BIN / "simian", "run"], cwd=shop.folder, env={**os.environ, **env}, stderr=log)
    try:
        until("the agent leads", lambda: "pid" in typed("simian status", shop.folder), 90)
        typed('simian halt --reason "incident 7"', shop.folder)
        assert "incident 7" in typed("simian status", shop.folder)
        typed('simian resume --reason "over"', shop.folder)
        assert "reverted" in typed("simian revert --all", shop.folder)
        assert "incident 7" in typed("simian audit --since 1d", shop.folder)
        assert "the chain is whole" in typed("simian audit verify", shop.folder)
        assert "pod-evict" in typed("simian plugins", shop.folder)
    finally:
        agent.send_signal(signal.SIGTERM)
        assert agent.wait(60) == 0


def test_make_demo(tmp_path: Path) -> None:
    if Path(sys.prefix) != HOME / ".venv":
        pytest.skip("these tests do not run from this checkout's .venv, which `make demo` would make anew")
    assert "the chain is whole" in typed("make demo", HOME, HOME=str(tmp_path))


def test_labels_opt_in_narrow_it_and_opt_out(real_cluster: Cluster, tmp_path: Path) -> None:
    tool = build.kubectl()
    real_cluster.namespace("shop")
    try:
        real_cluster.deployment("shop", "web", 2)
        real_cluster.settle("shop")
        made = fleet(real_cluster, tmp_path, Wish(namespaces="shop", leashed=True))
        here = tmp_path / "kubeconfig"
        here.write_text(made.kubeconfig.read_text().replace('"user": "', '"namespace": "shop", "user": "', 1))
        env = {"KUBECONFIG": str(here), "PATH": f"{tool.parent}:{os.environ['PATH']}"}

        def opt_in() -> str:
            said = made.simian("why", "shop/web").stdout
            return next(line for line in said.splitlines() if " opt-in: " in line)

        assert "NO  opt-in: no simian-army/chaos label" in opt_in()
        typed("kubectl label deployment web simian-army/chaos=enabled", tmp_path, **env)
        assert "yes  opt-in: simian-army/chaos=enabled on Deployment web" in opt_in()
        typed("kubectl label deployment web simian-army/chaos.pod-evict=enabled", tmp_path, **env)
        assert "yes  opt-in: simian-army/chaos.pod-evict=enabled on Deployment web" in opt_in()
        typed("kubectl label namespace shop simian-army/opt-out=true", tmp_path, **env)
        assert "NO  opt-in: simian-army/opt-out=true on Namespace shop" in opt_in()
    finally:
        real_cluster.remove_namespace("shop")


def test_the_chart_is_installed_and_uninstalled(real_cluster: Cluster, tmp_path: Path) -> None:
    for name in ("helm", "examples"):
        (tmp_path / name).symlink_to(HOME / name)
    tools = f"{build.helm().parent}:{build.kubectl().parent}:{BIN}:{os.environ['PATH']}"
    folders = {f"HELM_{name}_HOME": str(tmp_path / name) for name in ("CACHE", "CONFIG", "DATA")}
    env = {"KUBECONFIG": str(real_cluster.kubeconfig), "PATH": tools, **folders}
    real_cluster.namespace("shop")
    try:
        typed("simian init", tmp_path)
        typed("kubectl create namespace simian-army", tmp_path, **env)
        key = "kubectl -n simian-army create secret generic fleet-key --from-file=key=simian.key"
        typed(key, tmp_path, **env)
        chart = "helm install army helm/simian-army -n simian-army -f examples/values.yaml --set key.existingSecret=fleet-key"
        assert "changes nothing" in typed(chart, tmp_path, **env)
        assert "kind: ClusterRole" in typed("simian rbac --namespace chaos", tmp_path)
        assert 'release "army" uninstalled' in typed("helm uninstall army -n simian-army", tmp_path, **env)
    finally:
        real_cluster.remove_namespace("simian-army")
        real_cluster.remove_namespace("shop")


@pytest.mark.slow
def test_it_is_installed_by_uv_as_a_tool(tmp_path: Path) -> None:
    uv = shutil.which("uv", path=f"{HOME / '.tools/bin'}:{os.environ['PATH']}")
    assert uv, "make puts uv into .tools/bin"
    folders = {"UV_TOOL_DIR": str(tmp_path / "tools"), "UV_TOOL_BIN_DIR": str(tmp_path / "bin")}
    typed("uv tool install .", HOME, PATH=f"{Path(uv).parent}:{os.environ['PATH']}", **folders)
    said = subprocess.run([tmp_path / "bin/simian", "plugins"], capture_output=True, text=True, check=True, timeout=120)
    assert "pod-evict" in said.stdout


@pytest.mark.slow
def test_it_is_installed_by_pip(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "env"], check=True, timeout=120)
    python = tmp_path / "env/bin/python"
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "."],
        cwd=HOME,
        check=True,
        timeout=240,
    )
    said = subprocess.run(
        [tmp_path / "env/bin/simian", "demo"], check=False, cwd=tmp_path, capture_output=True, text=True, timeout=180
    )
    assert said.returncode == 0, said.stderr
    assert "the chain is whole" in said.stdout
    subprocess.run([python, "-m", "pip", "check"], check=True, capture_output=True, timeout=120)
