from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from safety.irreversible import Irreversible, Nature
from simian_army.contract import FaultKind
from simian_army.errors import Refused, Unknown
from simian_army.faults.k8s.container_kill import TERM, ContainerKill
from simian_army.faults.k8s.run_command import RunCommand
from simian_army.model import Fault, Json, Mark, Scene, Target
from simian_army.ports_kube import Ended
from simian_army.testing.fakes import OnePort

NOW = datetime(2026, 1, 1, tzinfo=UTC)
POD = Target("kubernetes", "pod", "u1", "web", "shop", "shop/Deployment/web", NOW, {})
MARK = Mark("f", "r", "k", NOW, {}, "")
KILL, EXEC = Fault("container-kill", POD), Fault("exec", POD, {"argv": ["sync", "-f", "/"]})
OK = Ended(0, "it ended with 0")
both = pytest.mark.parametrize(("make", "fault"), [(ContainerKill, KILL), (RunCommand, EXEC)])
Make = type[ContainerKill | RunCommand]


class Containers(OnePort):
    """A pod with two running containers; ``ended`` is how a command does, ``ran`` what was run where."""

    def __init__(self, ended: Ended | Exception = OK, *, on: bool = True, **spec: Any) -> None:
        names = ("app", "side")
        status = [{"name": name, "restartCount": 2, "state": {"running": {}}} for name in names]
        super().__init__(
            {
                "metadata": {"name": "web", "uid": "u1", "resourceVersion": "7"},
                "spec": {"containers": [{"name": name} for name in names], **spec},
                "status": {"containerStatuses": status},
            }
        )
        self.ended, self.on = ended, on
        self.ran: list[tuple[str, list[str], float]] = []

    def may_run(self) -> None:
        if not self.on:
            raise Refused("off")

    def run(self, target: Target, container: str, argv: Sequence[str], seconds: float) -> Ended:
        self.may_run()
        self.ran.append((container, list(argv), seconds))
        if isinstance(self.ended, Exception):
            raise self.ended
        return self.ended

    def status(self, number: int = 0) -> Any:
        assert self.obj is not None
        return self.obj["status"]["containerStatuses"][number]


def killed(port: Containers, params: Json | None = None) -> Fault:
    kind, fault = ContainerKill(port), replace(KILL, params=params or {})
    fault = replace(fault, undo=kind.prepare(fault))
    kind.inject(fault, MARK)
    return fault


@both
def test_preparing_runs_nothing_and_changes_nothing(make: Make, fault: Fault) -> None:
    port = Containers()
    before = copy.deepcopy(port.obj)
    kind: FaultKind = make(port)
    kind.prepare(fault)
    assert port.ran == [] and port.acts == [] and port.obj == before
    assert kind.reach(fault) is None and not kind.reversible


@both
def test_where_commands_are_off_nothing_is_run(make: Make, fault: Fault) -> None:
    port = Containers(on=False)
    with pytest.raises(Refused, match="off"):
        make(port).prepare(fault)
    with pytest.raises(Refused, match="off"):
        make(port).inject(fault, MARK)
    assert port.ran == []


@both
def test_a_pod_or_container_that_cannot_be_struck_is_refused(make: Make, fault: Fault) -> None:
    named = replace(fault, params={**fault.params, "container": "other"})
    with pytest.raises(Refused, match="has no container 'other'; it has app, side"):
        make(Containers()).prepare(named)
    waiting = Containers()
    waiting.status()["state"] = {"waiting": {"reason": "CrashLoopBackOff"}}
    with pytest.raises(Refused, match="its container app does not run"):
        make(waiting).prepare(fault)
    leaving = Containers()
    leaving._leave(POD)
    with pytest.raises(Refused, match="being deleted"):
        make(leaving).inject(fault, MARK)
    gone = Containers()
    gone.obj = None
    with pytest.raises(Refused, match="gone"):
        make(gone).inject(fault, MARK)
    assert [*waiting.ran, *leaving.ran, *gone.ran] == []


@both
def test_there_is_nothing_to_revert(make: Make, fault: Fault) -> None:
    port = Containers()
    assert make(port).revert(fault, MARK).holds
    assert port.ran == [] and port.acts == []


@pytest.mark.parametrize(("params", "where"), [({}, "app"), ({"container": "side"}, "side")])
def test_process_1_of_the_container_is_asked_to_end(params: Json, where: str) -> None:
    port = Containers()
    fault = killed(port, params)
    assert port.ran == [(where, list(TERM), 10.0)]
    assert TERM[-1] == "kill -TERM 1", "KILL would be ignored"
    assert fault.undo == {"container": where, "restarts": 2}


def test_the_effect_is_that_it_was_restarted_once_more() -> None:
    port = Containers()
    fault = killed(port, {"container": "side"})
    kind = ContainerKill(port)
    port.status(0)["restartCount"] = 9
    seen = kind.observe(fault)
    assert not seen.holds and seen.under_way, "of another container that says nothing; look again"
    port.status(1)["restartCount"] = 3
    seen = kind.observe(fault)
    assert (seen.holds, seen.under_way, seen.detail) == (True, False, "side was restarted 3 times, before 2")
    port.obj = None
    assert not kind.observe(fault).holds


