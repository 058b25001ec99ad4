"""Where exactly does each of the newer budget words begin to deny, and what does it say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from safety.budget import Budget
from safety.limits import Limits
from simian_army.model import Phase, Target, Verdict
from simian_army.rates import Rate, Week, WorkingDays
from simian_army.standing import Attempt, places_of
from tests.safety.scenes import HOUR, NOW, WEB, attempt, instance, node, pod, proxy, scene

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
BERLIN = Week(ZoneInfo("Europe/Berlin"))


def ask(words: Limits, *recent: Attempt, target: Target | None = None, **more: Any) -> Verdict:
    seen = scene(target or placed(), recent=recent, **more)
    return Budget(words, BERLIN)(seen)


def placed(**places: list[str]) -> Target:
    return pod(facts={"places": places})


def opened(**places: list[str]) -> Attempt:
    made = attempt("uid-x", "shop/Deployment/x", 2 * HOUR, Phase.INJECTED, still=True)
    return replace(made, places=places_of({"places": places}))


def test_a_budget_without_words_has_no_limit_and_says_so() -> None:
    verdict = ask(Limits(), *[opened() for _ in range(99)])
    assert (verdict.allowed, verdict.reason) == (True, "not applicable: no limit is set")


def test_an_hour_ends_before_its_end_and_a_full_one_is_final() -> None:
    rules = Limits(per_hour=1)
    verdict = ask(rules, attempt(ago=HOUR - SECOND))
    assert not verdict.allowed
    assert verdict.final
    assert verdict.reason == "1 of 1 in the last hour (per_hour)"
    assert ask(rules, attempt(ago=HOUR)).allowed


@pytest.mark.parametrize(("said", "days"), [("1/3", 3), ("0.25", 4), ("0.3", 4), ("2/3", 2), ("1/1", 1)])
def test_a_fraction_a_day_is_one_in_that_many_days_whole_days_rounded_up(said: str, days: int) -> None:
    rules = Limits(per_day=Rate.per_day(said))
    verdict = ask(rules, attempt(ago=days * DAY - SECOND))
    assert not verdict.allowed
    assert verdict.reason == f"1 of 1 in the last {f'{days} d' if days > 1 else '24 h'} (per_day)"
    assert ask(rules, attempt(ago=days * DAY)).allowed


def test_nought_a_day_is_never() -> None:
    assert not ask(Limits(per_day=Rate.per_day(0))).allowed


def test_a_namespace_has_room_for_its_limit_and_its_neighbours_do_not_count() -> None:
    rules, far = Limits(per_namespace=2), replace(opened(), scope="far")
    assert ask(rules, opened(), far, far, attempt()).allowed
    verdict = ask(rules, opened(), opened())
    assert not verdict.allowed
    assert not verdict.final
    assert verdict.reason == "2 of 2 open at once in namespace shop (per_namespace)"


@pytest.mark.parametrize("target", [node(), instance(), proxy()])
def test_what_is_in_no_namespace_is_bound_by_no_limit_on_namespaces(target: Target) -> None:
    verdict = ask(Limits(per_namespace=0, max_percent_namespace=0), target=target)
    assert verdict.allowed
    assert verdict.reason.count("not applicable") == 2


@pytest.mark.parametrize("kind", ["node", "zone", "region"])
def test_a_place_has_room_for_its_limit_and_other_places_do_not_count(kind: str) -> None:
    limit: dict[str, Any] = {f"per_{kind}": 2}
    rules, here = Limits(**limit), placed(**{kind: ["a"]})
    assert ask(rules, opened(**{kind: ["a"]}), opened(**{kind: ["b"]}), opened(**{kind: []}), target=here).allowed
    verdict = ask(rules, opened(**{kind: ["a"]}), opened(**{kind: ["b", "a"]}), target=here)
    assert not verdict.allowed
    assert verdict.reason == f"2 of 2 open at once in {kind} a (per_{kind})"


def test_a_group_that_spreads_over_zones_needs_room_in_each() -> None:
    verdict = ask(Limits(per_zone=1), opened(zone=["b"]), target=placed(zone=["a", "b"]))
    assert not verdict.allowed
    assert verdict.reason == "1 of 1 open at once in zone b (per_zone)"


def test_a_zone_that_nobody_knows_is_a_no_by_name_only_where_the_limit_is_set() -> None:
    assert ask(Limits(per_node=1), target=placed(node=["n1"])).allowed
    verdict = ask(Limits(per_node=1, per_zone=1), target=placed(node=["n1"]))
    assert not verdict.allowed
    assert not verdict.final
    assert verdict.reason == (
        "the zone of pod shop/web-1 is not known: label its node topology.kubernetes.io/zone and let us list nodes, "
        "or set no such limit (per_zone)"
    )
    assert "nobody tells it, or set no such limit (per_zone)" in ask(Limits(per_zone=1), target=proxy()).reason


def test_what_is_open_where_nobody_knows_may_be_here() -> None:
    verdict = ask(Limits(per_zone=1), opened(), target=placed(zone=["a"]))
    assert not verdict.allowed
    assert verdict.reason == "1 of 1 open at once in zone a, 1 of them in a zone that is not known (per_zone)"


def test_what_stands_on_no_node_is_bound_by_no_limit_on_nodes() -> None:
    verdict = ask(Limits(per_node=0), target=replace(instance(), facts={"places": {"node": []}}))
    assert (verdict.allowed, verdict.reason) == (
        True,
        "not applicable: a target of kind instance has no node (per_node)",
    )


def test_a_percent_of_a_namespace_counts_all_that_is_struck_there_and_rounds_down() -> None:
    rules = Limits(max_percent_namespace=25)
    others = [replace(opened(), target=f"x{number}") for number in range(2)]
    assert ask(rules, others[0], crowd=11).allowed
    verdict = ask(rules, *others, crowd=11)
    assert not verdict.allowed
    assert (
        verdict.reason == "25 % of 11 in the pods of shop allows 2 at once, 2 others are struck (max_percent_namespace)"
    )
    assert ask(rules, *others, crowd=12).allowed


@pytest.mark.parametrize("crowd", [None, 0])
def test_a_namespace_whose_members_nobody_counted_is_a_no(crowd: int | None) -> None:
    verdict = ask(Limits(max_percent_namespace=100), crowd=crowd)
    assert not verdict.allowed
    assert "the size of the pods of shop is not known (max_percent_namespace)" in verdict.reason


def test_a_cooldown_of_working_days_sleeps_over_the_weekend_and_says_until_when() -> None:
    rules, friday = Limits(cooldown=WorkingDays(2)), datetime(2026, 3, 6, 10, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    past = replace(attempt(), at=friday.astimezone(UTC))
    tuesday = datetime(2026, 3, 10, 10, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    verdict = ask(rules, past, now=tuesday - SECOND)
    assert not verdict.allowed
    assert verdict.reason == (
        f"the last fault in {WEB} began 3 d 23 h 59 min 59 s ago, 2 working days apart is asked, "
        "until Tue 2026-03-10 10:30 (cooldown)"
    )
    assert ask(rules, past, now=tuesday).allowed


def test_a_holiday_is_no_working_day() -> None:
    easter = Week(ZoneInfo("UTC"), lambda day: day in (date(2026, 4, 3), date(2026, 4, 6)))
    rules = Budget(Limits(cooldown=WorkingDays(1)), easter)
    thursday = datetime(2026, 4, 2, 9, tzinfo=UTC)
    past = [replace(attempt(), at=thursday)]
    assert not rules(scene(now=datetime(2026, 4, 7, 8, 59, tzinfo=UTC), recent=past)).allowed
    assert rules(scene(now=datetime(2026, 4, 7, 9, 0, tzinfo=UTC), recent=past)).allowed


def test_a_monkeys_own_words_bind_it_alone_and_are_named_after_it() -> None:
    rules = Budget(Limits(concurrent=9), BERLIN, {"pods": Limits(concurrent=1)})
    others, mine = replace(opened(), entry="late"), opened()
    assert rules(scene(placed(), recent=[others, others])).allowed
    verdict = rules(scene(placed(), recent=[others, mine]))
    assert not verdict.allowed
    assert verdict.final
    assert verdict.reason == "1 of 1 open at once (pods: concurrent)"
    assert rules(scene(placed(), recent=[mine], entry="late")).allowed


@pytest.mark.parametrize(
    ("words", "reaches"),
    [
        (Limits(), timedelta(0)),
        (Limits(concurrent=1, max_percent=1), timedelta(0)),
        (Limits(per_hour=1), HOUR),
        (Limits(per_day=Rate.per_day("1/30"), cooldown=HOUR), 30 * DAY),
        (Limits(per_day=Rate.per_day(1), cooldown=40 * DAY), 40 * DAY),
    ],
)
def test_it_looks_back_as_far_as_its_longest_word_the_monkeys_among_them(words: Limits, reaches: timedelta) -> None:
    assert Budget(words, BERLIN).looks_back_to(NOW) == NOW - reaches
    assert Budget(Limits(), BERLIN, {"pods": words}).looks_back_to(NOW) == NOW - reaches
