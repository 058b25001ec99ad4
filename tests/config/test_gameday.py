"""Is a game day's file read whole, and each mistake in it located with what to write instead."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from config.gameday import Known, load_gameday
from simian_army.errors import ConfigError
from simian_army.gameday.steps import step_of
from tests.docs.test_readme import HOME

KNOWN = Known(
    {"pods": timedelta(minutes=5), "nodes": timedelta(hours=1)},
    {"node-cordon": frozenset(), "pod-delete": frozenset({"grace"})},
)


def written(folder: Path, text: str) -> Path:
    file = folder / "day.yaml"
    file.write_text(text)
    return file


def step(folder: Path, words: str) -> Path:
    return written(folder, f"name: a day\nsteps:\n  - {{monkey: pods}}\n  - {words}\n")


def test_the_example_loads_and_says_what_it_says() -> None:
    plan = load_gameday(HOME / "examples" / "gameday.yaml", KNOWN)
    assert [one.entry for one in plan.steps] == ["pods", "pods", "gameday", "pods"]
    assert [one.expect for one in plan.steps] == ["hit", "refused", "hit", "hit"]
    assert plan.steps[2].overlap and plan.steps[2].hold == timedelta(minutes=2)
    assert plan.steps[2].what == "node-cordon on node node-c"
    assert len(plan.digest) == 64


def test_a_step_reads_back_as_it_is_written_for_an_agent(tmp_path: Path) -> None:
    plan = load_gameday(
        step(tmp_path, "{fault: pod-delete, target: shop/web, use: latency, params: {grace: 3}, hold: 90s}"), KNOWN
    )
    one = plan.steps[1]
    assert one.entry == "gameday-latency"
    again = step_of(one.json())
    assert (again.fault, again.use, again.params, again.hold) == (one.fault, one.use, one.params, one.hold)
    assert step_of(plan.steps[0].json()).hold is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("{monkey: podz}", "day.yaml:4 steps[1].monkey: the config has no monkey podz, did you mean pods?"),
        (
            "{fault: node-cordn, target: x}",
            "steps[1].fault: there is no fault node-cordn on a platform of the config, did you mean node-cordon?",
        ),
        (
            "{fault: node-cordon}",
            "day.yaml:4 steps[1].fault: a fault needs its target, write for instance target: pod shop/web-1",
        ),
        ("{monkey: pods, fault: node-cordon}", "day.yaml:4 steps[1]: give exactly one of monkey and fault, not both"),
        ("{target: shop/web}", "give exactly one of monkey and fault, not neither"),
        ("{monkey: pods, hold: 6m}", "steps[1].hold: monkey pods holds for 0:05:00: a step may only shorten that"),
        (
            "{monkey: pods, params: {a: 1}}",
            "steps[1].params: params is for a fault; a monkey has its own, leave it out",
        ),
        ("{monkey: pods, use: chaos}", "steps[1].use: use is for a fault"),
        (
            "{fault: pod-delete, target: x, params: {grase: 1}}",
            "steps[1].params.grase: pod-delete takes no grase, did you mean grace?",
        ),
        ("{monkey: pods, hold: 13h}", "steps[1].hold: must be at most 12 hours"),
        ("{monkey: pods, pause: soon}", "steps[1].pause: 'soon' is no duration"),
        ("{monkey: pods, expect: boom}", "steps[1].expect: must be 'hit', 'refused' or 'any'"),
        ("{monkey: pods, paus: 3s}", "steps[1].paus: unknown key, did you mean pause?"),
    ],
)
def test_a_mistake_is_located_and_names_its_fix(tmp_path: Path, words: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_gameday(step(tmp_path, words), KNOWN)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        ("[]", "must hold keys and values"),
        ("name: x", "steps: is missing"),
        ("name: x\nsteps: []", "day.yaml:2 steps:"),
        ("name: ''\nsteps: [{monkey: pods}]", "day.yaml:1 name:"),
        ("steps: [{monkey: pods}]", "name: is missing"),
    ],
)
def test_a_file_that_is_no_game_day_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_gameday(written(tmp_path, text), KNOWN)
    assert said in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_file_that_is_not_there_says_where_one_is_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no such file, docs/gameday.md shows one"):
        load_gameday(tmp_path / "no.yaml", KNOWN)
