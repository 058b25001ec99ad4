"""The budget and what is due, through the whole flow on the embedded API server."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simian_army.contract import Recheck
from simian_army.due import OPTED_IN
from simian_army.explain import forecast
from simian_army.model import AuditEvent, Phase, Verdict
from simian_army.outcome import Outcome
from simian_army.wiring import House
from tests.flow.ground import Ground
from tests.flow.hands import patch

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
WEB = "shop/Deployment/web"
DELETE = "schedule: {every: 2h}, with: {fault: pod-delete, mode: {fixed: 1}}}"
PODS = "- {name: pods, use: chaos, on: kubernetes, select: {labels: app=web}, " + DELETE
NONE = "- {name: pods, use: chaos, on: kubernetes, schedule: {every: 2h}, with: {fault: pod-delete, mode: %s}}"
SELDOM = NONE % "{fixed-percent: 1}"


def budget(shop: Ground, words: str, monkeys: str = PODS) -> None:
    config = shop.write(monkeys)
    config.write_text(config.read_text().replace("budget: {cooldown: 0s, max_percent: 100}", f"budget: {{{words}}}"))


def denials(outcome: Outcome) -> list[str]:
    return [v.reason for draw in outcome.denied for v in draw.verdicts if v.guard == "budget" and not v.allowed]


def intended(house: House) -> list[AuditEvent]:
    return list(house.books.ledger.query(phase="intended"))


def past(house: House, ago: timedelta, phase: Phase, run: str = "old", **data: Any) -> None:
    note = AuditEvent(house.books.clock.now() - ago, run, phase, "tester", "pods", "uid-old", leashed=False, data=data)
    house.books.ledger.append(note)


def opt_in(house: House, ago: timedelta) -> None:
    note = house.books.scribe.note(Phase.FOUND, rule=OPTED_IN, group=WEB)
    house.books.ledger.append(replace(note, at=note.at - ago))


def test_where_a_fault_struck_is_written_before_it_is_done_and_remembered(shop: Ground) -> None:
    patch(shop, "/api/v1/nodes/node-a", {"metadata": {"labels": {"topology.kubernetes.io/zone": "eu-1a"}}})
    budget(shop, "cooldown: 0s, max_percent: 100, per_zone: 1, per_node: 1, per_group: 9")
    with shop.house() as house:
        assert house.engine.fire(house.entries["pods"], AT).taken
        (event,) = intended(house)
        assert event.data["places"] == {"node": ["node-a"], "zone": ["eu-1a"]}
        (attempt,) = house.books.ledger.attempts(event.at)
        assert attempt.places == {"node": ("node-a",), "zone": ("eu-1a",)}
        (reason,) = set(denials(house.engine.fire(house.entries["pods"], AT.replace(hour=14))))
        assert reason == ("1 of 1 open at once in node node-a (per_node); 1 of 1 open at once in zone eu-1a (per_zone)")


def test_a_zone_that_no_label_tells_is_a_no_by_name(shop: Ground) -> None:
    budget(shop, "cooldown: 0s, max_percent: 100, per_zone: 1")
    with shop.house() as house:
        outcome = house.engine.fire(house.entries["pods"], AT)
    assert not outcome.taken
    assert all("zone of pod shop/web" in reason and reason.endswith("(per_zone)") for reason in denials(outcome))
    assert shop.writes() == []


def test_a_share_of_a_namespace_is_of_what_the_monkey_finds_there(shop: Ground) -> None:
    budget(shop, "cooldown: 0s, max_percent: 100, max_percent_namespace: 24")
    with shop.house() as house:
        (reason,) = set(denials(house.engine.fire(house.entries["pods"], AT)))
        assert reason.startswith("24 % of 4 in the pods of shop allows 0 at once")
    budget(shop, "cooldown: 0s, max_percent: 100, max_percent_namespace: 25")
    with shop.house() as house:
        assert house.engine.fire(house.entries["pods"], AT.replace(hour=14)).taken


def test_a_fire_narrowed_to_one_target_counts_the_whole_group_all_the_same(shop: Ground) -> None:
    budget(shop, "cooldown: 0s, max_percent: 25, max_percent_namespace: 25")
    with shop.house() as house:
        one = house.entries["pods"].find()[0]
        outcome = house.engine.fire(house.entries["pods"], AT, only=one.id)
    assert [draw.fault.target.id for draw in outcome.taken] == [one.id]


def test_a_rare_fault_is_remembered_as_long_as_its_word_reaches(shop: Ground) -> None:
    budget(shop, "per_day: 1/30, cooldown: 0s, max_percent: 100")
    with shop.house(leashed=True) as house:  # so that nobody but the guard looks back
        past(house, timedelta(days=29), Phase.INTENDED, kind="pod-delete", group="x", scope="x")
        past(house, timedelta(days=29), Phase.REVERTED)
        outcome = house.engine.fire(house.entries["pods"], AT)
        assert denials(outcome) == ["1 of 1 in the last 30 d (per_day)"]


def test_the_reservation_sees_as_much_of_the_past_as_the_guards_did(shop: Ground) -> None:
    budget(shop, "per_day: 1/30, cooldown: 0s, max_percent: 100")
    with shop.house() as house:
        seen: list[timedelta] = []
        ledger = house.books.ledger

        class Spy:
            def reserve(
                self, event: AuditEvent, recheck: Recheck, since: datetime | None = None
            ) -> tuple[AuditEvent | None, list[Verdict]]:
                seen.append(event.at - (since or event.at))
                return None, [Verdict("spy", allowed=False, reason="seen")]

            def __getattr__(self, name: str) -> Any:
                return getattr(ledger, name)

        engine = replace(house.engine, ledger=Spy())
        engine.fire(house.entries["pods"], AT)
        assert set(seen) == {timedelta(days=30)}


def test_a_monkeys_own_budget_binds_it_and_no_other(shop: Ground) -> None:
    own = PODS.replace("name: pods,", "name: pods, budget: {per_day: 0},")
    budget(shop, "cooldown: 0s, max_percent: 100", f"{own}\n{PODS.replace('name: pods', 'name: more')}")
    with shop.house() as house:
        assert denials(house.engine.fire(house.entries["pods"], AT)) == ["0 of 0 in the last 24 h (pods: per_day)"]
        assert house.engine.fire(house.entries["more"], AT).taken


@pytest.mark.parametrize("since", [timedelta(days=15), timedelta(days=13)])
def test_a_group_that_is_due_is_struck_although_the_mode_drew_nobody(shop: Ground, since: timedelta) -> None:
    budget(shop, "cooldown: 0s, max_percent: 100, due_after: 14d", SELDOM)
    due = since > timedelta(days=14)
    with shop.house() as house:
        opt_in(house, since)
        outcome = house.engine.fire(house.entries["pods"], AT)
        assert {draw.fault.target.group for draw in outcome.taken} == ({WEB} if due else set())
        (fired,) = house.books.ledger.query(phase="fired")
        assert fired.data["due"] == ([WEB] if due else [])
        assert fired.data["want"] == int(due)
        again = house.engine.fire(house.entries["pods"], AT.replace(hour=14))
        assert not again.taken, "it was just struck"


def test_what_is_due_is_under_every_guard_and_nothing_else_is_struck_in_its_place(shop: Ground) -> None:
    budget(shop, "cooldown: 0s, max_percent: 0, due_after: 14d", SELDOM)
    with shop.house() as house:
        opt_in(house, timedelta(days=15))
        outcome = house.engine.fire(house.entries["pods"], AT)
        assert not outcome.taken
        assert {draw.fault.target.group for draw in outcome.denied} == {WEB}
    assert shop.writes() == []


def test_the_plan_knows_what_will_be_due_by_then(shop: Ground) -> None:
    budget(shop, "cooldown: 0s, max_percent: 100, due_after: 14d", SELDOM)
    with shop.house() as house:
        opt_in(house, timedelta(days=13))
        entry, now = house.entries["pods"], house.books.clock.now()
        today, tomorrow = (forecast(house.engine, entry, now + n * DAY, entry.find()) for n in range(2))
        assert (today.hit, today.due.groups) == ([], {})
        assert list(tomorrow.due.groups) == [WEB]
        assert [draw.fault.target.group for draw in tomorrow.hit] == [WEB]


def test_the_plan_is_what_then_runs(shop: Ground) -> None:
    budget(shop, "cooldown: 0s, max_percent: 100, due_after: 14d", SELDOM)
    with shop.house() as house:
        opt_in(house, timedelta(days=15))
        entry, at = house.entries["pods"], house.books.clock.now() + timedelta(hours=1)
        planned = [draw.fault.target.id for draw in forecast(house.engine, entry, at, entry.find()).hit]
        assert [draw.fault.target.id for draw in house.engine.fire(entry, at).taken] == planned != []


def test_that_a_group_opted_in_is_written_down_at_the_first_fire_that_may_strike_it_and_once(shop: Ground) -> None:
    budget(shop, "cooldown: 0s, max_percent: 100, due_after: 1s", SELDOM)
    with shop.house(leashed=True) as house:
        for hour in range(2):
            house.engine.fire(house.entries["pods"], AT.replace(hour=hour))
        seen = list(house.books.ledger.query(phase="found"))
        assert [event.data["group"] for event in seen] == sorted({event.data["group"] for event in seen})
        assert WEB in {event.data["group"] for event in seen}
        assert {event.data["rule"] for event in seen} == {OPTED_IN}
        assert "shop/Deployment/search" not in {event.data["group"] for event in seen}, "it did not opt in"
        assert house.engine.dues.opted.opted_in_since(WEB) == seen[-1].at
        later = forecast(house.engine, house.entries["pods"], seen[-1].at + DAY, house.entries["pods"].find())
        assert WEB in later.due.groups


def test_what_is_due_comes_before_what_the_mode_would_have_drawn(shop: Ground) -> None:
    budget(shop, "cooldown: 0s, max_percent: 100, concurrent: 99, due_after: 14d", NONE % "{fixed: 1}")
    hits = set()
    with shop.house(leashed=True) as house:
        opt_in(house, timedelta(days=15))
        for hour in range(8):
            (draw,) = house.engine.fire(house.entries["pods"], AT.replace(hour=hour)).taken
            hits.add(draw.fault.target.group)
    assert hits == {WEB}
