"""Does nothing happen while nobody can trust this machine's clock."""

from __future__ import annotations

from datetime import timedelta

import pytest

from safety.skew import Skew
from simian_army.contract import Guard
from simian_army.model import Identity, Verdict
from simian_army.reading import Reading
from tests.safety.scenes import NOW, pod, proxy, scene

GUARD: Guard = Skew()
END = "https://shop-eu:6443"


def ask(ahead: float, *, took: float = 0.0, age: float = 0.0) -> Verdict:
    """What it says of a clock so many seconds ahead of the server's, which took so long to answer so long ago."""
    ours = NOW + timedelta(seconds=ahead)
    reading = Reading(NOW, ours, timedelta(seconds=took / 2), timedelta(seconds=age), 0.0)
    return GUARD(scene(identity=Identity("kubernetes", "5f1c", END, clock=reading)))


def test_clocks_that_agree_are_allowed_and_both_are_named() -> None:
    verdict = ask(0.25)
    assert verdict.allowed
    assert verdict.reason == (
        "this machine's clock says 2026-03-04 12:00:00.250+00:00, that of https://shop-eu:6443 "
        "2026-03-04 12:00:00.000+00:00: 0.2 s ahead; 5 s at most"
    )


@pytest.mark.parametrize(("ahead", "word"), [(5.5, "5.5 s ahead"), (-5.5, "5.5 s behind"), (3600, "3600 s ahead")])
def test_clocks_more_than_five_seconds_apart_are_a_no_that_says_how_far_and_what_to_do(ahead: float, word: str) -> None:
    verdict = ask(ahead)
    assert not verdict.allowed
    assert verdict.final
    assert word in verdict.reason
    assert "5 s at most" in verdict.reason
    assert "timedatectl set-ntp true" in verdict.reason
    assert "2026-03-04 12:00:00.000" in verdict.reason


@pytest.mark.parametrize("ahead", [5.0, -5.0, 4.0])
def test_five_seconds_are_still_allowed(ahead: float) -> None:
    assert ask(ahead).allowed


def test_half_of_what_the_answer_took_is_no_skew() -> None:
    assert ask(7.0, took=4.0).allowed
    assert not ask(7.1, took=4.0).allowed


def test_an_answer_so_slow_that_it_tells_nothing_is_a_no_that_says_so() -> None:
    verdict = ask(0.0, took=12.0)
    assert not verdict.allowed
    assert "took 12 s to answer" in verdict.reason
    assert "apart" not in verdict.reason


def test_a_date_older_than_a_minute_is_a_no() -> None:
    assert ask(0.0, age=60).allowed
    verdict = ask(0.0, age=61)
    assert not verdict.allowed
    assert verdict.reason == "the latest Date of https://shop-eu:6443 is 61 s old"


def test_a_server_that_sends_no_date_or_is_not_known_is_a_no_even_leashed() -> None:
    for here in (Identity("kubernetes", "5f1c", END), None):
        verdict = GUARD(scene(pod(), identity=here, leashed=True))
        assert not verdict.allowed
        assert "nobody knows whether the clocks agree" in verdict.reason


def test_the_clock_of_one_toxiproxy_says_nothing_of_another() -> None:
    assert not GUARD(scene(proxy())).final
    assert GUARD(scene(pod())).final


def test_clocks_that_agree_are_apart_by_nothing_ahead() -> None:
    assert ask(0.0).reason.endswith(": 0 s ahead; 5 s at most")
