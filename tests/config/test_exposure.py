"""Is what config says of stages and segments taken as it is meant, and each mistake located."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.schema import MonkeyEntry
from simian_army.stages import Step
from tests.config.test_load import GOOD, loaded, mistakes

PODS = "with: {fault: pod-evict, mode: {fixed: 1}}"
STOP = "with: {fault: instance-stop}"


def entry(folder: Path, words: str) -> MonkeyEntry:
    return loaded(folder, GOOD.replace(PODS, f"{PODS}, {words}")).settings.monkeys[0]


def wrong(folder: Path, words: str, at: str = PODS) -> str:
    (found,) = mistakes(folder, GOOD.replace(at, f"{at}, {words}"))
    return found


def test_without_a_word_there_is_no_limit(tmp_path: Path) -> None:
    said = loaded(tmp_path, GOOD).settings.monkeys[0]
    assert said.stages is None
    assert said.segment is None


def test_stages_are_numbers_and_percentages(tmp_path: Path) -> None:
    said = entry(tmp_path, "stages: {steps: [1, 5%, 34%], widen_after: 7}").stages
    assert said
    assert said.steps == (Step(1), Step(percent=5), Step(percent=34))
    assert said.widen_after == 7
    short = entry(tmp_path, "stages: {steps: [2]}").stages
    assert short and short.widen_after == 5


@pytest.mark.parametrize(
    ("words", "where", "why"),
    [
        ("stages: {}", "monkeys[0].stages.steps", "is missing"),
        ("stages: {steps: []}", "monkeys[0].stages", "write at least one"),
        ("stages: {steps: [0]}", "monkeys[0].stages.steps[0]", "0 is no step: write a number of targets such as 1"),
        ("stages: {steps: [1, 500%]}", "monkeys[0].stages.steps[1]", "more than all"),
        ("stages: {steps: [5%, 1%]}", "monkeys[0].stages", "narrower than the one before"),
        ("stages: {steps: [1], widen_after: 0}", "monkeys[0].stages.widen_after", "must be at least 1"),
        ("stages: {steps: [1], widen_afterr: 3}", "monkeys[0].stages.widen_afterr", "did you mean widen_after?"),
        ("segment: {}", "monkeys[0].segment", "exactly one of namespaces, zones, version, percent, not none"),
        ("segment: {percent: 10, zones: [a]}", "monkeys[0].segment", "not zones and percent"),
        ("segment: {percent: 101}", "monkeys[0].segment.percent", "must be at most 100"),
        ("segment: {zones: [a], salt: x}", "monkeys[0].segment", "salt changes which ones percent takes"),
        ("segment: {version: two}", "monkeys[0].segment.version", "must have the form ^([^="),
        ("segment: {persent: 10}", "monkeys[0].segment.persent", "did you mean percent?"),
    ],
)
def test_a_mistake_is_located(tmp_path: Path, words: str, where: str, why: str) -> None:
    found = wrong(tmp_path, words)
    assert f" {where}: " in found
    assert why in found


def test_what_has_no_meaning_on_a_platform_is_a_mistake(tmp_path: Path) -> None:
    assert "segment.namespaces: aws has no namespaces" in wrong(tmp_path, "segment: {namespaces: [a]}", STOP)
    for words in ("zones: [a]", 'version: "a=1"', "percent: 10"):
        text = GOOD.replace(STOP, f"{STOP}, segment: {{{words}}}")
        assert loaded(tmp_path, text).settings.monkeys[1].segment


@pytest.mark.parametrize(
    ("said", "why"), [("0s", "more than 0 seconds"), ("2h", "at most 1 hour"), ("5", "no duration")]
)
def test_the_recovery_limit_is_a_time_of_up_to_an_hour(tmp_path: Path, said: str, why: str) -> None:
    (found,) = mistakes(tmp_path, GOOD.replace("  min_age: 0s", f"  min_age: 0s\n  recovery_limit: {said}"))
    assert "safety.recovery_limit" in found
    assert why in found
    assert loaded(tmp_path, GOOD).settings.safety.recovery_limit.total_seconds() == 300
