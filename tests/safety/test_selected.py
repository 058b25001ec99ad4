"""Does the guard of select say of whom it leaves out what it saw, and when that changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety.selected import Selected, Words
from simian_army.model import Level, Target, Verdict
from simian_army.standing import note_key
from tests.safety.scenes import HOUR, NOW, instance, pod, scene

ON = {note_key("chaos.example/on"): "no"}
SHOP = Level("Namespace", "shop", {"team": "shop"})


def ask(target: Target, **words: Any) -> Verdict:
    return Selected({"pods": Words(**words)})(scene(target))


def old(age: timedelta) -> Target:
    return replace(pod(), born=NOW - age)


@pytest.mark.parametrize(
    ("labels", "query", "seen"),
    [
        (ON, "chaos.example/on=yes", "chaos.example/on is 'no'"),
        ({}, "chaos.example/on=yes", "chaos.example/on is missing"),
        ({"chaos.example/on": "yes"}, "chaos.example/on=yes", "chaos.example/on is missing"),
        ({note_key("note"): ""}, "!note", "note is ''"),
        (ON, "chaos.example/on=yes,note", "chaos.example/on is 'no', note is missing"),
        (ON | {note_key("secret"): "s3cret"}, "chaos.example/on=yes", "chaos.example/on is 'no'"),
    ],
)
def test_annotations_that_are_not_meant_are_told_key_by_key_and_no_others(
    labels: Mapping[str, str], query: str, seen: str
) -> None:
    verdict = ask(pod(labels=labels), annotations=query)
    assert not verdict.allowed
    assert (
        verdict.reason == f"not selected by pods, because its annotations are not {query} (select.annotations): {seen}"
    )


@pytest.mark.parametrize(
    ("query", "seen"),
    [("team=other", "team is 'shop'"), ("tier=one", "tier is missing"), ("!team", "team is 'shop'")],
)
def test_labels_of_a_namespace_that_are_not_meant_are_told_too(query: str, seen: str) -> None:
    verdict = ask(pod(levels=(SHOP,)), namespace_labels=query)
    assert not verdict.allowed
    assert verdict.reason.endswith(f"the labels of namespace shop are not {query} (select.namespace_labels): {seen}")


def test_what_is_meant_is_allowed_and_so_is_the_fire_of_a_monkey_without_such_words() -> None:
    assert ask(pod(labels=ON), annotations="chaos.example/on=no").allowed
    assert ask(pod(levels=(SHOP,)), namespace_labels="team in (shop, till)").allowed
    assert Selected({"others": Words(owners=("none",))})(scene(pod())).allowed


def test_what_a_tenant_wrote_stays_on_one_line_in_quotes_and_short() -> None:
    forged = "yes\n  allowed  everything\x1b[2K is well" + "x" * 300_000
    reason = ask(pod(labels={note_key("on"): forged}), annotations="on=yes").reason
    assert reason.isprintable()
    assert "on is 'yes\\n  allowed  everything\\x1b[2K is well" in reason
    assert reason.endswith(f"x'… ({len(forged)} characters)")
    assert len(reason) < 250


@pytest.mark.parametrize(
    ("age", "least", "words"),
    [
        (timedelta(minutes=59), HOUR, "it is 59 min old, and select.min_age is 1 h"),
        (timedelta(0), timedelta(seconds=1), "it is 0 s old, and select.min_age is 1 s"),
        (timedelta(days=3, hours=5), timedelta(days=4, hours=1), "it is 3 d old, and select.min_age is 4 d 1 h"),
        (timedelta(hours=-2), timedelta(seconds=1), "it is 0 s old, and select.min_age is 1 s"),
    ],
)
def test_who_is_too_young_hears_how_old_it_is_and_how_old_it_must_be(
    age: timedelta, least: timedelta, words: str
) -> None:
    verdict = ask(old(age), min_age=least)
    assert not verdict.allowed
    assert verdict.reason.endswith(words)


def test_with_no_least_age_whoever_was_born_in_the_future_or_nobody_knows_when_is_meant() -> None:
    for born in (NOW + HOUR, None):
        assert ask(replace(pod(), born=born)).allowed
        assert Selected({"pods": Words()}).changes(replace(pod(), born=born), NOW) is None


def test_an_age_that_nobody_knows_is_too_young_once_one_is_asked_for() -> None:
    verdict = ask(replace(pod(), born=None), min_age=HOUR)
    assert not verdict.allowed
    assert verdict.reason.endswith("nobody knows how old it is, and select.min_age is 1 h")


@given(st.integers(1, 10**6), st.integers(-(10**5), 10**7))
def test_old_enough_is_as_old_as_is_asked_for_or_older(least: int, age: int) -> None:
    assert ask(old(timedelta(seconds=age)), min_age=timedelta(seconds=least)).allowed is (age >= least)


def changes(target: Target, *least: timedelta) -> datetime | None:
    return Selected({str(number): Words(min_age=one) for number, one in enumerate(least)}).changes(target, NOW)


def test_it_changes_when_who_is_too_young_is_old_enough_for_every_monkey() -> None:
    young = old(timedelta(minutes=10))
    assert changes(young, HOUR) == NOW + timedelta(minutes=50)
    assert changes(young, HOUR, timedelta(0), 2 * HOUR) == NOW + timedelta(minutes=110)
    assert changes(replace(pod(), born=NOW + HOUR), HOUR) == NOW + 2 * HOUR


def test_nothing_changes_for_who_is_old_enough_or_whose_age_nobody_asks_or_knows() -> None:
    assert changes(old(HOUR), HOUR) is None
    assert changes(old(timedelta(0))) is None
    assert changes(replace(instance(), born=None), HOUR) is None
    assert changes(replace(pod(), born=NOW + HOUR), timedelta(0)) is None


@pytest.mark.parametrize(
    ("owners", "meant"),
    [
        ((), True),
        (("Deployment",), True),
        (("deploy*",), True),
        (("StatefulSet",), False),
        (("StatefulSet", "Deployment"), True),
        (("!StatefulSet",), True),
        (("!Deployment",), False),
        (("!deploy*",), False),
        (("*", "!Deployment"), False),
        (("Stateful*", "!DaemonSet"), False),
    ],
)
def test_owners_are_patterns_of_which_one_must_fit_unless_all_exclude(owners: tuple[str, ...], *, meant: bool) -> None:
    verdict = ask(pod(), owners=owners)
    assert verdict.allowed is meant
    said = f"its top owner is Deployment, and select.owners is {', '.join(owners)}"
    assert meant or verdict.reason.endswith(said)


def test_a_pod_without_an_owner_is_bare() -> None:
    assert not ask(pod(group=""), owners=("Deployment",)).allowed
    assert ask(pod(group=""), owners=("!Deployment",)).allowed
