"""Does a ledger that is only imagined let faults end, and tell what they came to, as a real one would."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import pytest

from simian_army.contract import Ledger
from simian_army.imagined import BEGUN, WHOLE, Imagined
from simian_army.model import AuditEvent, Fault, Phase, Run
from simian_army.standing import Attempt
from tests.simian_army.crowd import member
from tests.simian_army.fakes import NOW

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
RUN = Run("r", "e", NOW, "s")


@dataclass
class Past:
    """The part of a ledger that is read."""

    tried: list[Attempt] = field(default_factory=list)
    opened: list[tuple[AuditEvent, Phase]] = field(default_factory=list)

    def last_seq(self) -> int:
        return 7

    def attempts(self, _: Any) -> list[Attempt]:
        return self.tried

    def open_faults(self) -> list[tuple[AuditEvent, Phase]]:
        return self.opened

    def unjudged(self) -> list[Any]:
        return []

    def query(self, **_: Any) -> list[AuditEvent]:
        return []


def imagined(past: Past | None = None) -> Imagined:
    return Imagined(cast(Ledger, past or Past()), NOW, NOW - 8 * 24 * HOUR)


def open_at(one: Imagined, after: timedelta) -> bool:
    one.advance(NOW + after)
    return any(attempt.open for attempt in one.attempts(NOW - HOUR))


@pytest.mark.parametrize(("hold", "lasts"), [(HOUR, HOUR), (timedelta(0), WHOLE)])
def test_a_fault_is_open_until_its_end_and_known_from_then_on(hold: timedelta, lasts: timedelta) -> None:
    one = imagined()
    one.begin(RUN, Fault("lever", member(0, 0), hold=hold), hides=True)
    ends = BEGUN + lasts
    assert open_at(one, ends) and one.hidden and one.holder(member(0, 0).id) == "r"
    assert not open_at(one, ends + SECOND)
    assert not one.hidden and not one.holder(member(0, 0).id)
    (attempt,) = one.attempts(NOW - HOUR)
    assert (attempt.at, attempt.group, attempt.phase) == (NOW + BEGUN, member(0, 0).group, Phase.REVERTED)
    assert one.attempts(NOW + HOUR) == []


def test_a_held_fault_is_judged_a_minute_after_its_end_and_once() -> None:
    one = imagined()
    one.begin(RUN, Fault("lever", member(0, 0), hold=HOUR), hides=False)
    one.advance(NOW + BEGUN + HOUR + WHOLE)
    assert not one.query(phase=Phase.JUDGED) and len(one.unjudged()) == 1
    for _ in range(2):
        one.advance(NOW + BEGUN + HOUR + WHOLE + SECOND)
    (judged,) = one.query(phase=Phase.JUDGED, after=7)
    assert (judged.data["outcome"], judged.run, judged.seq) == ("clean", "r", 8)
    assert one.unjudged() == []


def held_now(hold: float, phase: Phase = Phase.OBSERVED) -> Past:
    data = {"hold": hold, "deadline": (NOW + HOUR).isoformat()}
    event = AuditEvent(NOW, "old", Phase.INTENDED, "ann", "e", "t", leashed=False, data=data)
    return Past([Attempt("old", "e", "lever", "t", "g", "s", NOW, phase, open=True)], [(event, phase)])


def test_what_is_held_now_ends_at_its_deadline_and_what_is_momentary_in_a_minute() -> None:
    assert imagined(held_now(60)).struck == {"g": frozenset({"t"})}
    assert open_at(imagined(held_now(60)), HOUR) and not open_at(imagined(held_now(60)), HOUR + SECOND)
    assert open_at(imagined(held_now(0)), WHOLE) and not open_at(imagined(held_now(0)), WHOLE + SECOND)


def test_what_is_stuck_stays_so() -> None:
    assert open_at(imagined(held_now(60, Phase.STUCK)), 100 * HOUR)
