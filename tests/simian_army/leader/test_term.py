"""Does the time run out as it must, whatever the clocks and the seat do."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simian_army.errors import NotLeader, PlatformError
from simian_army.leader import Leader
from tests.simian_army.fakes import FakeClock


@dataclass
class StillClock(FakeClock):
    """Time passes only when told, so the thread that renews never gets to it."""

    def wait(self, event: threading.Event, seconds: float) -> bool:
        return event.wait() if threading.current_thread().name == "lease" else super().wait(event, seconds)


@dataclass
class FakeSeat:
    """Says what it is told; an answer takes ``slow`` seconds."""

    clock: FakeClock
    answer: bool | None = True
    whole: bool = True
    slow: float = 0.0
    others: bool | None = False
    calls: list[str] = field(default_factory=list)
    place = "the seat"

    def claim(self) -> bool:
        return self._said("claim")

    def renew(self) -> bool:
        return self._said("renew")

    def intact(self) -> bool:
        return self.whole

    def leave(self) -> None:
        self._said("leave")

    def holder(self) -> dict[str, Any]:
        return {"actor": "somebody"}

    def occupied(self) -> bool | None:
        return self.others

    def _said(self, call: str) -> bool:
        self.calls.append(call)
        self.clock.advance(self.slow)
        if self.answer is None:
            raise PlatformError("no answer")
        return self.answer


def made() -> tuple[Leader, FakeSeat, StillClock]:
    clock = StillClock()
    seat = FakeSeat(clock)
    return Leader(seat, clock, 15.0, 2.0), seat, clock


def test_it_counts_from_before_the_asking() -> None:
    lease, seat, clock = made()
    seat.slow = 1.0
    assert lease.try_take()
    assert lease.left() == 14.0
    clock.advance(3)
    lease.beat()
    assert lease.left() == 14.0
    lease.give()


@pytest.mark.parametrize("answers", [None, False])
def test_a_renewal_without_an_answer_lets_it_run_out_and_a_no_ends_it(answers: bool | None) -> None:
    lease, seat, clock = made()
    lease.take()
    seat.answer = answers
    clock.advance(5)
    lease.beat()
    assert lease.left() == (10.0 if answers is None else 0.0)
    assert lease.trouble == ("no answer" if answers is None else "")
    clock.advance(10)
    assert lease.left() == 0.0
    lease.give()


def test_one_that_ran_out_is_not_revived_by_a_late_answer_but_taken_anew() -> None:
    lease, seat, clock = made()
    lease.take()
    clock.advance(14)
    seat.slow = 2.0
    lease.beat()
    assert lease.left() == 0.0
    assert seat.calls == ["claim", "renew", "leave"]
    seat.slow = 0.0
    assert lease.try_take()
    assert lease.left() == 15.0
    lease.give()


def test_a_machine_that_slept_and_a_wall_clock_set_forward_lose_it_and_one_set_back_gains_nothing() -> None:
    lease, _, clock = made()
    lease.take()
    clock.wall += timedelta(hours=1)  # asleep: the monotonic clock stood still
    assert lease.left() == 0.0
    clock.wall -= timedelta(hours=2)
    assert lease.left() == 15.0
    clock.ticks += 15
    assert lease.left() == 0.0
    lease.give()


def test_what_is_plainly_not_ours_any_more_is_lost_without_asking() -> None:
    lease, seat, _ = made()
    lease.take()
    seat.whole = False
    assert lease.left() == 0.0
    assert seat.calls == ["claim"]
    lease.give()


def test_it_is_ours_no_more_before_others_are_told() -> None:
    lease, seat, _ = made()
    lease.take()
    told: list[float] = []
    seat.leave = lambda: told.append(lease.left())  # type: ignore[method-assign]
    lease.give()
    assert told[0] == 0.0


def test_who_takes_it_by_hand_waits_for_one_that_is_gone_and_not_for_one_that_lives() -> None:
    lease, seat, clock = made()
    seat.answer, seat.others = False, True
    with pytest.raises(NotLeader, match="somebody holds the seat"):
        lease.take()
    assert seat.calls == ["claim"]
    seat.others = None
    begun = clock.ticks
    with pytest.raises(NotLeader):
        lease.take()
    assert 15 < clock.ticks - begun < 25
    seat.answer = None
    with pytest.raises(NotLeader, match="cannot be had: no answer"):
        lease.take()
    lease.give()


def test_a_seat_that_cannot_be_asked_never_raises_into_the_agent() -> None:
    lease, seat, _ = made()
    seat.answer = None
    assert not lease.try_take()
    assert lease.trouble == "no answer"
    lease.beat()
    lease.give()
    assert lease.left() == 0.0


@given(st.lists(st.tuples(st.sampled_from([True, False, None]), st.floats(0, 8), st.floats(0, 8)), max_size=12))
def test_it_never_says_more_than_the_last_good_answer_allows(steps: list[tuple[bool | None, float, float]]) -> None:
    lease, seat, clock = made()
    lease.take()
    allowed = clock.ticks + 15.0
    for answer, slow, pause in steps:
        clock.advance(pause)
        seat.answer, seat.slow = answer, slow
        asked, ran_out = clock.ticks, lease.left() == 0.0
        lease.beat()
        if answer is False or ran_out:
            allowed = 0.0
        elif answer:
            allowed = asked + 15.0
        assert lease.left() <= max(0.0, allowed - clock.ticks) + 1e-6
    seat.answer = True
    lease.give()
