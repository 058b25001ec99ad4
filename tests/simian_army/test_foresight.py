"""Is a plan what then happens: the same fires, the same targets, with the same seed and troop."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from safety.limits import Limits
from simian_army.expecting import Expecting
from simian_army.explain import Forecast
from simian_army.foresight import Days, Foresight, Ways
from simian_army.model import Phase, Scene, Target, Verdict
from simian_army.rates import Rate
from simian_army.stages import Stages, Step
from simian_army.windows import Blackout as Window
from simian_army.windows import Daily
from tests.simian_army.crowd import Crowd, Rules, Yard, entry, member, yard
from tests.simian_army.fakes import NOW

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WAYS = Ways(timeless=("opt-in",), metadata=("blackout", "budget", "stuck", "line", "halt"))
PERIODS = {"hold": 45 * MINUTE, "poke": 70 * MINUTE}
Told = list[tuple[datetime, str, list[str]]]


def every(period: timedelta, after: datetime) -> Iterator[datetime]:
    return (NOW + number * period for number in count(1) if NOW + number * period > after)


def upcoming(name: str, after: datetime) -> Iterator[datetime]:
    return every(PERIODS[name], after)


def days(length: timedelta) -> Days:
    return Days(upcoming, NOW, NOW + length)


def told(fires: list[Forecast]) -> Told:
    return [(one.at, one.entry, [draw.fault.target.name for draw in one.hit]) for one in fires]


def foreseen(made: Yard, length: timedelta) -> list[Forecast]:
    return list(Foresight.of(made.engine, made.entries, WAYS, NOW).fires(days(length)))


def happened(made: Yard, length: timedelta) -> Told:
    found: Told = []
    for at, name in days(length).all(made.entries):
        made.pass_until(at)
        outcome = made.engine.fire(made.entries[name], at)
        found.append((at, name, [draw.fault.target.name for draw in outcome.taken]))
    return found


def pair(crowd: Crowd, hold: timedelta = 2 * HOUR + 5 * MINUTE, mode: Any = None) -> list[Any]:
    return [entry(crowd, "hold", "lever", hold, mode), entry(crowd, "poke", "poke", mode=mode)]


def crowd(groups: int = 9, size: int = 4, hides: bool = False) -> Crowd:
    """Each group is two hours younger than the one before."""
    born = NOW - 400 * DAY
    found = [member(group, number, born + 2 * group * HOUR) for group in range(groups) for number in range(size)]
    return Crowd(found, hides=hides)


class Moody:
    """A guard of a stranger's: early, says nothing of time, and changes its mind every few hours."""

    name, early = "moody", True

    def __call__(self, scene: Scene) -> Verdict:
        good = (int(scene.now.timestamp()) // 9000 + int(scene.fault.target.id, 16)) % 2 == 0
        return Verdict("moody", good, "moods")


RULES = {
    "one of a group at once": Rules(Limits(per_group=1)),
    "a cooldown": Rules(Limits(per_group=1, cooldown=307 * MINUTE)),
    "few a day": Rules(Limits(per_group=1, per_day=Rate(4, DAY / 2), cooldown=103 * MINUTE)),
    "few at once": Rules(Limits(per_group=1, concurrent=2, max_percent=50)),
    "nights are quiet": Rules(Limits(per_group=1), windows=(Window(daily=Daily.parse("18:00-07:30")),)),
    "what is due goes first": Rules(Limits(per_group=1, cooldown=187 * MINUTE), due=367 * MINUTE),
    "the young are spared": Rules(Limits(per_group=1), min_age=400 * DAY + 9 * HOUR),
    "a guard that says nothing of time": Rules(Limits(per_group=1), more=(Moody(),)),
}
"""Two faults in one group at once would be no clean ones: it is not whole again when the first is over."""


@pytest.mark.slow
@pytest.mark.parametrize("seed", ["a", "b"])
@pytest.mark.parametrize("words", RULES)
def test_what_is_planned_is_what_happens(tmp_path: Path, words: str, seed: str) -> None:
    here = crowd(groups=30 if "due" in words else 9)
    with yard(tmp_path, here, pair(here), RULES[words], seed) as made:
        planned, seq = told(foreseen(made, DAY)), made.ledger.last_seq()
        assert seq == 0, "a plan writes nothing"
        assert planned == happened(made, DAY)
        assert any(names for _, _, names in planned)
        assert made.ledger.verify() == []


@pytest.mark.slow
@pytest.mark.parametrize("mode", [{"fixed": 3}, {"random-max-percent": 20}, "one-per-group"])
def test_modes_are_planned_as_they_happen(tmp_path: Path, mode: Any) -> None:
    here = crowd()
    with yard(tmp_path, here, pair(here, mode=mode), Rules(Limits(per_group=1, concurrent=7))) as made:
        assert told(foreseen(made, DAY)) == happened(made, DAY)


@pytest.mark.slow
def test_stages_widen_in_the_plan_as_they_do_in_fact(tmp_path: Path) -> None:
    here = crowd(groups=12)
    rules = Rules(Limits(per_group=1), stages={"poke": Stages((Step(1), Step(2), Step(percent=20)), 4)})
    with yard(tmp_path, here, pair(here, mode={"fixed": 3}), rules) as made:
        planned = told(foreseen(made, DAY))
        assert planned == happened(made, DAY)
    assert {len(names) for _, name, names in planned if name == "poke"} == {1, 2, 3}


def test_nobody_is_planned_to_be_hit_while_he_is_held(tmp_path: Path) -> None:
    here = crowd(groups=1, size=4)
    only = [entry(here, "hold", "lever", 2 * HOUR + 5 * MINUTE, "all")]
    with yard(tmp_path, here, only, Rules()) as made:
        fires = foreseen(made, 4 * HOUR)
    assert [len(one.hit) for one in fires] == [3, 0, 0, 3, 0], "one must stay"
    assert "lock" in [no.guard for no in fires[1].refused[0].verdicts if not no.allowed]


def test_what_a_fault_hides_is_not_drawn_while_it_is_held(tmp_path: Path) -> None:
    here = crowd(groups=2, size=4, hides=True)
    with yard(tmp_path, here, pair(here), Rules(Limits(per_group=1))) as made:
        planned = told(foreseen(made, DAY))
        here.pulled.clear()
        assert planned == happened(made, DAY)


def test_a_plan_made_while_a_fault_is_held_lets_it_end(tmp_path: Path) -> None:
    here = crowd(groups=1, size=4)
    with yard(tmp_path, here, pair(here), Rules(Limits(concurrent=1))) as made:
        made.engine.fire(made.entries["hold"], NOW)
        fires = foreseen(made, 6 * HOUR)
        assert not any(one.exact for one in fires)
        assert [bool(one.hit) for one in fires if one.at < NOW + 2 * HOUR] == [False, False, False]
        assert any(one.hit for one in fires)
        assert told(fires) == happened(made, 6 * HOUR)


def test_a_leashed_monkey_uses_nothing_up(tmp_path: Path) -> None:
    here = crowd(groups=1)
    leashed = [entry(here, "hold", "lever", HOUR)]
    leashed[0] = type(leashed[0])(**{**_fields(leashed[0]), "leashed": True})
    with yard(tmp_path, here, leashed, Rules(Limits(cooldown=DAY))) as made:
        planned = told(foreseen(made, DAY))
        assert all(names for _, _, names in planned)
        assert planned == happened(made, DAY)
        assert not list(made.ledger.query(phase=Phase.INTENDED))


def _fields(one: Any) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__dataclass_fields__}


