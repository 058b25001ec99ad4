"""Whatever one call of the flow meets: no act without an intent, none twice, none lost, and an end in bounded time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from simian_army.model import Phase
from tests.api_faults.clean import CLEAN, calls, tidy
from tests.api_faults.matrix import HOWS, Case, cases, share, whole
from tests.api_faults.stage import LIMIT, Run, Stage

pytestmark = pytest.mark.slow
Stages: TypeAlias = Callable[[str], Stage]


@pytest.mark.parametrize("kind", list(CLEAN))
def test_a_clean_life_makes_the_calls_that_are_broken_here(stages: Stages, kind: str, tmp_path: Path) -> None:
    stage = stages(kind)
    run = stage.live(tmp_path / "ledger.db")
    assert tidy(stage.steps) == tidy(calls(kind)), "record them again: python -m tests.api_faults.record"
    assert run.phases == [Phase.INTENDED, Phase.INJECTED, Phase.OBSERVED, *_over(stage)]
    stage.sound = True


@pytest.mark.parametrize("kind", list(CLEAN))
def test_each_test_run_has_every_call_of_a_kind_every_trouble_and_every_act_done_and_not(kind: str) -> None:
    few, every = ([case for case in of() if case.kind == kind] for of in (share, whole))
    assert {case.how for case in few} == set(HOWS)
    assert {_act(case) for case in few} == {_act(case) for case in every}
    assert len({_act(case) for case in few}) == len(few) <= len(every) // 6


@pytest.mark.parametrize("case", list(cases()), ids=str)
def test_whatever_one_call_meets_the_fault_is_done_once_at_most_and_ended(
    stages: Stages, case: Case, tmp_path: Path
) -> None:
    stage = stages(case.kind)
    before = stage.view()
    case.set(stage.door)
    run = stage.live(tmp_path / "ledger.db", case.timeout)
    assert run.met, run.told()
    assert run.took < LIMIT, run.told()
    assert Phase.STUCK not in run.phases, run.told()
    assert (run.open, run.broken) == (0, []), run.told()
    _only_what_was_intended(run)
    if stage.kind.held:
        assert stage.changes(before) == {}, run.told()
    _is_told(stage, run)
    if case.borne:
        assert run.phases == [Phase.INTENDED, Phase.INJECTED, Phase.OBSERVED, *_over(stage)], run.told()
    assert stage.again() == (0, 0, []), "nothing is left for the next start"
    stage.sound = True


def _act(case: Case) -> tuple[str, int, bool]:
    return case.what, case.nth, case.after


def _over(stage: Stage) -> list[Phase]:
    return [Phase.REVERTED if stage.kind.held else Phase.CLOSED, Phase.JUDGED]


def _only_what_was_intended(run: Run) -> None:
    intents = run.phases.count(Phase.INTENDED)
    assert run.early == [], "each act had its intent before it"
    assert max(Counter(run.acts).values(), default=0) <= intents, run.told()
    assert run.phases.count(Phase.INJECTED) <= intents
    assert len(run.ends) == intents, run.told()


def _is_told(stage: Stage, run: Run) -> None:
    """What was done is known to have been."""
    if not stage.kind.held:
        known = [end for end in run.ends if end in (Phase.CLOSED, Phase.UNKNOWN)]
        assert len(known) >= len(run.done), run.told()
        return
    if run.stood:  # those drawn before it may have been turned away
        assert run.ends[-1] is Phase.REVERTED, run.told()
        assert set(run.ends[:-1]) <= {Phase.DENIED}, run.told()
