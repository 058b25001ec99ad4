"""An outage of a whole zone through the whole flow, on the embedded API server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simian_army import marks
from simian_army.model import Phase
from tests.flow.ground import Ground, ground
from tests.flow.hands import alarms, end_all, is_bare, is_cordoned, patch, put_mark, recover
from tests.flow.test_nodes import detail, fire, monkey, on, phases, why
from tests.flow.town import ZONE, ZONES, town

OUTAGE = monkey("zone-outage")
HERE, ELSEWHERE = ("n1", "n2"), ("n3", "n4", "n5", "n6")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    with ground(tmp_path, town()) as made:
        made.write(OUTAGE)
        yield made


def clean(place: Ground) -> bool:
    return all(is_bare(place, node) and not is_cordoned(place, node) for node in ZONES)


def refusal(place: Ground, params: str = "{}") -> str:
    place.write(monkey("zone-outage", params))
    with place.house() as house:
        said = why(fire(house), "zone-outage")
    assert place.writes() == []
    return said


def lose(place: Ground) -> None:
    """The ledger is gone."""
    for name in ("simian.db", "simian.db.head"):
        place.config.with_name(name).unlink()


def test_a_zone_goes_out_and_comes_back(place: Ground) -> None:
    with place.house() as house:
        outcome = fire(house)
        assert outcome.taken
        assert phases(house, outcome.run.id) == ["fired", "intended", "injected", "observed"]
        said = detail(house, outcome.run.id, Phase.OBSERVED)
        assert said.startswith("2 of 2 nodes cordoned and marked; ")
        assert all(is_cordoned(place, node) for node in HERE)
        assert not any(is_cordoned(place, node) for node in ELSEWHERE)
        assert {pod["metadata"]["labels"]["app"] for node in HERE for pod in on(place, node)} == {"log-agent"}
        end_all(house)
        assert "reverted" in phases(house, outcome.run.id)
    assert clean(place)


def test_the_marks_alone_bring_every_node_back_once(place: Ground) -> None:
    with place.house() as house:
        outcome = fire(house)
        assert len(list(house.platforms["kubernetes"].marked())) == 1, "both nodes tell of one fault"
    lose(place)
    with place.house() as house:
        assert recover(house) == 1
        told = [str(event.phase) for event in house.books.ledger.query(run=outcome.run.id)]
        assert told.count("adopted") == 1 and told.count("reverted") == 1
        assert alarms(house) == []
    assert clean(place)


def test_the_mark_of_one_node_brings_back_the_others(place: Ground) -> None:
    with place.house() as house:
        fire(house)
    lose(place)
    patch(place, "/api/v1/nodes/n1", {"metadata": {"labels": {marks.HELD: None}}})
    with place.house() as house:
        assert recover(house) == 1
    assert clean(place)


def test_a_node_that_left_keeps_none_of_the_others(place: Ground) -> None:
    with place.house() as house:
        fire(house)
        place.server.cluster.delete(*_key(place, "n1"))
        end_all(house)
        assert "reverted" in {str(event.phase) for event in house.books.ledger.query()}
    assert is_bare(place, "n2") and not is_cordoned(place, "n2")


def test_the_mark_on_a_node_that_its_undo_does_not_name_is_a_copy(place: Ground) -> None:
    with place.house() as house:
        fire(house)
        text = place.node("n2")["metadata"]["annotations"][marks.FAULT]
        put_mark(place, "n5", text)
        recover(house)
        assert ("copied-mark", "node n5") in alarms(house)
        end_all(house)
    assert is_cordoned(place, "n5"), "nobody undoes what a copy tells of"
    assert all(is_bare(place, node) for node in HERE)


def test_a_node_that_somebody_uncordoned_meanwhile_stays_so(place: Ground) -> None:
    with place.house() as house:
        outcome = fire(house)
        patch(place, "/api/v1/nodes/n2", {"spec": {"unschedulable": None}})
        end_all(house)
        assert "uncordoned by someone: kept" in detail(house, outcome.run.id, Phase.REVERTED)
    assert clean(place)


def test_a_node_that_was_cordoned_before_stays_so(place: Ground) -> None:
    patch(place, "/api/v1/nodes/n2", {"spec": {"unschedulable": True}})
    with place.house() as house:
        outcome = fire(house)
        assert detail(house, outcome.run.id, Phase.OBSERVED).startswith("1 of 1 nodes")
        end_all(house)
    assert is_cordoned(place, "n2") and not is_cordoned(place, "n1")


def test_a_zone_with_too_many_of_the_nodes_is_refused(place: Ground) -> None:
    assert "zone a has 2 of 6 nodes, more than 33 % (max_percent)" in refusal(place, "{max_percent: 33}")


def test_a_node_without_a_zone_is_refused(place: Ground) -> None:
    patch(place, "/api/v1/nodes/n1", {"metadata": {"labels": {ZONE: None}}})
    assert f"its label {ZONE} names no zone" in refusal(place)


def test_a_zone_in_which_another_fault_holds_a_node_is_refused(place: Ground) -> None:
    patch(place, "/api/v1/nodes/n2", {"metadata": {"labels": {marks.HELD: "true"}}})
    assert "node n2 of zone a: another fault holds it" in refusal(place)


@pytest.mark.parametrize("params", ["{max_percent: 0}", "{max_percent: '50%'}", "{zone: a}"])
def test_parameters_that_make_no_sense_are_refused(place: Ground, params: str) -> None:
    assert "max_percent" in refusal(place, params)


def test_an_opted_out_node_of_the_zone_denies_it_all(place: Ground) -> None:
    patch(place, "/api/v1/nodes/n2", {"metadata": {"labels": {"simian-army/opt-out": "true"}}})
    with place.house() as house:
        assert "node n2: simian-army/opt-out=true" in why(fire(house), "shared")
    assert place.writes() == []


def test_the_node_that_the_agent_runs_on_is_spared_with_its_zone(
    place: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIMIAN_NODE", "n2")
    with place.house() as house:
        assert "n2 is the node the agent runs on" in why(fire(house), "myself")
    assert place.writes() == []


def test_an_opt_out_of_another_node_meanwhile_ends_it(place: Ground) -> None:
    with place.house() as house:
        fire(house)
        patch(place, "/api/v1/nodes/n2", {"metadata": {"labels": {"simian-army/opt-out": "true"}}})
        (held,) = house.keeper.open()
        assert "node n2" in house.keeper.objection(held)
        end_all(house)


def _key(place: Ground, node: str) -> Any:
    from simian_army.embedded.kube.cluster import AT_ONCE
    from simian_army.embedded.kube.resources import NODE
    from simian_army.embedded.kube.store import Key

    return NODE, Key(NODE.id, "", node), AT_ONCE
