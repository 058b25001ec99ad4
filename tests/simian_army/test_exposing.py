"""Is what a monkey may strike told by the ledger alone, by whoever asks, and anew as soon as one more run is judged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from simian_army.audit.ledger import SqlLedger
from simian_army.exposing import Exposing
from simian_army.model import Phase
from simian_army.stages import Exposure, Stages, Step
from tests.audit.places import File, note, opened
from tests.audit.test_lines import begun, judged

TWO = {"pods": Stages((Step(1), Step(7)), 2)}


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqlLedger]:
    with opened(File(tmp_path / "simian.db")) as made:
        yield made


def run(ledger: SqlLedger, number: int, outcome: str = "clean", entry: str = "pods") -> None:
    name, target = f"r{number}", f"t{number}"
    ledger.append(replace(begun(target, name), entry=entry), note(Phase.CLOSED, name, target))
    if outcome:
        ledger.append(replace(judged(outcome, target, name), entry=entry))


def test_it_is_told_anew_as_soon_as_one_more_run_is_judged(ledger: SqlLedger) -> None:
    mine = Exposing(ledger, TWO)
    limits = [mine.of("pods", 100).limit]
    for number, outcome in enumerate(("clean", "clean", "clean", "bad", "clean", "clean")):
        run(ledger, number, outcome)
        limits.append(mine.of("pods", 100).limit)
        assert mine.of("pods", 100) == Exposing(ledger, TWO).of("pods", 100), "whoever asks is told the same"
    assert limits == [1, 1, 7, 7, 1, 1, 7]


def test_a_run_that_is_not_judged_yet_counts_once_it_is(ledger: SqlLedger) -> None:
    mine = Exposing(ledger, TWO)
    run(ledger, 1)
    run(ledger, 2, "")
    ledger.append(replace(begun("other", "r1"), entry="pods"))
    assert mine.of("pods", 100).why.endswith("0 of 2 clean runs in a row until the next"), "r1 has one more fault"
    ledger.append(replace(judged("clean", "other", "r1"), entry="pods"))
    assert mine.of("pods", 100).why.endswith("1 of 2 clean runs in a row until the next")


def test_other_monkeys_have_their_own_and_none_without_stages(ledger: SqlLedger) -> None:
    mine = Exposing(ledger, TWO)
    for number in range(4):
        run(ledger, number, entry="other")
    assert mine.of("pods", 100).limit == 1
    assert mine.of("other", 100) == Exposure()
