"""Is what is open and stuck what events and the ledger say, whichever comes first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from simian_army.model import AuditEvent, Phase
from simian_army.observe.tally import MOST, Tally
from simian_army.standing import Attempt

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ATTEMPT = Attempt("run-1", "nodes", "node-cordon", "uid-1", "", "", AT, Phase.STUCK, open=True)


def event(phase: Phase, second: float = 0.0, target: str = "uid-1", **more: Any) -> AuditEvent:
    at = AT + timedelta(seconds=second)
    told = AuditEvent(at, "run-1", phase, "ann", "nodes", target, leashed=False, data={"kind": "node-cordon"})
    return replace(told, **more)


def test_a_fault_is_open_from_its_intent_to_its_end() -> None:
    tally = Tally()
    tally.hear(event(Phase.INTENDED))
    assert tally.by_kind() == {"node-cordon": 1}
    tally.hear(event(Phase.REVERTED, 5))
    assert tally.by_kind() == {}


def test_one_that_is_stuck_stays_so_whatever_is_said_until_it_ends() -> None:
    tally = Tally()
    for phase in (Phase.INTENDED, Phase.STUCK, Phase.ADOPTED):
        tally.hear(event(phase))
    assert tally.stuck() == 1
    tally.hear(event(Phase.CLOSED))
    assert tally.stuck() == 0


def test_the_ledger_corrects_what_was_heard() -> None:
    tally = Tally()
    tally.hear(event(Phase.INTENDED, target="uid-2"))
    tally.learn([ATTEMPT, replace(ATTEMPT, target="uid-3", open=False)])
    assert tally.by_kind() == {"node-cordon": 1}
    assert tally.stuck() == 1


def test_what_the_ledger_says_forgets_no_injection() -> None:
    tally = Tally()
    tally.hear(event(Phase.INTENDED))
    assert tally.hear(event(Phase.INJECTED, 2)) == {"injection": 2.0}
    tally.learn([replace(ATTEMPT, phase=Phase.INJECTED)])
    assert tally.hear(event(Phase.REVERTED, 12)) == {"held": 10.0}


def test_what_a_process_before_us_injected_is_not_timed() -> None:
    tally = Tally()
    tally.learn([ATTEMPT])
    assert tally.hear(event(Phase.REVERTED, 12)) == {}


def test_a_clock_set_back_makes_no_time_negative() -> None:
    tally = Tally()
    tally.hear(event(Phase.INTENDED))
    assert tally.hear(event(Phase.INJECTED, -30)) == {"injection": 0.0}


def test_what_is_leashed_opens_nothing() -> None:
    tally = Tally()
    tally.hear(event(Phase.INTENDED, leashed=True))
    assert tally.by_kind() == {}


def test_it_never_follows_more_than_it_can_hold() -> None:
    tally = Tally()
    for number in range(MOST + 5):
        tally.hear(event(Phase.INTENDED, target=f"uid-{number}"))
    assert tally.by_kind().total() == MOST
