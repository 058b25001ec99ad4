"""Is what waits for a word kept, looked after and given up as it should be, whoever is away meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from simian_army.errors import LedgerError
from simian_army.explain import Then
from simian_army.model import AuditEvent, Phase
from simian_army.pending import Pending
from simian_army.waiting import Place, Waiting, waits
from tests.flow.approvals import NODES, PODS, Asked, approve, evictions, fired, pending_at, reason, told
from tests.flow.ground import Ground
from tests.flow.hands import end_all


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
