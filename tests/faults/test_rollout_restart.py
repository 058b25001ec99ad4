from __future__ import annotations

import copy
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from simian_army.contract import FaultKind
from simian_army.errors import Conflict, PlatformError, Refused
from simian_army.faults.k8s.rollout_restart import RESTARTED, RolloutRestart
from simian_army.model import Fault, Json, Mark, Selector, Target
from simian_army.standing import SWEPT, stops, struck, swept
from simian_army.targets.kube.facts import facts_of
from tests.faults.nearby import NearPort

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MARK = Mark("fleet", "run-1", "rollout-restart", NOW, {}, "")


def web(**spec: Any) -> NearPort:
    metadata = {"name": "web", "namespace": "shop", "uid": "u1", "resourceVersion": "1", "generation": 3}
    template = {"metadata": {"labels": {"app": "web"}}}
    whole = {"replicas": 8, "selector": {"matchLabels": {"app": "web"}}, "template": template, **spec}
    return NearPort({"metadata": metadata, "spec": whole, "status": {"observedGeneration": 3}})


def fault_on(port: NearPort, kind: str = "deployment") -> Fault:
    facts = facts_of(kind, port.obj or {})
    return Fault("rollout-restart", Target("kubernetes", kind, "u1", "web", "shop", "", NOW, {}, facts=facts))


def notes(port: NearPort) -> Json:
    template: Json = (port.obj or {})["spec"]["template"]["metadata"]
    said: Json = template.get("annotations", {})
    return said


def test_it_is_momentary_and_strikes_all_that_roll_out() -> None:
    kind: FaultKind = RolloutRestart(web())
    daemon = fault_on(web(), "daemonset")
    assert struck(kind) == ("deployment", "statefulset", "daemonset")
    assert (kind.reversible, kind.replaces, stops(kind)) == (False, True, "reach")
    assert kind.reach(fault_on(web())) == Selector("pod", ("shop",), "app=web")
    assert swept(kind, daemon, [daemon.target])[0].facts[SWEPT], "daemons are made anew as well"


@pytest.mark.parametrize(
    ("kind", "spec", "many"),
    [
        ("deployment", {}, 2),
        ("deployment", {"strategy": {"type": "Recreate"}}, 8),
        ("deployment", {"strategy": {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}}, 0),
        ("deployment", {"strategy": {"rollingUpdate": {"maxUnavailable": "10%", "maxSurge": "0%"}}}, 1),
        ("deployment", {"strategy": {"rollingUpdate": {"maxUnavailable": "40%", "maxSurge": 0}}}, 3),
        ("deployment", {"strategy": {"rollingUpdate": {"maxUnavailable": 99, "maxSurge": 0}}}, 8),
        ("statefulset", {}, 1),
        ("statefulset", {"updateStrategy": {"rollingUpdate": {"maxUnavailable": "20%"}}}, 2),
    ],
)
def test_no_more_go_at_once_than_the_roll_out_takes_away(kind: str, spec: Json, many: int) -> None:
    port = web(**spec)
    assert RolloutRestart(port).at_most(fault_on(port, kind)) == many


def test_of_a_daemonset_as_many_as_it_says_of_those_it_has() -> None:
    port = web(updateStrategy={"rollingUpdate": {"maxUnavailable": "10%"}})
    assert port.obj is not None
    port.obj["status"]["desiredNumberScheduled"] = 25
    assert RolloutRestart(port).at_most(fault_on(port, "daemonset")) == 3


def test_what_does_not_say_how_many_go_is_doubt() -> None:
    unread = replace(fault_on(web()), target=replace(fault_on(web()).target, facts={}))
    with pytest.raises(PlatformError, match="at once"):
        RolloutRestart(web()).at_most(unread)


@pytest.mark.parametrize(
    ("port", "why"),
    [
        (NearPort(None), "gone"),
        (web(paused=True), "paused"),
        (web(updateStrategy={"type": "OnDelete"}), "OnDelete"),
    ],
)
def test_what_would_not_roll_out_is_refused(port: NearPort, why: str) -> None:
    with pytest.raises(Refused, match=why):
        RolloutRestart(port).prepare(fault_on(web()))
    with pytest.raises(Refused, match=why):
        RolloutRestart(port).inject(fault_on(web()), MARK)


def test_parameters_are_refused() -> None:
    with pytest.raises(Refused, match="knows no parameter force"):
        RolloutRestart(web()).prepare(replace(fault_on(web()), params={"force": True}))


def test_restarting_twice_is_restarting_once() -> None:
    port = web()
    fault, kind = fault_on(port), RolloutRestart(port)
    assert kind.prepare(fault) is None
    kind.inject(fault, MARK)
    assert notes(port) == {RESTARTED: "run-1@3"}
    assert port.obj is not None
    assert "annotations" not in port.obj["metadata"], "nothing is held, so nothing is marked"
    port.obj["metadata"]["generation"] = 4
    kind.inject(fault, MARK)
    assert len(port.acts) == 1


def test_what_was_changed_since_it_was_looked_at_is_left_alone() -> None:
    port = web()
    fault = fault_on(port)
    assert port.obj is not None
    port.obj["metadata"]["generation"] = 4
    with pytest.raises(Conflict, match="generation 4, not 3"):
        RolloutRestart(port).inject(fault, MARK)
    assert notes(port) == {}


def test_the_effect_is_a_roll_out_that_has_begun() -> None:
    port = web()
    fault, kind = fault_on(port), RolloutRestart(port)
    assert not kind.observe(fault).holds
    put = copy.deepcopy(port.obj)
    assert put is not None
    put["spec"]["template"]["metadata"]["annotations"] = {RESTARTED: "run-0@2"}
    assert not RolloutRestart(NearPort(put)).observe(fault).holds, "an earlier one is none"
    kind.inject(fault, MARK)
    assert port.obj is not None
    port.obj["metadata"]["generation"] = 4
    waiting = kind.observe(fault)
    assert (waiting.holds, waiting.under_way) == (False, True)
    port.obj["status"]["observedGeneration"] = 4
    assert kind.observe(fault).holds
    port.obj = None
    assert "gone" in kind.observe(fault).detail


def test_there_is_nothing_to_undo() -> None:
    port = web()
    fault, kind = fault_on(port), RolloutRestart(port)
    kind.inject(fault, MARK)
    assert kind.revert(fault, MARK).holds
    assert notes(port) == {RESTARTED: "run-1@3"}
