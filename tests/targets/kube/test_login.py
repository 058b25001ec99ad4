from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from simian_army.errors import ConfigError, PlatformError
from simian_army.targets.k8s import Kubernetes
from simian_army.targets.kube.login import login, within
from simian_army.targets.kube.place import Place
from tests.cluster.waiting import BUSY
from tests.targets.kube.stub import QuickClock, Reply, namespace, serving


def kubeconfig(path: Path, url: str, user: object) -> Path:
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": url}}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "shop", "context": {"cluster": "c", "user": "u"}}],
    }
    path.write_text(json.dumps(config))
    return path


def sent_by(place: Place) -> None:
    cluster = Kubernetes.connect(place, QuickClock())
    try:
        cluster.identities()
    finally:
        cluster.close()


def test_a_context_is_read_from_the_kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda _: Reply(200, namespace("kube-system"))) as server:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "config", server.url, {"token": "t1"})))
        sent_by(Place(context="shop"))
        assert server.requests[0].headers["authorization"] == "Bearer t1"


def test_an_exec_plugin_gives_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    credential = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "t2"}}
    program = tmp_path / "plugin.py"
    program.write_text(f"print({json.dumps(credential)!r})")
    user = {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "interactiveMode": "Never",
            "command": sys.executable,
            "args": [str(program)],
        }
    }
    with serving(lambda _: Reply(200, namespace("kube-system"))) as server:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "config", server.url, user)))
        sent_by(Place(context="shop"))
        assert server.requests[0].headers["authorization"] == "Bearer t2"


def test_a_context_that_is_not_there_is_named_with_those_that_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "config", "http://127.0.0.1:9", {})))
    with pytest.raises(ConfigError, match=r"context 'nope' of .*config cannot be used.*known: shop"):
        login(Place(context="nope"))


@pytest.mark.parametrize("text", ["", "[]", "{", "clusters: 7", "a: *b"])
def test_a_kubeconfig_that_makes_no_sense_is_a_config_error(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text(text)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    with pytest.raises(ConfigError, match="cannot be used"):
        login(Place(context="shop"))


def test_no_kubeconfig_at_all_is_a_config_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "absent"))
    with pytest.raises(ConfigError, match="known: none"):
        login(Place(context="shop"))


def test_in_cluster_outside_of_one_is_a_config_error() -> None:
    with pytest.raises(ConfigError, match=r"in-cluster cannot be used.*run it in a pod"):
        login(Place(context="in-cluster"))


@pytest.mark.parametrize("place", [Place(), Place(url="http://127.0.0.1:9", context="shop")])
def test_where_it_strikes_is_never_implicit(place: Place) -> None:
    with pytest.raises(ConfigError, match="name the context"):
        login(place)


def test_with_a_url_neither_kubeconfig_nor_environment_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda _: Reply(200, namespace("kube-system"))) as server:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "config", "http://127.0.0.1:9", {"token": "t"})))
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        sent_by(Place(url=f"{server.url}/"))
        assert "authorization" not in server.requests[0].headers
        assert server.requests[0].path == "/api/v1/namespaces/kube-system"


def test_work_that_does_not_come_back_is_left_behind() -> None:
    begun = time.perf_counter()
    read, write = os.pipe()
    try:
        with pytest.raises(PlatformError, match=r"could not log in within 0\.1 s"):
            within(0.1, "log in", lambda: os.read(read, 1))
        assert time.perf_counter() - begun < 2 + BUSY
    finally:
        os.write(write, b"x")
        os.close(write)


def test_what_goes_wrong_in_the_work_is_raised_to_who_waits() -> None:
    with pytest.raises(ZeroDivisionError):
        within(30.0, "divide", lambda: 1 // 0)


def test_the_key_is_never_shown() -> None:
    assert "hidden" not in repr(Place(url="http://x", key=b"hidden"))


def test_importing_the_adapter_does_not_import_the_client() -> None:
    program = "import sys, simian_army.targets.k8s as _; print({'kubernetes', 'urllib3', 'yaml', 'structlog', 'rich'} & set(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)
    assert shown.stdout.strip() == "set()"
