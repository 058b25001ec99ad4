"""The words of budgets in simian.yaml: what loads as what, and what each mistake says."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from safety.limits import Limits
from simian_army.rates import Rate, WorkingDays
from simian_army.wiring.limiting import budget, placed
from tests.config.test_load import GOOD, loaded, mistakes

OLD = "budget: {concurrent: 3, per_day: 20, per_group: 1, max_percent: 34, cooldown: 1h}"
POD = "{name: pods, use: chaos"
DEFAULTS = Limits(3, None, Rate(20, timedelta(days=1)), 1, max_percent=34, cooldown=timedelta(hours=1))


def words(folder: Path, said: str) -> Limits:
    return budget(loaded(folder, GOOD.replace(OLD, said)).settings).fleet


@pytest.mark.parametrize("said", [OLD, "budget: {}", "budget: {due_after: 14d}"])
def test_the_defaults_are_those_of_the_example(tmp_path: Path, said: str) -> None:
    assert words(tmp_path, said) == DEFAULTS


def test_every_word_reaches_the_guard(tmp_path: Path) -> None:
    said = (
        "budget: {concurrent: 1, per_hour: 2, per_day: 1/3, per_group: 4, per_namespace: 5, per_node: 6, per_zone: 7,"
        " per_region: 8, max_percent: 9, max_percent_namespace: 10, cooldown: 2 working days}"
    )
    assert words(tmp_path, said) == Limits(1, 2, Rate(1, timedelta(days=3)), 4, 5, 6, 7, 8, 9, 10, WorkingDays(2))


def test_null_is_no_limit(tmp_path: Path) -> None:
    said = "budget: {concurrent: null, per_day: null, per_group: null, max_percent: null, cooldown: null}"
    assert words(tmp_path, said) == Limits()


def test_holidays_are_no_working_days_of_a_cooldown(tmp_path: Path) -> None:
    def works(said: str) -> bool:
        text = GOOD.replace(OLD, f"budget: {{cooldown: 1 working day{said}}}")
        return budget(loaded(tmp_path, text).settings).week.works(date(2026, 1, 6))

    assert works("")
    assert works(", holidays: DE")
    assert not works(", holidays: {country: DE, subdivision: BY}")


def test_a_float_is_a_fraction_of_a_day(tmp_path: Path) -> None:
    assert words(tmp_path, "budget: {per_day: 0.25}").per_day == Rate(1, timedelta(days=4))


def test_a_monkey_has_the_limits_it_is_given_and_no_others(tmp_path: Path) -> None:
    own = "{name: pods, budget: {per_day: 1/2, cooldown: 1 working day}, use: chaos"
    settings = loaded(tmp_path, GOOD.replace(POD, own)).settings
    assert budget(settings).monkeys == {"pods": Limits(per_day=Rate(1, timedelta(days=2)), cooldown=WorkingDays(1))}
    assert budget(settings).fleet == DEFAULTS
    assert str(budget(settings).week.zone) == "Europe/Berlin"


def test_zones_are_looked_for_only_where_a_budget_asks_for_them(tmp_path: Path) -> None:
    def asked(text: str) -> bool:
        return placed(loaded(tmp_path, text).settings)

    assert not asked(GOOD.replace(OLD, "budget: {per_node: 1}"))
    assert asked(GOOD.replace(OLD, "budget: {per_zone: 1}"))
    assert asked(GOOD.replace(POD, "{name: pods, budget: {per_region: 1}, use: chaos"))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("per_day: 1/0", "simian.yaml:12 safety.budget.per_day: '1/0' is no rate: write a whole number, or a fraction"),
        ("per_day: 1.5", "safety.budget.per_day: 1.5 is no rate"),
        ("per_day: 1/400", "safety.budget.per_day: '1/400' is less than one in 366 days: write 0 for never"),
        ("per_hour: 1/3", "safety.budget.per_hour: '1/3' is no whole number from 0 on; only per_day takes fractions"),
        ("per_hour: -1", "safety.budget.per_hour: "),
        ("per_zone: -1", "safety.budget.per_zone: "),
        ("max_percent_namespace: 101", "safety.budget.max_percent_namespace: "),
        (
            "cooldown: 2 workdays",
            "safety.budget.cooldown: '2 workdays' is no time apart: write for instance 30m, 4h, 1d",
        ),
        ("cooldown: 0 working days", "safety.budget.cooldown: '0 working days' is not 1 to 60 working days"),
        ("cooldown: 5", "safety.budget.cooldown: '5' is no time apart"),
        ("cooldown: 367d", "safety.budget.cooldown: '367d' is more than 366 days"),
        ("due_after: 2 weeks", "safety.budget.due_after: '2 weeks' is no duration"),
        ("due_after: 0s", "safety.budget.due_after: a fault would always be due"),
        ("holidays: Germany", "safety.budget.holidays.country: 'Germany' is no country with known holidays"),
        ("per_zon: 1", "safety.budget.per_zon: unknown key, did you mean per_zone?"),
    ],
)
def test_each_mistake_is_located(tmp_path: Path, said: str, expected: str) -> None:
    (told,) = mistakes(tmp_path, GOOD.replace(OLD, f"budget: {{{said}}}"))
    assert told.startswith("simian.yaml:12 safety.budget.")
    assert expected in told


def test_a_mistake_in_a_monkeys_budget_is_located(tmp_path: Path) -> None:
    (told,) = mistakes(tmp_path, GOOD.replace(POD, "{name: pods, budget: {per_nodes: 1}, use: chaos"))
    assert told == "simian.yaml:17 monkeys[0].budget.per_nodes: unknown key, did you mean per_node?"
