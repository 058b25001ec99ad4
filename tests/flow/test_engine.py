"""The promises of the flow, on the embedded API server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event
from typing import Any

import pytest

from simian_army.contract import Recheck
from simian_army.errors import LedgerError, Unknown
from simian_army.model import AuditEvent, Fault, Mark, Phase, Scene, Selector, Verdict
from simian_army.wiring import House
from tests.cluster.waiting import BUSY
from tests.flow.ground import Ground

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def until(done: Callable[[], object]) -> None:
    for _ in range(600):
        if done():
            return
        Event().wait(0.05)
    raise AssertionError("it did not happen within 30 s")


def phases(house: House, run: str) -> list[str]:
    return [str(event.phase) for event in house.books.ledger.query(run=run)]


def test_leashed_writes_nothing_to_any_target_and_unleashed_does(shop: Ground) -> None:
    with shop.house(leashed=True) as house:
        for entry in house.entries.values():
            assert house.engine.fire(entry, AT).taken
        assert shop.writes() == []
        assert {e.phase for e in house.books.ledger.query()} == {Phase.FIRED, Phase.SKIPPED, Phase.DENIED} or shop
    with shop.house() as house:
        house.engine.fire(house.entries["pods"], AT.replace(hour=13))
        assert len(shop.writes()) == 1
        assert "eviction 201" in shop.writes()[0]


def test_an_eviction_is_written_before_it_is_done_and_its_effect_is_seen(shop: Ground) -> None:
    with shop.house() as house:
        outcome = house.engine.fire(house.entries["pods"], AT)
        assert phases(house, outcome.run.id) == ["fired", "intended", "injected", "observed"]
        assert outcome.taken[0].fault.target.group == "shop/Deployment/web"


def test_only_what_opted_in_is_ever_drawn(shop: Ground) -> None:
    shop.write(
        "- {name: all, use: chaos, on: kubernetes, schedule: {every: 2h}, with: {fault: pod-delete, mode: all}}",
        "  protected: [kube-system]\n",
    )
    with shop.house(leashed=True) as house:
        outcome = house.engine.fire(house.entries["all"], AT)
        groups = {draw.fault.target.group for draw in outcome.draws}
        assert groups == {"shop/Deployment/web", "shop/Deployment/checkout"}
        guards = {row["guard"] for row in outcome.troop.reasons()}
        assert {"opt-in", "protected"} <= guards


def test_the_same_fire_time_fires_once(shop: Ground) -> None:
    with shop.house() as house:
        first = house.engine.fire(house.entries["pods"], AT)
        second = house.engine.fire(house.entries["pods"], AT)
        assert first.taken and not second.taken
        assert "before" in second.error
    assert len(shop.writes()) == 1


def test_the_same_seed_and_candidates_choose_the_same_targets(shop: Ground) -> None:
    with shop.house(leashed=True) as house:
        drawn = [
            house.engine.fire(house.entries["pods"], AT.replace(minute=m)).taken[0].fault.target.id for m in range(20)
        ]
    shop.config.with_name("simian.db").unlink()
    shop.config.with_name("simian.db.head").unlink()
    with shop.house(leashed=True) as house:
        again = [
            house.engine.fire(house.entries["pods"], AT.replace(minute=m)).taken[0].fault.target.id for m in range(20)
        ]
    assert drawn == again
    assert len(set(drawn)) > 1


def test_a_refused_eviction_is_a_denial_and_ends_the_attempt(shop: Ground) -> None:
    checkout = '- {name: pods, use: chaos, on: kubernetes, select: {labels: "app=checkout"}, schedule: {every: 2h}}'
    shop.write(checkout, "  quorum: {pdb: false}\n")  # or the guard would foresee it
    with shop.house() as house:
        outcome = house.engine.fire(house.entries["pods"], AT)
        assert not outcome.taken
        assert "its PodDisruptionBudget says no (429)" in outcome.denied[0].verdicts[-1].reason
        assert house.books.ledger.open_faults() == []
        summary = list(house.books.ledger.query(run=outcome.run.id))[-1]
        assert summary.phase is Phase.DENIED
        assert len(summary.data["drawn"]) == 2


def test_nothing_is_injected_when_the_ledger_cannot_keep_the_intent(shop: Ground) -> None:
    with shop.house() as house:
        engine = replace(house.engine, ledger=_NoIntents(house))  # type: ignore[arg-type]
        with pytest.raises(LedgerError):
            engine.fire(house.entries["pods"], AT)
    assert shop.writes() == []


def test_the_budget_is_asked_again_inside_the_reservation(shop: Ground) -> None:
    with shop.house() as house:
        full = [_Full()]
        engine = replace(house.engine, judge=replace(house.engine.judge, limits=full))
        outcome = engine.fire(house.entries["pods"], AT)
        assert not outcome.taken
        assert outcome.denied[0].verdicts[-1].reason == "full"
    assert shop.writes() == []


def test_a_guard_that_breaks_says_no_by_name(shop: Ground) -> None:
    with shop.house() as house:
        judge = house.engine.judge
        engine = replace(house.engine, judge=replace(judge, guards=[*judge.guards, _Broken()]))
        outcome = engine.fire(house.entries["pods"], AT)
        assert not outcome.taken
        said = [v for v in outcome.denied[0].verdicts if not v.allowed]
        assert [(v.guard, v.reason) for v in said] == [("broken", "guard failed: ZeroDivisionError: oops")]
    assert shop.writes() == []


def test_a_halt_denies_and_names_its_author(shop: Ground) -> None:
    with shop.house() as house:
        house.books.ledger.append(house.books.scribe.note(Phase.HALTED, reason="incident 7"))
        outcome = house.engine.fire(house.entries["pods"], AT)
        assert not outcome.taken
        assert "incident 7" in next(v.reason for v in outcome.denied[0].verdicts if v.guard == "halt")
        assert len(outcome.draws) == 1, "a final denial ends the draw"
    assert shop.writes() == []


def test_without_the_lease_nothing_is_injected(shop: Ground) -> None:
    with shop.house() as house:
        house.books.lease.give()
        outcome = house.engine.fire(house.entries["pods"], AT)
        assert not outcome.taken
        assert "lease" in outcome.denied[0].verdicts[-1].reason
    assert shop.writes() == []


def test_a_cordon_is_held_and_reverted_and_the_pre_image_is_back(shop: Ground) -> None:
    before = {name: _bare(shop.node(name)) for name in ("node-a", "node-b", "node-c")}
    with shop.house() as house:
        house.keeper.start()
        outcome = house.engine.fire(house.entries["nodes"], AT)
        name = outcome.taken[0].fault.target.name
        assert shop.node(name)["spec"]["unschedulable"] is True
        assert shop.node(name)["metadata"]["labels"]["simian-army/held"] == "true"
        house.keeper.end(outcome.run.id, "the test asks")
        until(lambda: not house.keeper.held())
        assert phases(house, outcome.run.id)[-1] == "reverted" or "reverted" in phases(house, outcome.run.id)
        house.keeper.close()
    assert {name: _bare(shop.node(name)) for name in before} == before


def test_a_node_with_pods_that_did_not_consent_is_refused_with_their_names(shop: Ground) -> None:
    with shop.house() as house:
        found = {t.name: t for t in house.platforms["kubernetes"].find(Selector("node"))}
        entry = house.entries["nodes"]
        draw = house.engine.judge.consider(entry, Fault("node-cordon", found["node-b"]), list(found.values()))
        assert not draw.taken
        assert "cart" in next(v.reason for v in draw.verdicts if v.guard == "shared")


def test_a_halt_reverts_what_is_held(shop: Ground) -> None:
    with shop.house() as house:
        house.keeper.start()
        outcome = house.engine.fire(house.entries["nodes"], AT)
        house.books.ledger.append(house.books.scribe.note(Phase.HALTED, reason="stop"))
        until(lambda: not house.keeper.held())
        reverted = [e for e in house.books.ledger.query(run=outcome.run.id) if e.phase is Phase.REVERTED]
        assert "stop" in reverted[0].data["why"]
        house.keeper.close()


def test_an_opt_out_set_during_a_hold_ends_it_within_five_seconds(shop: Ground) -> None:
    with shop.house() as house:
        house.keeper.start()
        outcome = house.engine.fire(house.entries["nodes"], AT)
        name = outcome.taken[0].fault.target.name
        labels = {**shop.node(name)["metadata"]["labels"], "simian-army/opt-out": "true"}
        from simian_army.embedded.kube.store import Key

        shop.server.cluster.write(
            Key("nodes", "", name), lambda o: {**o, "metadata": {**o["metadata"], "labels": labels}}
        )
        begun = house.books.clock.monotonic()
        until(lambda: not house.keeper.held())
        assert house.books.clock.monotonic() - begun < 5 + BUSY
        house.keeper.close()
    assert not shop.node(name)["spec"].get("unschedulable")


def test_recovery_reverts_a_cordon_whose_process_died_and_does_it_once(shop: Ground) -> None:
    with shop.house() as house:
        outcome = house.engine.fire(house.entries["nodes"], AT)  # the keeper never runs: as if killed
        name = outcome.taken[0].fault.target.name
    shop.write(NODES_SHORT)
    with shop.house() as house:
        assert house.recovery.recover() == 1
        assert house.recovery.recover() == 0
        house.keeper.start()
        house.keeper.end("", "the test asks")
        until(lambda: not house.keeper.held())
        house.keeper.close()
        assert "adopted" in phases(house, outcome.run.id)
        assert house.books.ledger.open_faults() == []
        assert list(house.books.ledger.verify()) == []
    assert not shop.node(name)["spec"].get("unschedulable")


def test_an_act_without_an_answer_is_unknown_and_counts(shop: Ground) -> None:
    with shop.house() as house:
        kinds: dict[str, Any] = {**house.kinds, "pod-evict": _NoAnswer(house.kinds["pod-evict"])}
        engine = replace(house.engine, judge=replace(house.engine.judge, kinds=kinds))
        house.keeper.start()
        outcome = engine.fire(house.entries["pods"], AT)
        until(lambda: not house.keeper.open())
        house.keeper.close()
        assert phases(house, outcome.run.id)[-2:] == ["unknown", "judged"]
        assert len(house.books.ledger.attempts(AT.replace(year=2025))) == 1


NODES_SHORT = "- {name: nodes, use: chaos, on: kubernetes, schedule: {every: 2h}, hold: 1s, with: {fault: node-cordon}}"


def _bare(obj: dict[str, dict[str, object]]) -> dict[str, object]:
    skip = ("resourceVersion", "managedFields", "generation")
    return {**obj, "metadata": {key: value for key, value in obj["metadata"].items() if key not in skip}}


class _Full:
    name = "budget"
    early = False

    def __call__(self, scene: Scene) -> Verdict:
        return Verdict("budget", allowed=False, reason="full", final=True)


class _Broken:
    name = "broken"
    early = False

    def __call__(self, scene: Scene) -> Verdict:
        raise ZeroDivisionError("oops")


class _NoIntents:
    """A ledger that is away when an intent is to be kept."""

    def __init__(self, house: House) -> None:
        self._real = house.books.ledger

    def append(self, *events: AuditEvent) -> tuple[AuditEvent, ...]:
        return self._real.append(*events)

    def reserve(
        self, intended: AuditEvent, recheck: Recheck, since: datetime
    ) -> tuple[AuditEvent | None, list[Verdict]]:
        raise LedgerError("the disk is full")


class _Kind:
    """A fault kind that differs from a real one in how it injects."""

    def __init__(self, real: object) -> None:
        self._real = real

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)


class _NoAnswer(_Kind):
    def inject(self, fault: Fault, mark: Mark) -> None:
        raise Unknown("sent, but no answer came")