def test_after_a_target_is_replaced_the_plan_says_that_it_is_not_exact(tmp_path: Path) -> None:
    here = crowd()
    with yard(tmp_path, here, pair(here), Rules()) as made:
        fires = foreseen(made, 6 * HOUR)
    first = next(one for one in fires if one.entry == "poke" and one.hit)
    assert all(one.exact == (one.at <= first.at) for one in fires)


def test_whoever_was_read_once_is_not_read_again(tmp_path: Path) -> None:
    here = crowd(groups=3)
    with yard(tmp_path, here, pair(here), Rules()) as made:
        foreseen(made, 30 * DAY)
        assert here.calls <= 2 + 3 * len(here.targets), "a list for each monkey; each target, and how it stands, once"


def test_whoever_is_not_read_is_judged_by_the_list_and_told_so(tmp_path: Path) -> None:
    here = crowd()
    with yard(tmp_path, here, pair(here), Rules()) as made:
        ahead = Foresight.of(made.engine, made.entries, WAYS, NOW)
        for glance in ahead.glances.values():
            glance.most = 1
        fires = list(ahead.fires(days(DAY)))
        assert here.calls <= 2 + 3
        assert told(fires) == told(foreseen(made, DAY)), "here they all fare alike"
        assert [one.exact for one in fires].count(True) == 1


def test_expected_faults_are_shared_evenly_and_sum_up_to_the_planned_ones(tmp_path: Path) -> None:
    here = crowd()
    with yard(tmp_path, here, pair(here), Rules()) as made:
        expecting = Expecting()
        fires = foreseen(made, 7 * DAY)
        for one in fires:
            expecting.add(one)
        groups = expecting.over(7 * DAY)
    planned = sum(len(one.hit) for one in fires)
    assert sum(one.planned for one in groups.values()) == planned
    assert sum(one.expected for one in groups.values()) == pytest.approx(planned)
    assert len({round(one.expected, 6) for one in groups.values()}) == 1


def test_who_is_always_refused_has_no_share(tmp_path: Path) -> None:
    here = crowd(groups=2)
    lone = [Target("fake", "lever", "0" * 16, "lone", "yard", "yard/Set/lone", NOW - DAY, member(0, 0).labels)]
    here = Crowd([*here.targets, *lone])
    with yard(tmp_path, here, pair(here), Rules()) as made:
        expecting = Expecting(frozenset(WAYS.metadata))
        for one in foreseen(made, 7 * DAY):
            expecting.add(one)
    assert expecting.over(7 * DAY).keys() == {"yard/Set/g0", "yard/Set/g1"}


def test_at_the_very_edge_of_a_limit_the_plan_says_no(tmp_path: Path) -> None:
    here = crowd(groups=1)
    with yard(tmp_path, here, [entry(here, "poke", "poke")], Rules(Limits(per_group=1, cooldown=70 * MINUTE))) as made:
        hits = [bool(one.hit) for one in foreseen(made, 8 * HOUR)]
    assert hits == [True, False, True, False, True, False]


def test_a_held_target_is_taken_at_the_moment_when_its_time_is_over(tmp_path: Path) -> None:
    here = crowd(groups=1)
    with yard(tmp_path, here, [entry(here, "hold", "lever", 45 * MINUTE)], Rules(Limits(per_group=1))) as made:
        hits = [bool(one.hit) for one in foreseen(made, 4 * HOUR)]
    assert hits == [True, False, True, False, True]
