from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from simian_army.clock import SystemClock
from simian_army.errors import Forbidden, Gone, PlatformError, Refused, Unknown
from simian_army.faults.k8s.container_kill import ContainerKill
from simian_army.faults.k8s.node_cordon import NodeCordon
from simian_army.model import Target
from simian_army.ports_kube import Ended
from simian_army.targets.k8s import Kubernetes
from simian_army.targets.kube.place import Place
from tests.cluster.plane import Cluster
from tests.cluster.rights import account, forget, rule
from tests.cluster.waiting import BUSY
from tests.targets.kube.talking import ERROR, STDERR, STDOUT, SUCCESS, Talk, exited, talking

POD = Target("kubernetes", "pod", "u1", "web-1", "shop", "", None, {})
FULL = ((STDOUT, b"hello"), (STDERR, b""), (ERROR, SUCCESS))


def run(talk: Talk, argv: Sequence[str] = ("sync",), *, seconds: float = 30, **place: Any) -> Ended:
    with talking(talk) as url:
        cluster = Kubernetes.connect(Place(url=url, **{"exec": True, **place}))
        with contextlib.closing(cluster):
            return cluster.run(POD, "app", argv, seconds)


@pytest.mark.parametrize("speaks", ["v5.channel.k8s.io", "v4.channel.k8s.io"])
def test_a_command_is_run_and_its_end_is_told(speaks: str) -> None:
    talk = Talk(FULL, speaks=speaks)
    assert run(talk, ["/bin/sh", "-c", "kill -TERM 1 && echo a b"]) == Ended(0, "it ended with 0")
    (asked,) = talk.asked
    assert asked["path"] == "/api/v1/namespaces/shop/pods/web-1/exec"
    assert asked["query"] == [
        ("command", "/bin/sh"),
        ("command", "-c"),
        ("command", "kill -TERM 1 && echo a b"),
        ("container", "app"),
        ("stdout", "true"),
        ("stderr", "true"),
    ]
    assert asked["sec-websocket-protocol"] == "v5.channel.k8s.io,v4.channel.k8s.io"
    assert asked["user-agent"].startswith("simian-army/") and "origin" not in asked


@pytest.mark.parametrize("code", [1, 137])
def test_an_exit_code_is_told(code: int) -> None:
    assert run(Talk(((ERROR, exited(code)),))).code == code


def test_a_connection_that_ends_without_a_word_leaves_the_end_open() -> None:
    assert run(Talk(((STDOUT, b"hello"),))).code is None


def test_a_command_that_could_not_be_started_did_nothing() -> None:
    said = {"status": "Failure", "reason": "InternalError", "message": 'exec: "sh": executable file not found in $PATH'}
    with pytest.raises(Refused, match="could not be run: .*executable file not found"):
        run(Talk(((ERROR, said),)))


@pytest.mark.parametrize("said", [b"{", b"[]", b'"x"'])
def test_an_end_that_makes_no_sense_is_unknown(said: bytes) -> None:
    with pytest.raises(Unknown, match="makes no sense"):
        run(Talk(((ERROR, said),)))


@pytest.mark.parametrize("code", ["", "x", "-1"])
def test_an_exit_code_that_is_none_is_no_zero(code: str) -> None:
    causes = [{"reason": "ExitCode", "message": code}]
    with pytest.raises(Refused):
        run(Talk(((ERROR, {"status": "Failure", "details": {"causes": causes}}),)))


def test_one_that_does_not_end_is_unknown_once_its_time_is_up() -> None:
    clock = SystemClock()
    began = clock.monotonic()
    with pytest.raises(Unknown, match="had not ended when its time was up"):
        run(Talk(((STDOUT, b"."),), hangs=True), seconds=0.5)
    assert clock.monotonic() - began < 3 + BUSY


@pytest.mark.parametrize(
    ("status", "error", "why"),
    [
        (403, Forbidden, r'resources: \["pods/exec"\], verbs: \["get", "create"\]'),
        (404, Gone, "no such pod"),
        (400, Refused, "400 no such pod"),
        (500, Unknown, "it may have happened"),
    ],
)
def test_a_no_of_the_server_is_told_in_its_words(status: int, error: type[Exception], why: str) -> None:
    with pytest.raises(error, match=why):
        run(Talk(status=status, body={"kind": "Status", "message": "no such pod"}))


