"""Does the fleet leave itself alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from safety.myself import Myself
from simian_army.contract import Guard
from simian_army.model import Target
from tests.safety.scenes import instance, namespace, node, pod, scene

GUARD: Guard = Myself(uid="uid-agent", namespace="chaos", node="n1")


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (pod("agent"), "pod shop/agent is the agent's own pod"),
        (replace(pod("x"), scope="chaos"), "chaos is the agent's own namespace"),
        (namespace("chaos"), "chaos is the agent's own namespace"),
        (node("n1"), "n1 is the node the agent runs on"),
        (pod("y", {"app.kubernetes.io/name": "simian-army"}), "app.kubernetes.io/name=simian-army on the pod"),
    ],
)
def test_no_part_of_the_fleet_is_a_target(target: Target, words: str) -> None:
    verdict = GUARD(scene(target))
    assert not verdict.allowed
    assert verdict.reason == f"never self: {words}"


@pytest.mark.parametrize("target", [pod("web-1"), pod("n1"), node("n2"), node("chaos"), namespace("shop")])
def test_everything_else_may_be_one(target: Target) -> None:
    assert GUARD(scene(target)).allowed


def test_outside_a_cluster_nothing_is_known_of_us_and_nothing_matches_by_being_empty() -> None:
    nowhere = Myself()
    assert nowhere(scene(node(""))).allowed
    assert nowhere(scene(replace(pod(), id="", scope=""))).allowed


def test_the_instance_the_agent_runs_on_is_no_target() -> None:
    assert not Myself(instance="i-0a1b")(scene(instance())).allowed
    assert Myself(instance="i-0a1")(scene(instance())).allowed, "an id that only begins alike is another"
    assert Myself()(scene(instance())).allowed


@pytest.mark.parametrize(
    "reached",
    [
        pod("agent"),
        replace(pod("x"), scope="chaos"),
        pod("y", {"app.kubernetes.io/name": "simian-army"}),
    ],
)
def test_nothing_strikes_that_would_reach_a_part_of_the_fleet(reached: Target) -> None:
    verdict = GUARD(scene(node("n2"), "node-cordon", reach=[pod("web-1"), reached]))
    assert not verdict.allowed
    assert verdict.reason.startswith(f"never self: node n2 reaches {reached}: ")
    assert GUARD(scene(node("n2"), "node-cordon", reach=[pod("web-1")])).allowed


@pytest.mark.parametrize(
    "left",
    [
        replace(pod("x", facts={"phase": "Succeeded"}), scope="chaos"),
        replace(pod("d", group="chaos/DaemonSet/d"), scope="chaos"),
    ],
)
def test_a_part_of_the_fleet_that_it_does_not_harm_is_in_nobodys_way(left: Target) -> None:
    assert GUARD(scene(node("n2"), "node-cordon", reach=[left])).allowed
