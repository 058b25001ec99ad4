"""Does a monkey of several faults strike each target by one that applies to it, in plan, run, why and by hand."""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from simian_army import wiring
from simian_army.cli.once import DONE, REFUSED, Wish, once
from simian_army.cli.planning import Wish as Days_
from simian_army.cli.planning import plan
from simian_army.cli.whying import why
from simian_army.embedded.world import demo_world
from simian_army.errors import ConfigError, UsageError
from simian_army.foresight import Days
from tests.flow.ground import Ground, ground

START = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
BOTH = (
    "- {name: both, use: chaos, on: kubernetes, schedule: {every: 1h}, hold: 1h, with: {mode: {fixed: 1}, faults: "
    "[{fault: pod-evict, weight: 3}, {fault: pod-delete, params: {grace: 0}}, {fault: node-cordon}]}}"
)


@pytest.fixture
def narrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    """The shop, but that web consents to pod-delete by name, checkout to exec, search to node-cordon, nobody else."""
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    world = copy.deepcopy(demo_world())
    said = {"web": "pod-delete", "checkout": "exec", "search": "node-cordon"}
    for one in (one for one in world if one["kind"] == "Deployment"):
        name, labels = one["metadata"]["name"], one["spec"]["template"]["metadata"]["labels"]
        labels.pop("simian-army/chaos", None)
        labels |= {f"simian-army/chaos.{said[name]}": "enabled"} if name in said else {}
    with ground(tmp_path, world) as made:
        yield made


def drawn_kinds(shop: Ground, fires: int) -> Counter[tuple[str, str]]:
    """What is foreseen to strike what, leashed, in so many fires."""
    with shop.house(leashed=True) as house:
        days = Days(house.upcoming, START, START + timedelta(hours=fires))
        foreseen = list(wiring.foresight(house, START).fires(days))
    denied = {no.guard for one in foreseen for draw in one.refused for no in draw.verdicts if not no.allowed}
    assert denied.isdisjoint({"opt-in", "applies"}), "what does not apply is not even drawn"
    told = [draw for one in foreseen for draw in one.hit]
    return Counter((draw.fault.target.kind, draw.fault.kind) for draw in told)


def test_each_kind_of_target_is_struck_by_what_strikes_it_as_often_as_it_weighs(shop: Ground) -> None:
    shop.write(BOTH, "  allow_irreversible: [pod-delete]\n")
    seen = drawn_kinds(shop, 600)
    assert {pair[1] for pair in seen if pair[0] == "node"} == {"node-cordon"}
    pods = {fault: count for (kind, fault), count in seen.items() if kind == "pod"}
    assert set(pods) == {"pod-evict", "pod-delete"}
    share = pods["pod-evict"] / sum(pods.values())
    assert abs(share - 3 / 4) < 0.08, f"{pods}"


@pytest.mark.parametrize(("more", "kinds"), [("", {"pod-evict"}), ("exec: true, ", {"pod-evict", "container-kill"})])
def test_what_runs_commands_is_drawn_only_where_config_turns_that_on(shop: Ground, more: str, kinds: set[str]) -> None:
    shop.write(
        BOTH.replace("pod-delete, params: {grace: 0}", "container-kill"), "  allow_irreversible: [container-kill]\n"
    )
    said = shop.config.read_text()
    assert "kubernetes: {" in said
    shop.config.write_text(said.replace("kubernetes: {", f"kubernetes: {{{more}"))
    assert {kind for struck, kind in drawn_kinds(shop, 60) if struck == "pod"} == kinds


