"""Faults that run commands in containers, through the flow; the embedded server runs none, so one is played here."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from simian_army.embedded.kube.request import Request
from simian_army.faults.k8s.container_kill import ContainerKill
from simian_army.model import Phase, Target
from simian_army.ports_kube import Ended
from tests.flow.ground import Ground, ground
from tests.flow.test_nodes import AT, detail, phases, why
from tests.flow.town import town

MONKEY = (
    "- {{name: nodes, use: chaos, on: kubernetes, schedule: {{every: 2h}}, select: {{labels: app=web}}, "
    "with: {{fault: {fault}, params: {params}}}}}"
)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    with ground(tmp_path, town()) as made:
        yield made


def written(place: Ground, fault: str, params: str = "{}", *, on: bool, more: str = "") -> None:
    place.write(MONKEY.format(fault=fault, params=params), more)
    if on:
        said = place.config.read_text().replace("{context: here,", "{context: here, exec: true,")
        place.config.write_text(said)


@pytest.mark.parametrize(("fault", "params"), [("container-kill", "{}"), ("exec", "{argv: [sync]}")])
def test_they_are_off_unless_config_turns_them_on(place: Ground, fault: str, params: str) -> None:
    written(place, fault, params, on=False, more="  allow_irreversible: [exec]\n")
    with place.house() as house:
        assert "platforms.kubernetes.exec: true" in why(house.engine.fire(house.entries["nodes"], AT), fault)
    assert place.writes() == []


def test_a_command_that_config_did_not_allow_by_name_is_denied(place: Ground) -> None:
    written(place, "exec", "{argv: [sync]}", on=True)
    with place.house() as house:
        outcome = house.engine.fire(house.entries["nodes"], AT)
        assert any("allow_irreversible" in one["reason"] for one in outcome.troop.reasons())


def test_a_server_that_runs_none_is_a_denial_in_its_words(place: Ground) -> None:
    written(place, "container-kill", on=True)
    with place.house() as house:
        outcome = house.engine.fire(house.entries["nodes"], AT)
        assert "create pods/exec shop/web-" in why(outcome, "container-kill")
        assert phases(house, outcome.run.id)[:3] == ["fired", "intended", "denied"]


@pytest.mark.parametrize("dies", [True, False])
def test_the_effect_has_time_to_show(place: Ground, dies: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simian_army.engine.SHOWING", 3.0)
    written(place, "container-kill", on=True)
    with place.house() as house:
        real = house.platforms["kubernetes"]

        def restart(pod: Target) -> None:
            path = f"/api/v1/namespaces/shop/pods/{pod.name}/status"
            status = {"containerStatuses": [{"name": "web", "restartCount": 1, "state": {"running": {}}}]}
            headers = {"content-type": "application/merge-patch+json"}
            place.server.answer(Request("PATCH", path, json.dumps({"status": status}).encode(), headers))

        class Port:
            def __getattr__(self, name: str) -> Any:
                return getattr(real, name)

            def run(self, target: Target, container: str, argv: Sequence[str], seconds: float) -> Ended:
                if dies:
                    threading.Timer(1.0, restart, [target]).start()
                return Ended(0, "it ended with 0")

        judge = house.engine.judge
        judge = replace(judge, kinds={**judge.kinds, "container-kill": ContainerKill(Port())})
        outcome = replace(house.engine, judge=judge).fire(house.entries["nodes"], AT)
        assert phases(house, outcome.run.id)[-1] == ("observed" if dies else "no_effect")
        phase = Phase.OBSERVED if dies else Phase.NO_EFFECT
        assert f"web was restarted {int(dies)} times, before 0" in detail(house, outcome.run.id, phase)
