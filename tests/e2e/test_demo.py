"""What a newcomer types, as a process of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.waiting import BUSY
from tests.flow.ground import ground

pytestmark = pytest.mark.slow
SIMIAN = str(Path(sys.executable).with_name("simian"))
HOME = Path(__file__).parents[2]


def simian(*words: str, cwd: Path, code: Any = 0, **env: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [SIMIAN, *words], cwd=cwd, env={**os.environ, **env}, capture_output=True, text=True, timeout=180, check=False
    )
    assert code is None or done.returncode == code, done.stdout + done.stderr
    return done


def shape(text: str) -> list[str]:
    """The words of the demo without what differs from run to run."""
    text = re.sub(r"/\S*simian-demo-\w+", "FOLDER", text)
    text = re.sub(r"http://127\.0\.0\.1:\d+", "URL", text)
    text = re.sub(r"run \w{10}", "run ID", text)
    text = re.sub(r"(web|cart|search|checkout|dns)-[0-9a-f]{10}-\w{5}", r"\1", text)
    text = re.sub(r"node node-[abc]", "node N", text)
    return [line.rstrip() for line in text.splitlines() if line.strip() and "denied" not in line]


def test_the_demo_shows_a_hit_a_refusal_a_revert_and_a_whole_audit(tmp_path: Path) -> None:
    begun = time.monotonic()  # noqa: TID251 - how long a person waits
    said = simian("demo", cwd=tmp_path, KUBECONFIG="/nowhere/at/all").stdout
    assert time.monotonic() - begun < 60 + 4 * BUSY  # noqa: TID251
    for word in (
        "hit  pod shop/web-",
        "by quorum: PDB shop/checkout: 0 disruptions allowed",
        "by protected",
        "by opt-in",
        "reverted  node",
        "the chain is whole",
        "What to type next",
    ):
        assert word in said, said


def test_the_readme_shows_the_real_output_of_the_demo(tmp_path: Path) -> None:
    readme = (HOME / "README.md").read_text()
    shown = readme.split("```text\n$ simian demo\n")[1].split("```")[0]
    said = simian("demo", cwd=tmp_path).stdout
    ours, real = shape(shown), shape(said)
    head = len("An embedded")
    assert [line[:head] for line in ours] == [line[:head] for line in real]


def test_init_writes_a_leashed_config_and_a_secret_key_and_overwrites_nothing(tmp_path: Path) -> None:
    simian("init", cwd=tmp_path)
    assert (tmp_path / "simian.key").stat().st_mode & 0o777 == 0o600
    assert "leashed: true" in (tmp_path / "simian.yaml").read_text()
    again = simian("init", cwd=tmp_path, code=2)
    assert "is not overwritten" in again.stderr


def test_a_mistake_in_the_config_ends_with_code_two_and_its_place(tmp_path: Path) -> None:
    simian("init", cwd=tmp_path)
    file = tmp_path / "simian.yaml"
    file.write_text(file.read_text().replace("every: 2h", "evry: 2h"))
    said = simian("plan", cwd=tmp_path, code=2).stderr
    assert "monkeys[0].schedule.evry: unknown key, did you mean every?" in said


def test_the_version_is_that_of_the_package(tmp_path: Path) -> None:
    assert simian("--version", cwd=tmp_path).stdout == f"simian-army {version('simian-army')}\n"


def test_help_is_quick_and_loads_no_sdk(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom simian_army.cli.app import app\n"
        "heavy = {'kubernetes', 'boto3', 'sqlalchemy', 'apscheduler', 'pydantic', 'rich.console'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)
    assert "gameday" in simian("--help", cwd=tmp_path).stdout
    assert "halt" in simian("--help", cwd=tmp_path).stdout


def test_the_commands_on_a_cluster(tmp_path: Path) -> None:
    with ground(tmp_path) as shop:
        shop.write()
        env = {"KUBECONFIG": str(tmp_path / "kubeconfig")}
        assert "all is well" in simian("check", cwd=tmp_path, **env).stdout
        assert "would be hit" in simian("once", "pods", "--leashed", cwd=tmp_path, **env).stdout
        assert shop.writes() == []
        said = simian("once", "pods", cwd=tmp_path, **env).stdout
        assert "hit  pod shop/web-" in said and "closed" in said
        why = simian("why", "node", "node-b", cwd=tmp_path, **env).stdout
        assert "is spared" in why and "NO  shared" in why
        near = simian("why", "node-x", cwd=tmp_path, code=2, **env).stderr
        assert "did you mean" in near
        assert "pod shop/web-" in simian("plan", "--days", "1", cwd=tmp_path, **env).stdout
        rows = [
            json.loads(line)
            for line in simian("audit", "--json", "--phase", "injected", cwd=tmp_path).stdout.splitlines()
        ]
        assert len(rows) == 1 and rows[0]["embedded"] is False
        assert "the chain is whole" in simian("audit", "verify", cwd=tmp_path).stdout
        assert "nobody" in simian("status", cwd=tmp_path).stdout
        simian("halt", "--reason", "incident 7", cwd=tmp_path)
        refused = simian("once", "pods", cwd=tmp_path, code=3, **env).stdout
        assert "incident 7" in refused
        simian("resume", "--reason", "over", cwd=tmp_path)
        simian("revert", "nosuchrun1", cwd=tmp_path, code=2)
        listed = {row["name"] for row in map(json.loads, simian("plugins", "--json", cwd=tmp_path).stdout.splitlines())}
        assert {"chaos", "pod-evict", "pod-delete", "node-cordon"} <= listed


def agent(folder: Path, **env: str) -> subprocess.Popen[str]:
    with (folder / "log").open("a") as log:
        return subprocess.Popen([SIMIAN, "run"], cwd=folder, env={**os.environ, **env}, stderr=log, text=True)


def until(done: Callable[[], object], seconds: float = 60) -> None:
    for _ in range(int(seconds / 0.1)):
        if done():
            return
        time.sleep(0.1)  # noqa: TID251 - a real process is under way
    pytest.fail("it did not happen in time")


def test_a_killed_agent_leaves_a_cordon_that_the_next_one_reverts(tmp_path: Path) -> None:
    monkeys = "- {name: nodes, use: chaos, on: kubernetes, schedule: {every: 2s}, hold: 1h, with: {fault: node-cordon}}"
    with ground(tmp_path) as shop:
        shop.write(monkeys)
        env = {"KUBECONFIG": str(tmp_path / "kubeconfig")}

        def cordoned() -> list[Any]:
            return [n for n in shop.server.objects("Node") if n["spec"].get("unschedulable")]

        first = agent(tmp_path, **env)
        until(cordoned)
        first.send_signal(signal.SIGKILL)
        first.wait()
        assert cordoned()
        shop.write(monkeys.replace("every: 2s", "every: 12h"))
        second = agent(tmp_path, **env)
        until(lambda: "adopted" in (tmp_path / "log").read_text() or not cordoned())
        said = simian("revert", "--all", "--reason", "test", cwd=tmp_path, **env).stdout
        assert "reverted" in said
        assert not cordoned()
        second.terminate()
        assert second.wait(timeout=60) == 0
        assert "the chain is whole" in simian("audit", "verify", cwd=tmp_path).stdout


def test_sigterm_reverts_what_is_held_before_the_agent_ends(tmp_path: Path) -> None:
    monkeys = "- {name: nodes, use: chaos, on: kubernetes, schedule: {every: 2s}, hold: 1h, with: {fault: node-cordon}}"
    with ground(tmp_path) as shop:
        shop.write(monkeys)
        process = agent(tmp_path, KUBECONFIG=str(tmp_path / "kubeconfig"))
        until(lambda: any(n["spec"].get("unschedulable") for n in shop.server.objects("Node")))
        process.terminate()
        assert process.wait(timeout=60) == 0
        assert not any(n["spec"].get("unschedulable") for n in shop.server.objects("Node"))
        assert not any("simian-army/held" in n["metadata"].get("labels", {}) for n in shop.server.objects("Node"))


def test_the_agent_carries_out_a_request_within_a_second_or_so(tmp_path: Path) -> None:
    with ground(tmp_path) as shop:
        shop.write()
        env = {"KUBECONFIG": str(tmp_path / "kubeconfig")}
        process = agent(tmp_path, **env)
        until(lambda: "pid" in simian("status", cwd=tmp_path).stdout)
        said = simian("once", "pods", "--reason", "by hand", cwd=tmp_path, **env).stdout
        assert "is with the agent" in said and "injected" in said
        process.terminate()
        assert process.wait(timeout=60) == 0
        events = [json.loads(line) for line in simian("audit", "--json", cwd=tmp_path).stdout.splitlines()]
        asked = next(e for e in events if e["phase"] == "requested")
        fired = next(e for e in events if e["phase"] == "fired")
        assert fired["data"]["request"] == asked["seq"]
        assert asked["data"]["reason"] == "by hand"
