"""Does the age guard compare what it says it compares."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from safety.min_age import MinAge
from simian_army.contract import Guard
from simian_army.model import Verdict
from tests.safety.scenes import NOW, pod, proxy, scene


def ask(minimum: timedelta, old: timedelta) -> Verdict:
    guard: Guard = MinAge(minimum)
    return guard(scene(replace(pod(), born=NOW - old)))


def test_one_second_too_young_is_a_no_and_exactly_old_enough_a_yes() -> None:
    assert not ask(timedelta(hours=1), timedelta(seconds=3599)).allowed
    assert ask(timedelta(hours=1), timedelta(hours=1)).allowed


def test_the_reason_names_the_age_and_the_minimum() -> None:
    assert ask(timedelta(hours=2), timedelta(minutes=61)).reason == "1 h old, 2 h is the minimum"


def test_no_minimum_is_not_applicable_even_to_the_unborn() -> None:
    verdict = ask(timedelta(0), timedelta(hours=-1))
    assert verdict.allowed
    assert verdict.reason.startswith("not applicable")


def test_born_in_the_future_counts_as_just_born() -> None:
    verdict = ask(timedelta(seconds=1), timedelta(hours=-1))
    assert not verdict.allowed
    assert verdict.reason == "0 s old, 1 s is the minimum"


@given(st.integers(1, 10**7), st.integers(-(10**6), 10**7))
def test_old_enough_means_at_least_the_minimum(minimum: int, old: int) -> None:
    assert ask(timedelta(seconds=minimum), timedelta(seconds=old)).allowed is (old >= minimum)


def test_what_tells_no_age_is_not_applicable_and_the_reason_says_so() -> None:
    verdict = MinAge(timedelta(hours=1))(scene(proxy()))
    assert verdict.allowed
    assert verdict.reason == "not applicable: nobody tells how old a proxy is"


def test_what_else_has_an_age_that_nobody_knows_is_a_no() -> None:
    verdict = MinAge(timedelta(minutes=10))(scene(replace(pod(), born=None)))
    assert not verdict.allowed
    assert verdict.reason == "nobody knows how old it is, 10 min is the minimum"
    assert MinAge()(scene(replace(pod(), born=None))).allowed


def test_it_tells_when_what_is_too_young_is_old_enough_and_of_all_others_that_they_stay_so() -> None:
    guard, young = MinAge(timedelta(hours=1)), replace(pod(), born=NOW - timedelta(minutes=10))
    assert guard.changes(young, NOW) == NOW + timedelta(minutes=50)
    assert guard.changes(replace(young, born=NOW - timedelta(hours=1)), NOW) is None
    assert guard.changes(replace(young, born=NOW - timedelta(hours=2)), NOW) is None
    assert guard.changes(replace(young, born=None), NOW) is None
    assert MinAge().changes(replace(young, born=NOW + timedelta(hours=1)), NOW) is None, (
        "no minimum, nothing to wait for"
    )
