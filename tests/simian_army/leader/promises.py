"""What every kind of lease keeps."""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from simian_army.errors import NotLeader
from tests.cluster.waiting import BUSY, pause, until
from tests.simian_army.leader.grounds import CLOCK, DURATION, EVERY, Ground, overlaps

Tell = Callable[[str], None]


class Contract:
    """Each subclass gives a ``ground`` of its own."""

    def test_it_is_nothing_before_it_is_taken_and_nothing_after_it_is_given(self, ground: Ground) -> None:
        with ground.leader("me@here") as mine:
            assert mine.left() == 0.0
            assert not mine.held_by_anyone()
            mine.take()
            assert 0 < mine.left() <= DURATION
            assert mine.held_by_anyone()
            assert mine.holder()["actor"] == "me@here"
            assert mine.holder()["pid"] and mine.holder()["beat"]
            mine.give()
            assert mine.left() == 0.0
            mine.give()
            with ground.leader() as other:
                assert not other.held_by_anyone()

    def test_another_is_refused_by_name_and_gets_it_once_it_is_given(self, ground: Ground) -> None:
        with ground.leader("me@here") as mine, ground.leader("you@there") as yours:
            mine.take()
            assert yours.held_by_anyone()
            with pytest.raises(NotLeader, match="me@here holds"):
                yours.take()
            assert yours.left() == 0.0
            mine.give()
            until("the next to have it", yours.try_take, DURATION - 0.5, 0.05)  # before it would run out
            assert yours.left() > 0
            assert not mine.try_take()
            assert mine.left() == 0.0

    def test_it_falls_between_two_renewals_and_is_renewed_by_itself(self, ground: Ground) -> None:
        lasts = 2 * DURATION  # a machine that stalls for a second or two is late with one renewal, or with two
        with ground.leader(duration=lasts) as mine:
            mine.take()
            seen, begun = [], CLOCK.monotonic()
            for _ in range(250):
                seen.append(mine.left())
                pause(0.01)
            rises = [(one, two) for one, two in zip(seen, seen[1:], strict=False) if two > one]
            assert 1 <= len(rises) <= (CLOCK.monotonic() - begun) / EVERY + 2
            assert min(seen) > lasts / 4
            assert max(seen) <= lasts

    def test_a_refused_one_grants_nothing_and_stays_until_it_is_given(self, ground: Ground) -> None:
        with ground.leader("me@here") as mine, ground.leader() as other:
            mine.take()
            mine.refuse()
            assert mine.left() == 0.0
            assert other.held_by_anyone()
            pause(DURATION / 2)
            assert not other.try_take()
            assert mine.left() == 0.0
            mine.give()
            mine.take()
            assert mine.left() > 0, "a new term is granted anew"

    @pytest.mark.slow
    def test_of_five_processes_one_leads_and_the_next_has_it_at_once_when_it_is_given(
        self, ground: Ground, tell: Tell
    ) -> None:
        with ExitStack() as stack:
            five = [stack.enter_context(ground.contender(f"agent-{number}")) for number in range(5)]
            rounds = []
            for _ in range(4):
                until("one of them to lead", lambda: any(c.led for c in five if not c.done), 60, 0.02)
                pause(0.5)
                (leader,) = until("the one that leads to say so", lambda: [c for c in five if c.leads_now()], 30, 0.02)
                gave = leader.gives()
                rest = [c for c in five if not c.done]
                until("the next to lead", lambda rest=rest: any(c.led for c in rest), 30, 0.02)  # type: ignore[misc]
                rounds.append(min(c.led[0] for c in rest if c.led) - gave)
            assert overlaps(five) == []
            assert max(rounds) < DURATION - 0.5, rounds  # nobody waited until it would have run out
            tell(f"given back: the next leads after {max(rounds):.2f} s at most")

    @pytest.mark.slow
    def test_after_a_kill_of_the_holder_the_next_leads_in_under_twenty_seconds(
        self, ground: Ground, tell: Tell
    ) -> None:
        with (
            ground.contender("first", 15.0, 2.0) as first,
            ground.contender("second", 15.0, 2.0) as second,
        ):
            until("one to lead", lambda: first.led or second.led, 60, 0.02)
            leader, standby = (first, second) if first.led else (second, first)
            pause(2.5)
            killed = max(leader.led)
            leader.send(signal.SIGKILL)
            took = standby.leads(60) - killed
            assert took < 20 + BUSY
            assert overlaps([first, second]) == []
            tell(f"killed: the standby leads after {took:.1f} s")

    @pytest.mark.slow
    def test_a_holder_that_was_stopped_for_longer_than_it_lasts_is_told_at_once(
        self, ground: Ground, tell: Tell
    ) -> None:
        with ground.contender("first") as first:
            first.leads()
            with ground.contender("second") as second:
                until("the second to ask", lambda: len(second.samples) > 5, 30, 0.05)
                first.send(signal.SIGSTOP)
                stopped = max(first.led)
                if ground.frees:
                    tell(f"stopped: the standby leads after {second.leads(60) - stopped:.1f} s of {DURATION:g}")
                else:
                    pause(DURATION + 1)
                resumed = CLOCK.monotonic()
                first.send(signal.SIGCONT)
                # a question that was under way when it was stopped was asked before then
                after = until("the first to go on", lambda: [s for s in first.samples if s[0] > resumed], 30, 0.02)
                assert after[0][1] == 0.0
                pause(0.5)
                assert overlaps([first, second]) == []
                if not ground.frees:  # nobody else had it meanwhile
                    until("the first to have it again", first.leads_now, 30, 0.02)
