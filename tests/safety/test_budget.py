"""Does the budget count as documented."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from safety.budget import Budget
from safety.limits import Limits
from simian_army.contract import Guard
from simian_army.model import Phase, Target, Verdict
from simian_army.rates import Rate, Week
from simian_army.standing import Attempt
from tests.safety.scenes import HOUR, WEB, attempt, node, pod, scene

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
UTC = Week(ZoneInfo("UTC"))
TEN = tuple(pod(f"web-{n}") for n in range(10))


def budget(
    concurrent: int = 3,
    per_day: int = 20,
    per_group: int = 1,
    max_percent: int = 34,
    cooldown: timedelta = HOUR,
) -> Budget:
    words = Limits(
        concurrent, per_day=Rate(per_day, DAY), per_group=per_group, max_percent=max_percent, cooldown=cooldown
    )
    return Budget(words, UTC)


def ask(guard: Guard, *recent: Attempt, peers: Sequence[Target] = TEN, target: Target = TEN[1]) -> Verdict:
    return guard(scene(target, recent=recent, peers=peers))


def opened(target: str = "uid-web-9", group: str = WEB, ago: timedelta = 2 * HOUR) -> Attempt:
    return attempt(target, group, ago, Phase.INJECTED, still=True)


def test_a_quiet_fleet_has_room_and_the_reason_names_every_word() -> None:
    verdict = ask(budget())
    assert verdict.allowed
    assert verdict.reason == (
        "0 of 3 open at once (concurrent); 0 of 20 in the last 24 h (per_day); "
        "0 of 1 open at once in shop/Deployment/web (per_group); "
        "34 % of 10 in shop/Deployment/web allows 3 at once, 0 others are struck (max_percent); "
        "no earlier fault in shop/Deployment/web, 1 h apart is asked (cooldown)"
    )


def test_the_fault_that_fills_concurrent_is_the_last_and_its_no_is_final() -> None:
    others = [opened(f"x{n}", f"shop/Deployment/x{n}") for n in range(3)]
    assert ask(budget(), *others[:2]).allowed
    verdict = ask(budget(), *others)
    assert not verdict.allowed
    assert verdict.final
    assert verdict.reason == "3 of 3 open at once (concurrent)"


def test_a_day_is_24_hours_and_its_end_does_not_count() -> None:
    rules = budget(per_day=1)
    assert not ask(rules, attempt("x", "g", DAY - SECOND)).allowed
    assert ask(rules, attempt("x", "g", DAY)).allowed


def test_a_full_day_is_final() -> None:
    assert ask(budget(per_day=1), attempt("x", "g")).final


@pytest.mark.parametrize("phase", [Phase.UNKNOWN, Phase.FAILED, Phase.REVERTED, Phase.CLOSED, Phase.STUCK])
def test_what_was_intended_counts_whatever_came_of_it(phase: Phase) -> None:
    assert not ask(budget(per_day=1), attempt("x", "g", phase=phase)).allowed


def test_what_was_denied_does_not_count() -> None:
    denied = attempt(phase=Phase.DENIED, ago=SECOND)
    assert ask(budget(per_day=1), denied).allowed


def test_an_attempt_from_the_future_counts() -> None:
    assert not ask(budget(per_day=1), attempt("x", "g", -HOUR)).allowed
    assert not ask(budget(cooldown=SECOND), attempt(ago=-HOUR)).allowed


def test_a_second_fault_in_a_group_waits_for_the_first_but_other_groups_go_on() -> None:
    rules = budget(max_percent=100)
    verdict = ask(rules, opened())
    assert not verdict.allowed
    assert not verdict.final
    assert verdict.reason == "1 of 1 open at once in shop/Deployment/web (per_group)"
    assert ask(rules, opened("x", "shop/Deployment/api")).allowed


def test_a_closed_fault_leaves_room_in_its_group() -> None:
    assert ask(budget(), attempt(ago=2 * HOUR)).allowed


def test_cooldown_ends_at_its_end_and_is_counted_per_group() -> None:
    assert not ask(budget(), attempt(ago=HOUR - SECOND)).allowed
    assert ask(budget(), attempt(ago=HOUR)).allowed
    assert ask(budget(), attempt("x", "shop/Deployment/api", SECOND)).allowed


def test_cooldown_counts_from_the_latest_and_says_how_long_ago() -> None:
    verdict = ask(budget(), attempt(ago=5 * HOUR), attempt(ago=HOUR / 2), attempt(ago=3 * HOUR))
    assert verdict.reason == ("the last fault in shop/Deployment/web began 30 min ago, 1 h apart is asked (cooldown)")


def test_no_cooldown_allows_at_once() -> None:
    assert ask(budget(cooldown=timedelta(0)), attempt(ago=timedelta(0))).allowed


def test_a_percent_of_a_small_group_rounds_down_to_nobody_and_says_so() -> None:
    verdict = ask(budget(), peers=TEN[:2])
    assert not verdict.allowed
    assert verdict.reason == ("34 % of 2 in shop/Deployment/web allows 0 at once, 0 others are struck (max_percent)")
    assert ask(budget(), peers=TEN[:3]).allowed


def test_max_percent_counts_members_not_attempts_and_this_one_too() -> None:
    rules = budget(concurrent=9, per_group=9, max_percent=30)
    assert ask(rules, opened("a"), opened("b")).allowed
    assert not ask(rules, opened("a"), opened("b"), opened("c")).allowed
    assert ask(rules, opened("a"), opened("a"), opened("b")).allowed
    assert ask(rules, opened("a"), opened("b"), opened(TEN[1].id)).allowed


def test_max_percent_counts_only_what_is_still_struck() -> None:
    assert ask(budget(max_percent=10), attempt("a", ago=2 * HOUR), attempt("b", ago=2 * HOUR)).allowed


def test_a_group_of_unknown_size_is_a_no() -> None:
    verdict = ask(budget(), peers=())
    assert not verdict.allowed
    assert "the size of shop/Deployment/web is not known" in verdict.reason


def test_all_limits_hit_are_named_the_fleets_first() -> None:
    verdict = ask(budget(concurrent=1, per_day=1), opened(ago=SECOND), peers=TEN[:2])
    words = verdict.reason.split("; ")
    assert [word[word.rindex("(") :] for word in words] == [
        "(concurrent)",
        "(per_day)",
        "(per_group)",
        "(max_percent)",
        "(cooldown)",
    ]
    assert verdict.final


NODES = tuple(node(f"n{n}") for n in range(3))


def test_nodes_are_counted_with_all_nodes_and_pods_do_not_count_among_them() -> None:
    rules = budget(max_percent=66)
    assert ask(rules, opened(), target=NODES[0], peers=NODES).allowed
    verdict = ask(rules, opened("uid-n1", ""), target=NODES[0], peers=NODES)
    assert not verdict.allowed
    assert "1 of 1 open at once in the nodes here (per_group)" in verdict.reason
    assert "66 % of 3 in the nodes here allows 1 at once, 1 others are struck" in verdict.reason


def test_what_has_no_group_is_not_counted_with_strangers_that_have_none() -> None:
    assert ask(budget(), opened("uid-proxy", ""), target=NODES[0], peers=NODES).allowed


def test_a_node_that_another_monkey_found_and_struck_counts_among_all_nodes() -> None:
    elsewhere = replace(opened("uid-n9", ""), scope="")
    assert not ask(budget(max_percent=100), elsewhere, target=NODES[0], peers=NODES).allowed


def test_a_node_of_a_pool_is_still_counted_with_all_nodes() -> None:
    pooled = replace(NODES[0], group="pool-a")
    assert not ask(budget(max_percent=100), opened("uid-n1", "pool-b"), target=pooled, peers=NODES).allowed


def test_a_node_of_a_pool_that_another_monkey_struck_counts_even_if_this_one_never_found_it() -> None:
    elsewhere = replace(opened("uid-n9", "pool-b"), scope="")
    assert not ask(budget(max_percent=100), elsewhere, target=NODES[0], peers=NODES).allowed
    instance_group = replace(opened("i-1", "123/eu/AutoScalingGroup/web"), scope="123/eu")
    assert ask(budget(max_percent=100), instance_group, target=NODES[0], peers=NODES).allowed


def test_what_has_no_group_but_a_scope_is_not_like_the_grouped_of_its_scope() -> None:
    bare = pod("bare", group="")
    grouped = replace(opened("uid-web-1"), scope="shop")
    assert ask(budget(max_percent=100), grouped, target=bare, peers=[bare]).allowed
    assert not ask(budget(max_percent=100), replace(grouped, group=""), target=bare, peers=[bare]).allowed
