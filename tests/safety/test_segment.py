"""Is a monkey kept to its segment, and is that always the same one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety.segment import Segment, Segments, Zones, share
from simian_army.contract import Guard
from simian_army.model import Target, Verdict
from tests.safety.scenes import instance, node, pod, scene

GROUPS = [f"shop/Deployment/web-{number}" for number in range(10_000)]
VERSION = "app.kubernetes.io/version"


def ask(segment: Segment, target: Target | None = None, entry: str = "pods") -> Verdict:
    return Segments({"pods": segment})(scene(target, entry=entry))


def zone(patterns: tuple[str, ...], places: object) -> Verdict:
    target = replace(pod(), facts={} if places is None else {"places": places})
    return Zones({"pods": Segment(zones=patterns)})(scene(target))


def taken(percent: int, salt: str = "", fleet: str = "shop-eu") -> set[str]:
    segment = Segments({"pods": Segment(percent=percent, salt=salt)})
    return {g for g in GROUPS if segment(scene(pod(group=g), fleet=fleet)).allowed}


def test_a_monkey_without_one_is_kept_to_nothing() -> None:
    guards: list[Guard] = [Segments(), Zones()]
    for guard in guards:
        assert guard(scene()).allowed
        assert "not applicable" in guard(scene()).reason
    assert ask(Segment(namespaces=("other",)), entry="another").allowed


@pytest.mark.parametrize(("patterns", "allowed"), [(("shop",), True), (("sh*",), True), (("cart", "pay"), False)])
def test_namespaces(patterns: tuple[str, ...], allowed: bool) -> None:
    verdict = ask(Segment(namespaces=patterns))
    assert verdict.allowed is allowed
    assert (
        f"namespace shop is {'' if allowed else 'not '}in segment.namespaces ({', '.join(patterns)})" in verdict.reason
    )


def test_a_pattern_with_an_exclamation_mark_excludes() -> None:
    assert not ask(Segment(namespaces=("shop*", "!shop"))).allowed
    assert not ask(Segment(namespaces=("!shop",))).allowed
    assert ask(Segment(namespaces=("!till",))).allowed
    assert not zone(("eu-*", "!eu-1c"), {"zone": ["eu-1a", "eu-1c"]}).allowed
    assert zone(("eu-*", "!eu-1c"), {"zone": ["eu-1a", "eu-1b"]}).allowed


def test_what_stands_in_no_namespace_is_in_none_of_them() -> None:
    assert not ask(Segment(namespaces=("*",)), node()).allowed


@pytest.mark.parametrize(
    ("labels", "allowed", "words"),
    [
        ({VERSION: "2.1"}, True, f"{VERSION}=2.1 is in segment.version"),
        ({VERSION: "20.1"}, False, f"{VERSION}=20.1 is not in segment.version ({VERSION}=2.*)"),
        ({}, False, f"it has no label {VERSION}"),
    ],
)
def test_a_version(labels: dict[str, str], allowed: bool, words: str) -> None:
    verdict = ask(Segment(version=f"{VERSION}=2.*"), pod(labels=labels))
    assert verdict.allowed is allowed
    assert words in verdict.reason


@pytest.mark.parametrize(
    ("places", "allowed", "words"),
    [
        ({"zone": ["eu-1a"]}, True, "zone eu-1a is in segment.zones (eu-1a, eu-1b)"),
        ({"zone": ["eu-1c"]}, False, "zone eu-1c is not in segment.zones (eu-1a, eu-1b)"),
        ({"zone": ["eu-1a", "eu-1c"]}, False, "zone eu-1c is not in"),
        ({"zone": ["eu-1a", "eu-1b"]}, True, "zone eu-1a, eu-1b is in"),
        ({"zone": []}, False, "it stands in no zone"),
        ({}, False, "in which zone it stands is not known"),
        (None, False, "in which zone it stands is not known"),
    ],
)
def test_zones_are_known_once_the_target_was_read_whole(places: object, allowed: bool, words: str) -> None:
    verdict = zone(("eu-1a", "eu-1b"), places)
    assert verdict.allowed is allowed
    assert words in verdict.reason
    assert not Zones().early
    assert Segments().early


def test_zones_are_no_word_of_the_early_guard() -> None:
    assert ask(Segment(zones=("eu-1a",))).allowed


def test_ten_percent_are_about_ten_percent_and_always_the_same() -> None:
    first = taken(10)
    assert 900 <= len(first) <= 1100
    assert taken(10) == first
    assert len(taken(100)) == 10_000


def test_a_wider_one_keeps_all_of_the_narrower_one() -> None:
    assert taken(10) < taken(20) < taken(55)


def test_another_salt_and_another_fleet_take_others() -> None:
    first = taken(10)
    for other in (taken(10, "again"), taken(10, fleet="shop-us")):
        assert 50 <= len(first & other) <= 150, "as many as chance has it"


def test_a_group_is_in_as_a_whole() -> None:
    segment = Segments({"pods": Segment(percent=50)})
    for group in GROUPS[:50]:
        assert len({segment(scene(pod(f"web-{n}", group=group))).allowed for n in range(5)}) == 1


def test_what_has_no_group_is_taken_by_its_id() -> None:
    lone = instance()
    at = share("shop-eu", "", lone.id)
    assert ask(Segment(percent=int(at) + 1), lone).allowed
    assert not ask(Segment(percent=int(at)), lone).allowed or int(at) == 0


def test_a_denial_says_from_which_percentage_on_it_would_be_in() -> None:
    target = pod()
    at = int(share("shop-eu", "x", target.group)) + 1
    verdict = ask(Segment(percent=1, salt="x"), target)
    assert verdict.reason == f"it is not in the 1 % of segment.percent, salt x; from {at} % on it would be"
    assert ask(Segment(percent=at, salt="x"), target).allowed
    assert not ask(Segment(percent=at - 1, salt="x"), target).allowed


@given(st.text(), st.text(), st.text())
def test_every_name_has_a_share(fleet: str, salt: str, group: str) -> None:
    assert 0 <= share(fleet, salt, group) < 100


def test_names_that_run_together_are_no_same_name() -> None:
    assert share("a", "b", "c") != share("ab", "", "c")


def test_a_monkey_that_is_kept_to_nothing_is_told_so_by_each_of_both() -> None:
    assert Segments()(scene(pod())).reason == "not applicable: monkey pods has no segment to keep to"
    assert Zones()(scene(pod())).reason == "not applicable: monkey pods has no zones to keep to"
