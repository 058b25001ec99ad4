"""Does a fleet that leaves look for what it keeps of Secrets, and say how each is given back by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from simian_army import wiring
from simian_army.embedded.world import demo_world
from simian_army.errors import PlatformError
from simian_army.faults.k8s.keeping import BY, KEPT, OF
from simian_army.leaving import Stays
from tests.flow.ground import NODES, ground
from tests.flow.hands import patch
from tests.flow.test_in_place import create, fire, monkey, named, secret
from tests.flow.test_leaving import OURS, Town, deployment
from tests.flow.test_marks import forget_ledger, forget_records

pytestmark = pytest.mark.slow
STRIKES = monkey("secret-fault", "{key: a}", "token")


class Shop(Town):
    """The same fleet, of which a monkey strikes Secrets, or none does."""

    def kept(self) -> list[str]:
        """The Secrets of ours in the namespace of the target."""
        there = self.shop.server.objects("Secret", "shop")
        return [str(one["metadata"]["name"]) for one in there if KEPT in one["metadata"].get("labels", {})]

    def leave_behind(self, **labels: str) -> None:
        """What a fault keeps, though nothing is held, as when somebody restored the struck Secret from a backup."""
        meta: dict[str, Any] = {"name": "simian-army-kept-r1-u1", "namespace": "shop"}
        meta |= {"labels": {KEPT: "r1", BY: "test", **labels}, "annotations": {OF: "token/a"}}
        create(
            self.shop,
            "/api/v1/namespaces/shop/secrets",
            {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "type": "Opaque", "data": {"value": "dHJ1ZQ=="}},
        )

    def note(self, text: str) -> None:
        path = "/api/v1/namespaces/shop/secrets/simian-army-kept-r1-u1"
        patch(self.shop, path, {"metadata": {"annotations": {OF: text}}})

    def says(self) -> str:
        """Why it stays."""
        with pytest.raises(Stays) as stays:
            self.leave(seconds=3)
        return str(stays.value)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "fleet"}}
    with ground(tmp_path, [*demo_world(), space, *map(deployment, OURS)]) as shop:
        made = Shop(shop)
        made.write(STRIKES)
        yield made


def test_a_kept_value_that_nothing_held_would_throw_away_keeps_the_fleet_where_it_is(place: Shop) -> None:
    place.leave_behind()
    told, back, away = place.says().splitlines()[1:]
    which = (
        "the Secret shop/simian-army-kept-r1-u1 still keeps what a of the Secret token was before secret-fault (run r1)"
    )
    assert told == f"  {which} changed it: give it back if nobody has, then throw it away:"
    value = "$(kubectl get secret simian-army-kept-r1-u1 -n shop -o jsonpath={.data.value})"
    change = f"""{{"data":{{"a":"'{value}'"}}}}"""
    assert back == f"    kubectl patch secret token -n shop --type=merge -p '{change}'"
    assert away == "    kubectl delete secret simian-army-kept-r1-u1 -n shop"
    assert place.replicas()["undertaker"] == 1
    assert place.kept() == ["simian-army-kept-r1-u1"], "only people know whether it was given back"


def test_a_held_secret_is_given_back_and_what_was_kept_of_it_goes(place: Shop) -> None:
    secret(place.shop)
    true = named(place.shop, "Secret", "token")["data"]
    with place.shop.house() as house:
        assert fire(house).taken
        (kept,) = place.kept()
    meta = named(place.shop, "Secret", kept)["metadata"]
    assert (meta["labels"][BY], meta["annotations"][OF]) == ("test", "token/a")
    for one in place.shop.undertakers:
        one.stopping.set()
    forget_ledger(place.shop)
    forget_records(place.shop)
    place.leave()
    assert named(place.shop, "Secret", "token")["data"] == true
    assert place.kept() == []


@pytest.mark.parametrize(
    "text",
    ["token/a'; rm -rf /; '", "token/$(reboot)", "token", "../../other/a", "token/a/b", "TOKEN/a", "token/a\nb", ""],
)
def test_what_a_tenant_writes_beside_it_gets_into_no_command(place: Shop, text: str) -> None:
    place.leave_behind()
    place.note(text)
    said = place.says()
    assert 'kubectl patch secret NAME -n shop --type=merge -p \'{"data":{"KEY":' in said
    assert not text or text not in said


def test_what_another_fleet_keeps_is_its_own(place: Shop) -> None:
    place.leave_behind(**{BY: "another"})
    place.leave()
    assert place.kept() == ["simian-army-kept-r1-u1"]


def test_where_no_monkey_strikes_secrets_nobody_looks_for_any(place: Shop) -> None:
    place.leave_behind()
    place.write(NODES)
    with wiring.leaving(wiring.read_config(place.shop.config)) as made:
        assert made.leftovers == []
    place.leave()
    assert place.kept() == ["simian-army-kept-r1-u1"]


class Blind:
    """Who cannot say what is kept."""

    def find(self) -> list[str]:
        raise PlatformError("the API server is away")


def test_when_nobody_can_look_it_says_so_and_stays(place: Shop) -> None:
    with wiring.leaving(wiring.read_config(place.shop.config)) as made, pytest.raises(Stays) as stays:
        replace(made, leftovers=[Blind()]).leave(OURS, "it is over", 3, place.told.append)
    assert "  what faults keep beside their targets cannot be looked for: the API server is away" in str(stays.value)
    assert place.replicas()["undertaker"] == 1
