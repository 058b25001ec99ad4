"""Is a monkey as wide as its runs allow: recounted by hand, and by a fold that knows nothing of ours."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simian_army.model import AuditEvent, Phase
from simian_army.stages import At, Came, Exposure, Stages, Step, came, exposure

AT = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
STEPS = tuple(Step.parse(word) for word in (1, "5%", "34%"))


def runs(text: str) -> list[Came]:
    """``..x.``: two clean runs, a bad one, a clean one."""
    return [Came(f"r{number}", letter == ".") for number, letter in enumerate(text)]


def at(text: str, after: int = 3) -> tuple[int, int]:
    now = Stages(STEPS, after).at(runs(text))
    return now.step, now.row


@pytest.mark.parametrize(
    ("text", "step", "row"),
    [
        ("", 0, 0),
        ("..", 0, 2),
        ("...", 1, 0),
        ("..x..", 0, 2),
        ("..x...", 1, 0),
        ("......", 2, 0),
        (".........", 2, 3),
        ("......x", 1, 0),
        ("......x..x", 0, 0),
        ("......xxxxx", 0, 0),
        ("xxxx...", 1, 0),
        ("......x...", 2, 0),
    ],
)
def test_it_widens_after_clean_runs_in_a_row_and_goes_one_back_after_a_bad_one(text: str, step: int, row: int) -> None:
    assert at(text) == (step, row)


def test_one_step_and_one_run_are_enough() -> None:
    assert Stages((Step(1),), 1).at(runs("...x..")).step == 0
    assert Stages(STEPS, 1).at(runs("..")).step == 2


def naive(text: str, after: int, steps: int) -> int:
    """The rule as it is written, walked backwards to the last change each time."""
    step = since = 0
    for end in range(1, len(text) + 1):
        if text[end - 1] == "x":
            step, since = max(0, step - 1), end
        elif end - since >= after and step < steps - 1:
            step, since = step + 1, end
    return step


@given(st.text(alphabet=".x", max_size=60), st.integers(1, 6), st.integers(1, 5))
def test_any_sequence_of_outcomes_gives_what_a_naive_fold_gives(text: str, after: int, steps: int) -> None:
    stages = Stages(tuple(Step(number + 1) for number in range(steps)), after)
    now = stages.at(runs(text))
    assert now.step == naive(text, after, steps)
    assert 0 <= now.step < steps


@pytest.mark.parametrize(
    ("word", "eligible", "limit"),
    [
        (1, 0, 1),
        (3, 100, 3),
        ("5%", 10, 1),
        ("5%", 19, 1),
        ("5%", 40, 2),
        ("5%", 59, 2),
        ("34%", 100, 34),
        ("100%", 7, 7),
    ],
)
def test_a_percentage_is_of_the_eligible_rounded_down_and_at_least_one(word: object, eligible: int, limit: int) -> None:
    assert Step.parse(word).limit(eligible) == limit


@pytest.mark.parametrize("word", [0, -1, "0%", "101%", "5 of 10", "", "%", True, 1.5, None, "\u0663"])
def test_what_is_no_step_is_said_to_be_none(word: object) -> None:
    with pytest.raises(ValueError, match=r"is no step|is more than all"):
        Step.parse(word)


def judged(run: str, outcome: str) -> AuditEvent:
    return AuditEvent(AT, run, Phase.JUDGED, "agent", "pods", data={"outcome": outcome})


def test_a_run_of_several_faults_is_one_run() -> None:
    events = [judged("a", "clean"), judged("a", "clean"), judged("b", "clean"), judged("b", "bad"), judged("b", "bad")]
    assert came(events, ()) == [Came("a", clean=True), Came("b", clean=False)]


def test_a_run_is_clean_only_once_all_its_faults_are_judged_and_bad_with_the_first() -> None:
    events = [judged("a", "clean"), judged("b", "bad"), judged("c", "clean")]
    assert came(events, {"a", "b"}) == [Came("b", clean=False), Came("c", clean=True)]
    assert came([*events, judged("a", "clean")], ())[-1] == Came("a", clean=True), "at its place when it was known"


def test_an_outcome_nobody_knows_is_not_clean() -> None:
    assert came([judged("a", "")], ()) == [Came("a", clean=False)]


def test_a_fire_is_told_its_stage_limit_and_why() -> None:
    told = exposure(Stages(STEPS, 3), runs("...."), 100)
    assert told.told() == {
        "stage": 2,
        "of": 3,
        "limit": 5,
        "why": "5 % is allowed, widened after 3 clean runs, the last was r2; 1 of 3 clean runs in a row until the next",
    }
    assert str(told).startswith("stage 2 of 3, at most 5 at once: 5 % is allowed")
    assert "one back after run r4 came out badly" in exposure(Stages(STEPS, 3), runs("....x"), 100).why
    assert exposure(Stages(STEPS, 3), runs("......"), 100).why.endswith("; the last")


def test_it_caps_and_never_adds() -> None:
    assert Exposure(3, 1, 1, "").cap(10) == 3
    assert Exposure(3, 1, 1, "").cap(2) == 2
    assert Exposure().cap(10) == 10
    assert Exposure().told() is None
    assert Stages(STEPS).at([]) == At(0, 0, "nothing changed it yet")
