"""Faults that make an object, through the whole flow, on the embedded API server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from simian_army import marks
from simian_army.model import Phase
from tests.cluster.waiting import NeverError, until
from tests.flow.ground import Ground, ground
from tests.flow.hands import alarms, end_all, patch, recover
from tests.flow.test_nodes import phases, why
from tests.flow.town import town, workload

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MADE = {"network-partition": "NetworkPolicy", "cpu-hog": "Pod", "memory-hog": "Pod"}
kinds = pytest.mark.parametrize("kind", MADE)
hogs = pytest.mark.parametrize("kind", ["cpu-hog", "memory-hog"])


def monkey(fault: str, params: str = "{}") -> str:
    return (
        "- {name: nodes, use: chaos, on: kubernetes, schedule: {every: 2h}, hold: 1h, "
        f"select: {{labels: app=web}}, with: {{fault: {fault}, params: {params}}}}}"
    )


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    with ground(tmp_path, town()) as made:
        yield made


def made(place: Ground, kind: str) -> list[Any]:
    return [o for o in place.server.objects(MADE[kind], "shop") if o["metadata"]["name"].startswith("simian-army-")]


def left(place: Ground) -> list[str]:
    """What of ours there is anywhere."""
    objects = [o for kind in ("NetworkPolicy", "Pod") for o in place.server.objects(kind, "shop")]
    return [o["metadata"]["name"] for o in objects if marks.bears(o) or "simian-army/struck" in json.dumps(o)]


def end(house: Any, place: Ground) -> None:
    end_all(house)
    assert place.server.settle(20)
    with suppress(NeverError):
        until("all to be whole", lambda: house.keeper.tick() or not house.keeper.open(), seconds=20)


@kinds
def test_it_is_made_after_the_intent_and_gone_after_the_hold(place: Ground, kind: str) -> None:
    place.write(monkey(kind))
    with place.house() as house:
        outcome = house.engine.fire(house.entries["nodes"], AT)
        assert outcome.taken, [(v.guard, v.reason) for d in outcome.draws for v in d.verdicts if not v.allowed]
        seen = "no_effect" if kind == "network-partition" else "observed"
        assert phases(house, outcome.run.id) == ["fired", "intended", "injected", seen]
        assert len(made(place, kind)) == 1
        end(house, place)
        assert "reverted" in phases(house, outcome.run.id)
    assert left(place) == []


@kinds
def test_its_own_mark_brings_it_back_without_a_ledger(place: Ground, kind: str) -> None:
    place.write(monkey(kind))
    with place.house() as house:
        run = house.engine.fire(house.entries["nodes"], AT).run.id
    for name in ("simian.db", "simian.db.head"):
        place.config.with_name(name).unlink()
    with place.house() as house:
        assert recover(house) == 1
        end(house, place)
        told = phases(house, run)
        assert told.count("adopted") == 1 and told.count("reverted") == 1
        assert alarms(house) == []
    assert left(place) == []


@kinds
def test_it_goes_on_while_everybody_consents_and_not_longer(place: Ground, kind: str) -> None:
    place.write(monkey(kind))
    with place.house() as house:
        outcome = house.engine.fire(house.entries["nodes"], AT)
        (held,) = house.keeper.open()
        assert place.server.settle(20)
        assert house.keeper.objection(held) == "", "what it made itself is not asked"
        target = outcome.taken[0].fault.target
        patch(
            place,
            f"/api/v1/namespaces/shop/pods/{target.name}",
            {"metadata": {"labels": {"simian-army/opt-out": "true"}}},
        )
        assert "opt-out" in house.keeper.objection(held)
        end(house, place)
    assert left(place) == []


@hogs
def test_a_neighbour_that_did_not_opt_in_keeps_the_node(place: Ground, kind: str) -> None:
    place.server.apply(workload("Deployment", "search", {}, replicas=12))
    assert place.server.settle(20)
    place.write(monkey(kind))
    with place.house() as house:
        assert "others harmed do not consent" in why(house.engine.fire(house.entries["nodes"], AT), "shared")
    assert place.writes() == []


def test_another_fault_takes_our_pod_for_one_that_never_consented(place: Ground) -> None:
    place.write(monkey("cpu-hog"))
    with place.house() as house:
        node = house.engine.fire(house.entries["nodes"], AT).taken[0].fault.target.facts["node"]
    drain = f"- {{name: nodes, use: chaos, on: kubernetes, schedule: {{every: 2h}}, select: {{names: [{node}]}}, hold: 1h, with: {{fault: node-drain}}}}"
    place.write(drain)
    with place.house() as house:
        said = why(house.engine.fire(house.entries["nodes"], AT.replace(hour=13)), "shared")
        assert "pod shop/simian-army-" in said


def test_a_memory_hog_counts_its_target_as_stopped(place: Ground) -> None:
    place.write(monkey("memory-hog"), "  quorum: {keep: 100%}\n")
    with place.house() as house:
        assert "5 would stay, 6 must" in why(house.engine.fire(house.entries["nodes"], AT), "quorum")
    place.write(monkey("cpu-hog"), "  quorum: {keep: 100%}\n")
    with place.house() as house:
        outcome = house.engine.fire(house.entries["nodes"], AT.replace(hour=13))
        assert [e.phase for e in house.books.ledger.query(run=outcome.run.id)][-1] is Phase.OBSERVED
        end(house, place)