def test_why_tells_that_commands_in_containers_are_off(shop: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    shop.write(BOTH.replace("pod-evict, weight: 3", "container-kill"), "  allow_irreversible: [container-kill]\n")
    why(shop.config, "deployment shop/web", as_json=False)
    assert "write platforms.kubernetes.exec: true, and grant pods/exec" in capsys.readouterr().out


def test_only_faults_are_drawn_to_which_the_target_consents(narrow: Ground) -> None:
    narrow.write(BOTH.replace(", {fault: node-cordon}", ""))
    assert set(drawn_kinds(narrow, 100)) == {("pod", "pod-delete")}


def test_where_none_applies_each_is_told_with_its_reason_and_counted(narrow: Ground) -> None:
    narrow.write(BOTH.replace("node-cordon", "pod-failure"))
    with narrow.house() as house:
        outcome = house.engine.fire(house.entries["both"], START, only=checkout(house))
    ((told, count),) = outcome.troop.spared.items()
    guard, reason = told
    assert (guard, count, outcome.taken) == ("opt-in", 1, [])
    assert [f"{fault}: simian-army/chaos.exec=enabled" in reason for fault in ("pod-evict", "pod-delete")] == [True] * 2


def test_what_does_not_strike_such_a_target_makes_nobody_eligible(narrow: Ground) -> None:
    narrow.write(BOTH)
    with narrow.house() as house:
        entry = house.entries["both"]
        troop = house.engine.judge.screen(entry, entry.find())
    assert not [one.name for one in troop.eligible if one.name.startswith("search")]


def checkout(house: wiring.House) -> str:
    return next(one.id for one in house.entries["both"].find() if one.name.startswith("checkout"))


def test_the_plan_names_the_fault_that_then_strikes(shop: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    shop.write(BOTH)
    with shop.house() as house:
        days = Days(house.upcoming, START, START + timedelta(hours=2))
        first = next(iter(wiring.foresight(house, START).fires(days)))
        outcome = house.engine.fire(house.entries["both"], first.at)
    planned = [(draw.fault.target.id, draw.fault.kind) for draw in first.hit]
    assert [(draw.fault.target.id, draw.fault.kind) for draw in outcome.taken] == planned != []
    plan(shop.config, Days_(days=1))
    said = capsys.readouterr().out
    assert any(f"({kind})" in said for kind in ("pod-evict", "pod-delete", "node-cordon"))


def test_why_answers_for_each_fault_that_could_hit_and_for_no_other(
    shop: Ground, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.write(BOTH)
    why(shop.config, "deployment shop/web", as_json=True)
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["fault"], one["allowed"]) for one in answers] == [("pod-evict", True), ("pod-delete", True)]


@pytest.mark.parametrize("fault", ["pod-evict", "pod-delete"])
def test_a_fault_is_chosen_by_hand(shop: Ground, capsys: pytest.CaptureFixture[str], fault: str) -> None:
    shop.write(BOTH)
    assert once(shop.config, Wish("both", "deployment shop/web", fault=fault)) == DONE
    assert fault in capsys.readouterr().out
    evicted = any("/eviction" in line for line in shop.writes())
    assert evicted == (fault == "pod-evict")


def test_a_fault_that_is_not_the_monkeys_is_no_fault_with_the_nearest(shop: Ground) -> None:
    shop.write(BOTH)
    with pytest.raises(UsageError, match="monkey both has no fault pod-evikt; did you mean pod-evict"):
        once(shop.config, Wish("both", fault="pod-evikt"))
    with pytest.raises(UsageError, match="there is no target pod shop/web-1; did you mean .*shop/web"):
        once(shop.config, Wish("both", "pod shop/web-1"))
    assert shop.writes() == []


def test_a_fault_by_hand_needs_consent_as_any(shop: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    shop.write(BOTH)
    assert once(shop.config, Wish("both", "deployment shop/cart", fault="pod-evict", as_json=True)) == REFUSED
    assert json.loads(capsys.readouterr().out)["spared"][0]["guard"] == "opt-in"


def test_an_unknown_fault_of_several_is_one_located_mistake(shop: Ground) -> None:
    shop.write(BOTH.replace("pod-delete", "pod-delet"))
    with pytest.raises(ConfigError) as caught:
        wiring.read_config(shop.config)
    (mistake,) = caught.value.mistakes
    assert "monkeys[0].with.faults[1].fault: there is no fault 'pod-delet', did you mean pod-delete?" in str(mistake)