def test_a_server_that_is_not_there_is_told() -> None:
    cluster = Kubernetes.connect(Place(url="http://127.0.0.1:9", exec=True))
    with (
        contextlib.closing(cluster),
        pytest.raises(PlatformError, match=r"create pods/exec shop/web-1: cannot be reached") as caught,
    ):
        cluster.run(POD, "app", ["sync"], 1)
    assert not isinstance(caught.value, Unknown), "nothing was sent"


def test_it_is_off_unless_config_turns_it_on() -> None:
    talk = Talk(FULL)
    with pytest.raises(Refused, match=r"write platforms\.kubernetes\.exec: true"):
        run(talk, exec=False)
    assert talk.asked == [], "nothing was sent"


def test_check_names_the_faults_that_are_off(real_cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(real_cluster.kubeconfig_of("admin")))
    for on, told in ((False, 1), (True, 0)):
        cluster = Kubernetes.connect(Place(context=real_cluster.context, exec=on))
        with contextlib.closing(cluster):
            said = [e.detail for e in cluster.check([ContainerKill(cluster), NodeCordon(cluster)]) if not e.holds]
        assert len([one for one in said if one.startswith("fault container-kill: running commands")]) == told


SPACE = "exec-test"


@pytest.fixture
def there(real_cluster: Cluster) -> Iterator[Target]:
    """A pod that the real server knows; its node has no kubelet, so nothing is run in it."""
    real_cluster.namespace(SPACE)
    try:
        real_cluster.deployment(SPACE, "app", 1)
        real_cluster.settle(SPACE)
        (pod,) = real_cluster.pods(SPACE)
        yield Target("kubernetes", "pod", pod["metadata"]["uid"], pod["metadata"]["name"], SPACE, "", None, {})
    finally:
        real_cluster.remove_namespace(SPACE)


def refusal(cluster: Cluster, kubeconfig: Path, pod: Target) -> PlatformError:
    """Why the real server runs nothing in the pod for whom that file speaks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECONFIG", str(kubeconfig))
        port = Kubernetes.connect(Place(context=cluster.context, exec=True))
    with contextlib.closing(port), pytest.raises(PlatformError) as caught:
        port.run(pod, "app", ["sync"], 5)
    return caught.value


def test_the_real_server_is_reached_with_our_credentials_and_its_word_is_understood(
    real_cluster: Cluster, there: Target
) -> None:
    """That its node has no kubelet is the proof that it took the request."""
    mark = real_cluster.audit_mark()
    error = refusal(real_cluster, real_cluster.kubeconfig_of("admin"), there)
    assert [call for call in real_cluster.calls(mark) if "/exec" in call.uri], "it came to the API server"
    assert not isinstance(error, Forbidden), str(error)


def test_the_real_server_wants_both_verbs_and_tells_its_audit_log_of_one(real_cluster: Cluster, there: Target) -> None:
    """A websocket is opened by GET, which takes `get`; since 1.35 `create` is asked for besides, of which nothing is
    written down (the gate AuthorizePodWebsocketUpgradeCreatePermission)."""
    mark = real_cluster.audit_mark()
    said: dict[str, PlatformError] = {}
    try:
        for verbs in ("get", "create", "get create"):
            name = f"may-{verbs.replace(' ', '-')}"
            kubeconfig = account(real_cluster, SPACE, name, [rule("", "pods/exec", verbs)], [])
            said[verbs] = refusal(real_cluster, kubeconfig, there)
    finally:
        forget(real_cluster, SPACE, "may-get", "may-create", "may-get-create")
    assert {verbs: isinstance(error, Forbidden) for verbs, error in said.items()} == {
        "get": True,
        "create": True,
        "get create": False,
    }
    calls = [call for call in real_cluster.calls(mark) if call.resource == "pods/exec"]
    assert [(call.verb, call.code == 403) for call in calls] == [("get", True), ("get", True), ("get", False)]