@pytest.mark.parametrize("code", [0, None, 137, 143])
def test_the_shell_may_go_with_its_container_before_it_says_anything(code: int | None) -> None:
    killed(Containers(Ended(code, "so")))


@pytest.mark.parametrize("code", [1, 2, 126, 127])
def test_a_signal_that_could_not_be_sent_is_a_refusal(code: int) -> None:
    with pytest.raises(Refused, match="so nothing was sent"):
        killed(Containers(Ended(code, f"it ended with {code}")))


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"shareProcessNamespace": True}, "share their processes"),
        ({"hostPID": True}, "share their processes"),
        ({"restartPolicy": "Never"}, r"app may not be started again \(restartPolicy: Never\)"),
        ({"restartPolicy": "OnFailure"}, r"app may not be started again \(restartPolicy: OnFailure\)"),
        ({"containers": [{"name": "app", "restartPolicy": "OnFailure"}]}, r"restartPolicy: OnFailure"),
    ],
)
def test_a_pod_in_which_process_1_is_another_or_stays_dead_is_refused(spec: Json, why: str) -> None:
    with pytest.raises(Refused, match=why):
        ContainerKill(Containers(**spec)).prepare(KILL)


@pytest.mark.parametrize(
    "spec",
    [
        {"restartPolicy": "Always"},
        {"restartPolicy": "Never", "containers": [{"name": "app", "restartPolicy": "Always"}]},
        {"containers": [{"name": "app"}, {"name": "side", "restartPolicy": "Never"}]},
    ],
)
def test_a_container_that_is_always_started_again_is_struck_whatever_the_others_are(spec: Json) -> None:
    port = Containers(**spec)
    killed(port)
    assert port.ran


def test_a_sidecar_that_is_always_started_again_does_not_speak_for_the_container() -> None:
    sidecar: dict[str, Any] = {
        "restartPolicy": "OnFailure",
        "initContainers": [{"name": "proxy", "restartPolicy": "Always"}],
    }
    with pytest.raises(Refused, match="restartPolicy: OnFailure"):
        ContainerKill(Containers(**sidecar)).prepare(KILL)


def test_the_command_is_that_of_config_and_no_shell_reads_it() -> None:
    port = Containers()
    kind = RunCommand(port)
    assert kind.prepare(EXEC) is None
    kind.inject(EXEC, MARK)
    assert port.ran == [("app", ["sync", "-f", "/"], 10)]
    assert kind.observe(EXEC).holds
    assert not RunCommand(port).observe(EXEC).holds, "another process does not know"


def test_labels_choose_no_command() -> None:
    port = Containers()
    labelled = replace(EXEC, target=replace(POD, labels={"simian-army/argv": "rm", "argv": "rm"}))
    RunCommand(port).inject(labelled, MARK)
    assert port.ran[0][1] == ["sync", "-f", "/"]


@pytest.mark.parametrize("ended", [Ended(3, "it ended with 3"), Ended(None, "no word")])
def test_a_command_that_did_not_end_well_may_have_done_anything(ended: Ended) -> None:
    kind = RunCommand(Containers(ended))
    with pytest.raises(Unknown, match="it may have done anything"):
        kind.inject(EXEC, MARK)
    assert not kind.observe(EXEC).holds


def test_how_many_ends_are_remembered_is_bounded() -> None:
    port = Containers()
    kind = RunCommand(port)
    assert port.obj is not None
    for number in range(250):
        port.obj["metadata"]["uid"] = f"u{number}"
        kind.inject(replace(EXEC, target=replace(POD, id=f"u{number}")), MARK)
    assert len(kind._ended) == 100 and "u249" in kind._ended


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ({}, "argv is None"),
        ({"argv": "rm -rf /"}, "give a list of words"),
        ({"argv": []}, "give a list"),
        ({"argv": ["a", 1]}, "give a list"),
        ({"argv": ["a"], "seconds": 31}, "from 1 to 30"),
        ({"argv": ["a"], "shell": True}, "knows no parameter shell"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(params: Json, why: str) -> None:
    with pytest.raises(Refused, match=why):
        RunCommand(Containers()).prepare(replace(EXEC, params=params))


def test_a_command_runs_only_where_config_allows_what_cannot_be_undone() -> None:
    natures = {kind.name: Nature(kind.reversible, kind.replaces) for kind in (RunCommand, ContainerKill)}

    def allowed(fault: Fault, *names: str) -> bool:
        target = replace(POD, replaced=True)
        scene = Scene(NOW, "f", "chaos", "e", replace(fault, target=target))
        return Irreversible(natures, frozenset(names))(scene).allowed

    assert not allowed(EXEC) and allowed(EXEC, "exec")
    assert allowed(KILL), "its node starts the container again"
