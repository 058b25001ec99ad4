"""Does the whole flow spare whom the API server itself asks, on the embedded one too."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from simian_army.embedded.kube.request import Request
from tests.flow.ground import NODES, Ground

AT = datetime(2026, 3, 4, 12, tzinfo=UTC)
PODS = (
    '- {name: pods, use: chaos, on: kubernetes, select: {labels: "app=web"}, schedule: {every: 2h},'
    " with: {fault: pod-evict}}"
)
WEB = {"service": {"namespace": "shop", "name": "web"}}
LEADS: dict[str, dict[str, Any]] = {
    "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations": {"webhooks": [{"clientConfig": WEB}]},
    "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations": {"webhooks": [{"clientConfig": WEB}]},
    "/apis/apiregistration.k8s.io/v1/apiservices": {"spec": {**WEB, "group": "shop.example", "version": "v1"}},
}


def create(shop: Ground, path: str, obj: dict[str, Any]) -> None:
    body = {"metadata": {"name": "v1.shop.example"}, **obj}
    code, answer = shop.server.answer(Request("POST", path, json.dumps(body).encode(), {}))
    assert code == 201, answer


@pytest.mark.parametrize("path", list(LEADS))
def test_the_pods_of_web_are_spared_once_the_api_server_asks_them(shop: Ground, path: str) -> None:
    shop.write(PODS)
    create(shop, path, LEADS[path])
    with shop.house() as house:
        outcome = house.engine.fire(house.entries["pods"], AT)
        assert [str(draw.fault.target) for draw in outcome.taken] == []
        assert len(outcome.denied) == 4
        (guards,) = {tuple(v.guard for v in draw.verdicts if not v.allowed) for draw in outcome.denied}
        assert guards == ("behind",)
    assert not [one for one in shop.writes() if one.endswith("/eviction 201")]


def test_the_node_they_live_on_is_spared_too_and_config_may_say_otherwise(shop: Ground) -> None:
    node = NODES.replace("schedule", "select: {names: [node-a]}, schedule")
    path = next(iter(LEADS))
    create(shop, path, LEADS[path])
    shop.write(node)
    with shop.house() as house:
        (draw,) = house.engine.fire(house.entries["nodes"], AT).denied
        (no,) = [verdict for verdict in draw.verdicts if not verdict.allowed]
        assert no.guard == "behind"
        assert no.reason.count("is behind service shop/web (validating webhook v1.shop.example)") == 4
    shop.write(node, "  protect_webhooks: false\n")
    with shop.house() as house:
        assert house.engine.fire(house.entries["nodes"], AT.replace(hour=13)).taken
