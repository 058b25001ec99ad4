"""How people halt, each way by what they would use, and a ground on which every way leads to the fleet."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from simian_army.cli import halting
from simian_army.embedded.kube.request import Request
from simian_army.wiring import House
from tests.flow.ground import Ground

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CONFIGMAP = "/api/v1/namespaces/simian/configmaps/simian-army-halt"
HALT = "simian-army/halt"


def patch(shop: Ground, path: str, said: str | None) -> None:
    """What ``kubectl annotate`` does."""
    body = json.dumps({"metadata": {"annotations": {HALT: said}}}).encode()
    headers = {"content-type": "application/merge-patch+json"}
    code, answer = shop.server.answer(Request("PATCH", path, body, headers))
    assert code == 200, answer


def by_ledger(shop: Ground, said: str | None) -> None:
    halting.halt(shop.config, said, as_json=False) if said else halting.resume(shop.config, "over", as_json=False)


def by_file(shop: Ground, said: str | None) -> None:
    file = shop.folder / "simian.halt"
    file.write_text(said) if said else file.unlink()


def by_configmap(shop: Ground, said: str | None) -> None:
    patch(shop, CONFIGMAP, said)


def by_team(shop: Ground, said: str | None) -> None:
    patch(shop, "/api/v1/namespaces/shop", said)


ALL = [by_ledger, by_file, by_configmap, by_team]
FLEET = ALL[:3]
Say = Callable[[Ground, str | None], None]


@pytest.fixture
def ours(shop: Ground) -> Ground:
    """The shop with our own namespace in it, and the ConfigMap in that."""
    about = {"name": "simian-army-halt", "namespace": "simian"}
    shop.server.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "simian"}})
    shop.server.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": about})
    shop.write(more="halt: {namespace: simian}\n")
    return shop


def fire(house: House, entry: str = "pods", hours: int = 0) -> list[str]:
    """Fire; what the guard halt says of those drawn, and nothing when somebody was hit."""
    outcome = house.engine.fire(house.entries[entry], AT + timedelta(hours=hours))
    if outcome.taken:
        return []
    return [v.reason for draw in outcome.denied for v in draw.verdicts if v.guard == "halt" and not v.allowed]
