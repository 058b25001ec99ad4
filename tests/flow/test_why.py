"""Does every monkey answer for what people name, whichever kind of thing that is."""

from __future__ import annotations

import pytest

from simian_army.asked import why
from simian_army.errors import UsageError
from tests.flow.ground import NODES, PODS, Ground

RULES = "- {name: rules, use: conformity, on: kubernetes, schedule: {every: 2h}}"


def test_a_workload_is_answered_for_by_a_pod_of_its_own_and_by_itself(shop: Ground) -> None:
    shop.write(f"{PODS}\n{NODES}\n{RULES}")
    with shop.house() as house:
        pods, nodes, rules = why(house.engine, house.entries, "shop/web")
    assert pods.target is not None
    assert (pods.target.kind, pods.target.group) == ("pod", "shop/Deployment/web")
    assert pods.allowed
    assert nodes.target is None
    assert rules.target is not None
    assert (rules.target.kind, rules.target.name) == ("deployment", "web")
    assert {finding.rule for finding in rules.findings} >= {"disruption-budget", "readiness-probe"}
    assert not rules.allowed, "who only looks hits nobody"


def test_a_pod_is_answered_for_by_its_workload_where_only_those_are_looked_at(shop: Ground) -> None:
    shop.write(RULES + "\n" + PODS)
    pod = next(p["metadata"]["name"] for p in shop.server.objects("Pod") if p["metadata"]["name"].startswith("web-"))
    with shop.house() as house:
        rules, pods = why(house.engine, house.entries, f"shop/{pod}")
    assert rules.target is not None
    assert rules.target.name == "web"
    assert pods.target is not None
    assert pods.target.name == pod


def test_a_name_that_is_none_gets_the_nearest(shop: Ground) -> None:
    shop.write(PODS)
    with shop.house() as house, pytest.raises(UsageError, match="did you mean"):
        why(house.engine, house.entries, "shop/chekout")
