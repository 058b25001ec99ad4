"""What the guards say of faults that strike a workload itself, or what its pods use."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from safety.budget import Budget
from safety.consent import consent
from safety.irreversible import Irreversible, Nature
from safety.limits import Limits
from safety.quorum import Quorum
from simian_army.amounts import Amount
from simian_army.model import Health, Level, Phase, Target, Verdict
from simian_army.rates import Week
from tests.safety.scenes import NOW, WEB, attempt, pod, scene

STOPS = {"scale-down": "reach", "pod-evict": "target"}
PODS = tuple(pod(f"web-{n}") for n in range(5))


def workload(kind: str = "deployment", name: str = "web", **more: Any) -> Target:
    group = f"shop/{kind.title()}/{name}"
    return Target("kubernetes", kind, f"uid-{name}", name, "shop", group, NOW, {}, **more)


def health(up: int = 5, wanted: int = 5) -> Health:
    ready = frozenset(one.id for one in PODS[:up])
    return Health(up >= wanted, up, wanted, f"{up} of {wanted} pods of {WEB} are ready", up=ready)


def quorum(at_most: int | None, up: int = 5, **rules: Any) -> Verdict:
    guard = Quorum(STOPS, **{"spare_lone": False, "whole": False, **rules})
    return guard(scene(workload(), "scale-down", reach=PODS, stand={WEB: health(up)}, at_most=at_most))


def share(at_most: int | None, percent: int = 40, *, struck: int = 0, **more: Any) -> Verdict:
    recent = [attempt(f"uid-x{n}", WEB, timedelta(0), Phase.INJECTED, still=True) for n in range(struck)]
    told = {"stand": {WEB: health()}, "reach": PODS, "at_most": at_most, "recent": recent, **more}
    guard = Budget(Limits(max_percent=percent), Week(ZoneInfo("UTC")))
    return guard(scene(workload(), "scale-down", peers=[workload()], **told))


@pytest.mark.parametrize(
    ("at_most", "allowed"), [(0, True), (3, True), (4, True), (5, False), (9, False), (None, False)]
)
def test_of_those_in_reach_only_as_many_are_missed_as_go(at_most: int | None, *, allowed: bool) -> None:
    assert quorum(at_most).allowed is allowed
    assert quorum(at_most, keep=Amount(0)).allowed


def test_those_who_go_are_taken_to_be_the_ready_ones() -> None:
    assert quorum(2, up=3).allowed
    verdict = quorum(2, up=2)
    assert not verdict.allowed
    assert "0 would stay, 1 must" in verdict.reason


@pytest.mark.parametrize(("at_most", "allowed"), [(2, True), (3, False), (None, False), (0, True)])
def test_max_percent_counts_the_pods_of_a_workload_that_go(at_most: int | None, *, allowed: bool) -> None:
    verdict = share(at_most)
    assert verdict.allowed is allowed
    assert f"40 % of 5 in {WEB} allows 2 at once" in verdict.reason


def test_those_struck_by_others_count_with_them() -> None:
    assert share(1, struck=1).allowed
    assert not share(2, struck=1).allowed


@pytest.mark.parametrize("stand", [{}, {WEB: Health(None, 0, 0, "nobody can tell")}], ids=["not told", "not known"])
def test_a_share_of_a_workload_whose_size_nobody_knows_is_a_no(stand: dict[str, Health]) -> None:
    verdict = share(0, stand=stand)
    assert not verdict.allowed
    assert verdict.reason == f"the size of {WEB} is not known (max_percent)"


def test_a_workload_that_wants_no_pods_has_none_to_share() -> None:
    verdict = share(0, stand={WEB: health(0, 0)})
    assert verdict.allowed
    assert verdict.reason == f"not applicable: no member of {WEB} is wanted (max_percent)"


def test_a_fault_that_stops_others_alone_asks_for_no_share_of_the_targets_own_group() -> None:
    elsewhere = [pod("api-1", group="shop/Deployment/api")]
    assert share(None, stand={}, reach=elsewhere).allowed
    assert not share(None, stand={}, reach=[*elsewhere, PODS[0]]).allowed


def test_where_no_member_is_stopped_no_share_is_asked() -> None:
    config, peers = workload("configmap", "settings"), [workload("configmap", "settings")]
    guard = Budget(Limits(max_percent=34), Week(ZoneInfo("UTC")))
    verdict = guard(scene(config, "config-fault", peers=peers))
    assert verdict.allowed
    assert "not applicable: no member of shop/Configmap/settings is stopped" in verdict.reason


def test_a_member_of_a_group_is_counted_as_before() -> None:
    guard = Budget(Limits(max_percent=34), Week(ZoneInfo("UTC")))
    job = Target("kubernetes", "job", "uid-j", "nightly-1", "shop", "shop/CronJob/nightly", NOW, {})
    assert not guard(scene(job, "job-suspend", peers=[job])).allowed


def test_a_kind_whose_target_makes_anew_what_it_destroys_needs_no_name_in_config() -> None:
    for anew in (True, False):
        kinds = {"rollout-restart": Nature(reversible=False, replaces=True, anew=anew)}
        assert Irreversible(kinds)(scene(workload(), "rollout-restart")).allowed is anew


@pytest.mark.parametrize(
    ("labels", "template", "allowed"),
    [
        ({}, {"simian-army/chaos": "enabled"}, True),
        ({}, {"simian-army/chaos": "disabled"}, False),
        ({"simian-army/chaos": "enabled"}, {"simian-army/opt-out": "true"}, False),
        ({"simian-army/chaos": "disabled"}, {"simian-army/chaos": "enabled"}, False),
        ({}, {"simian-army/chaos.pod-evict": "enabled"}, False),
        ({}, {}, False),
    ],
)
def test_a_template_opts_in_its_workload_and_out(
    labels: dict[str, str], template: dict[str, str], *, allowed: bool
) -> None:
    levels = (Level("PodTemplate", "web", template), Level("Namespace", "shop", {}))
    target = Target("kubernetes", "deployment", "u", "web", "shop", WEB, NOW, labels, levels)
    assert consent("chaos", "scale-down", target).allowed is allowed
