"""Does a run that needs approval wait for it, strike exactly what it drew, and only while all guards still allow it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simian_army import wiring
from simian_army.errors import LedgerError, PlatformError
from simian_army.explain import Then
from simian_army.model import AuditEvent, Phase
from simian_army.outcome import Outcome
from simian_army.pending import Pending
from simian_army.waiting import APPROVE, Place, Waiting, Word, waits
from tests.flow.ground import Ground
from tests.flow.hands import end_all, patch

AT = datetime(2026, 3, 4, 12, tzinfo=UTC)
SELECT = 'select: {labels: "app=web"}, schedule: {every: 2h}, approval: {expires: 4h}'
PODS = f"- {{name: pods, use: chaos, on: kubernetes, {SELECT}, with: {{fault: pod-evict}}}}"
NODES = (
    "- {name: nodes, use: chaos, on: kubernetes, select: {names: [node-a]}, schedule: {every: 2h}, hold: 1h,"
    " approval: {}, with: {fault: node-cordon}}"
)
SHOP, WEB = "/api/v1/namespaces/shop", "/apis/apps/v1/namespaces/shop/deployments/web"


def approve(shop: Ground, said: str | None, path: str = SHOP) -> None:
    """What ``kubectl annotate`` sends."""
    patch(shop, path, {"metadata": {"annotations": {APPROVE: said}}})


def fired(house: wiring.House, name: str = "pods", hour: int = 12) -> Outcome:
    return house.engine.fire(house.entries[name], AT.replace(hour=hour))


def told(house: wiring.House, run: str, *phases: Phase) -> list[AuditEvent]:
    return [event for event in house.books.ledger.query(run=run) if not phases or event.phase in phases]


def evictions(shop: Ground) -> list[str]:
    return [line for line in shop.writes() if line.endswith("/eviction 201")]


def pending_at(house: wiring.House, later: timedelta) -> Pending:
    """As one that looks so much later."""
    pending, engine = house.pending(), house.engine
    return Pending(replace(engine, clock=Then(engine.clock.now() + later)), pending.entries, pending.ports)


def reason(house: wiring.House, run: str) -> str:
    (denied,) = told(house, run, Phase.DENIED)
    return str(denied.data["reason"])


def test_what_is_drawn_waits_until_its_namespace_says_so_and_then_it_is_that_very_target(shop: Ground) -> None:
    shop.write(PODS)
    with shop.house() as house:
        outcome = fired(house)
        (draw,) = outcome.waiting
        assert (outcome.taken, outcome.denied) == ([], [])
        assert evictions(shop) == []
        (event,) = told(house, outcome.run.id, Phase.PENDING)
        assert event.target == draw.fault.target.id
        assert event.data["approve"] == (
            f"kubectl annotate --overwrite namespace shop simian-army/approve={outcome.run.id}"
        )
        assert datetime.fromisoformat(event.data["until"]) - event.at == pytest.approx(
            timedelta(hours=4), abs=timedelta(seconds=5)
        )
        pending = house.pending()
        for said in (None, "", "another", f"{outcome.run.id}x", outcome.run.id[:-1]):
            approve(shop, said)
            pending.again()
        assert evictions(shop) == []
        approve(shop, f"another, {outcome.run.id}")
        for _ in range(3):
            pending.again()
        assert len(evictions(shop)) == 1
        assert draw.fault.target.name in evictions(shop)[0]
        (intended,) = told(house, outcome.run.id, Phase.INTENDED)
        assert intended.target == draw.fault.target.id
        assert intended.data["approved"] == "somebody", "the embedded server keeps no record of hands"
        assert [event.phase for event in told(house, outcome.run.id)][:4] == [
            "fired",
            "pending",
            "intended",
            "injected",
        ]
        assert pending.waiting() == []


def test_a_node_bears_the_word_itself_and_the_fault_is_held_and_reverted_as_ever(shop: Ground) -> None:
    shop.write(NODES)
    with shop.house() as house:
        outcome = fired(house, "nodes")
        (event,) = told(house, outcome.run.id, Phase.PENDING)
        assert event.data["approve"] == f"kubectl annotate --overwrite node node-a {APPROVE}={outcome.run.id}"
        pending = house.pending()
        approve(shop, outcome.run.id)
        pending.again()
        assert not shop.node("node-a")["spec"].get("unschedulable"), "a namespace has no say over a node"
        approve(shop, outcome.run.id, "/api/v1/nodes/node-a")
        pending.again()
        assert shop.node("node-a")["spec"]["unschedulable"] is True
        (intended,) = told(house, outcome.run.id, Phase.INTENDED)
        assert intended.data["hold"] == 3600
        end_all(house)
        assert not shop.node("node-a")["spec"].get("unschedulable")


@pytest.mark.parametrize(("drawn", "config", "held"), [("10m", "1h", 600), ("1h", "10m", 600)])
def test_it_is_held_no_longer_than_was_said_when_it_was_drawn_nor_than_config_says_now(
    shop: Ground, drawn: str, config: str, held: float
) -> None:
    shop.write(NODES.replace("hold: 1h", f"hold: {drawn}"))
    with shop.house() as house:
        run = fired(house, "nodes").run.id
    approve(shop, run, "/api/v1/nodes/node-a")
    shop.write(NODES.replace("hold: 1h", f"hold: {config}"))
    with shop.house() as house:
        house.pending().again()
        (intended,) = told(house, run, Phase.INTENDED)
        assert intended.data["hold"] == held
        end_all(house)


def test_another_process_goes_on_where_this_one_was_killed(shop: Ground) -> None:
    shop.write(PODS)
    with shop.house() as house:
        run = fired(house).run.id
    approve(shop, run)
    with shop.house() as house:
        pending = house.pending()
        pending.again()
        assert len(evictions(shop)) == 1
    with shop.house() as house:
        house.pending().again()
        assert len(evictions(shop)) == 1, "and not once more"
        assert len(told(house, run, Phase.INTENDED)) == 1


def test_one_that_nobody_approved_in_time_is_denied_once(shop: Ground) -> None:
    shop.write(PODS)
    with shop.house() as house:
        run = fired(house).run.id
        pending_at(house, timedelta(hours=4) - timedelta(seconds=30)).again()
        assert told(house, run, Phase.DENIED) == []
        approve(shop, run)
        late = pending_at(house, timedelta(hours=4))
        late.again()
        late.again()
        house.pending().again()
        assert reason(house, run).startswith("nobody approved it before 20")
        assert evictions(shop) == []


def test_an_opt_out_after_the_draw_is_a_veto(shop: Ground) -> None:
    shop.write(PODS)
    with shop.house() as house:
        run = fired(house).run.id
        patch(shop, WEB, {"metadata": {"labels": {"simian-army/opt-out": "true"}}})
        approve(shop, run)
        house.pending().again()
        assert evictions(shop) == []
        assert ", but opt-in: simian-army/opt-out=true on Deployment web" in reason(house, run)
        patch(shop, WEB, {"metadata": {"labels": {"simian-army/opt-out": None}}})
        house.pending().again()
        assert evictions(shop) == [], "a denial is the last word"


def test_the_budget_is_asked_again_in_the_transaction(shop: Ground) -> None:
    shop.write(PODS, "")
    text = shop.config.read_text().replace("cooldown: 0s", "cooldown: 0s, per_hour: 1")
    shop.config.write_text(text)
    with shop.house() as house:
        first, second = fired(house, hour=12), fired(house, hour=13)
        approve(shop, f"{first.run.id},{second.run.id}")
        house.pending().again()
        assert len(evictions(shop)) == 1
        assert [len(told(house, one.run.id, Phase.INTENDED)) for one in (first, second)] == [1, 0]
        assert "budget: " in reason(house, second.run.id)


def test_a_halt_denies_what_was_approved(shop: Ground) -> None:
    shop.write(PODS)
    with shop.house() as house:
        run = fired(house).run.id
        house.books.ledger.append(house.books.scribe.note(Phase.HALTED, reason="incident 7"))
        approve(shop, run)
        house.pending().again()
        assert evictions(shop) == []
        assert "incident 7" in reason(house, run)


def test_a_target_that_is_gone_by_then_is_no_other(shop: Ground) -> None:
    shop.write(PODS)
    with shop.house() as house:
        outcome = fired(house)
        target = outcome.waiting[0].fault.target
        house.platforms["kubernetes"].delete(target, grace=0)  # type: ignore[attr-defined]
        assert shop.server.settle(20)
        approve(shop, outcome.run.id)
        house.pending().again()
        assert evictions(shop) == []
        assert "present: it is gone" in reason(house, outcome.run.id)


def test_leashed_by_then_nothing_is_done(shop: Ground) -> None:
    shop.write(PODS)
    with shop.house() as house:
        run = fired(house).run.id
    approve(shop, run)
    with shop.house(leashed=True) as house:
        house.pending().again()
        assert evictions(shop) == []
        assert "leashed: the fleet or this monkey is leashed by now" in reason(house, run)


def test_leashed_it_waits_for_nobody(shop: Ground) -> None:
    shop.write(PODS)
    with shop.house(leashed=True) as house:
        outcome = fired(house)
        assert len(outcome.taken) == 1
        assert outcome.waiting == []
        assert [event.phase for event in told(house, outcome.run.id)] == ["fired", "skipped"]


def test_a_monkey_that_config_has_no_more_strikes_nobody(shop: Ground) -> None:
    shop.write(PODS)
    with shop.house() as house:
        run = fired(house).run.id
    approve(shop, run)
    shop.write(PODS.replace("name: pods", "name: late"))
    with shop.house() as house:
        house.pending().again()
        assert evictions(shop) == []
        assert "config has no monkey pods any more" in reason(house, run)


class Asked:
    """A port that counts and may be away."""

    def __init__(self, runs: Sequence[str] = (), away: str = "") -> None:
        self.runs, self.away, self.asked = runs, away, list[Place]()

    def approved(self, place: Place) -> Word | None:
        self.asked.append(place)
        if self.away:
            raise PlatformError(self.away)
        return Word(frozenset(self.runs), "ann") if self.runs else None


def test_only_places_where_something_waits_are_read_each_once(shop: Ground) -> None:
    shop.write(PODS.replace("fault: pod-evict", "fault: pod-evict, mode: {fixed: 3}"))
    text = shop.config.read_text().replace("cooldown: 0s", "cooldown: 0s, per_group: 9, concurrent: 9")
    shop.config.write_text(text)
    with shop.house() as house:
        port = Asked()
        pending = Pending(house.engine, house.entries, {"kubernetes": port})
        pending.again()
        assert port.asked == []
        assert len(fired(house).waiting) == 3
        pending.again()
        assert port.asked == [Place("namespace", "shop")]
        assert len(pending.waiting()) == 3


def test_who_cannot_look_waits_and_says_why_when_it_is_too_late(shop: Ground) -> None:
    shop.write(PODS)
    with shop.house() as house:
        run = fired(house).run.id
        port = Asked([run], away="403: grant it")
        pending = Pending(house.engine, house.entries, {"kubernetes": port})
        pending.again()
        assert len(pending.waiting(run)) == 1
        port.away = ""
        pending.again()
        assert len(evictions(shop)) == 1
        assert told(house, run, Phase.INTENDED)[0].data["approved"] == "ann"


def test_what_kept_everybody_from_looking_is_told_when_it_is_too_late(shop: Ground) -> None:
    shop.write(PODS)
    with shop.house() as house:
        run = fired(house).run.id
        pending = Pending(house.engine, house.entries, {"kubernetes": Asked(away="403: grant it")})
        pending.again()
        pending.engine = replace(house.engine, clock=Then(house.books.clock.now() + timedelta(hours=4)))
        pending.again()
        assert reason(house, run).endswith("; it could not be looked for: 403: grant it")


def test_a_ledger_that_fails_half_way_lets_nothing_strike_twice(shop: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.write(NODES)
    with shop.house() as house:
        run = fired(house, "nodes").run.id
        approve(shop, run, "/api/v1/nodes/node-a")
        pending, append = house.pending(), type(house.books.ledger).append
        broken = {"left": 1}

        def breaks(self: Any, *events: AuditEvent) -> Any:
            if events[0].phase is Phase.INJECTED and broken["left"]:
                broken["left"] -= 1
                raise LedgerError("away")
            return append(self, *events)

        monkeypatch.setattr(type(house.books.ledger), "append", breaks)
        pending.again()
        assert shop.node("node-a")["spec"]["unschedulable"] is True
        end_all(house)
        for _ in range(2):
            pending.again()
        assert not shop.node("node-a")["spec"].get("unschedulable")
        assert len(told(house, run, Phase.INTENDED)) == 1
        assert told(house, run, Phase.DENIED) == []


def test_what_waits_is_listed_until_it_is_answered_or_late(shop: Ground) -> None:
    shop.write(PODS)
    with shop.house() as house:
        ledger, now = house.books.ledger, house.books.clock.now
        run = fired(house).run.id
        (one,) = waits(ledger, now())
        assert isinstance(one, Waiting)
        assert (one.run.id, one.fault.kind, one.place) == (run, "pod-evict", Place("namespace", "shop"))
        assert waits(ledger, one.until - timedelta(seconds=1)) != []
        assert waits(ledger, one.until) == []
        approve(shop, run)
        house.pending().again()
        assert waits(ledger, now()) == []
