"""Whatever happens in whatever order, every fault is written down first, ended in time, and leaves nothing behind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from simian_army import marks
from tests.stateful.doors import Answers
from tests.stateful.park import NAMES, Gate, Weather
from tests.stateful.process import ENTRIES
from tests.stateful.stranger import OPT_OUT, edited
from tests.stateful.world import World

ALL = os.environ.get("SIMIAN_CRASH") == "all"
"""Whether `make crash` asks for many histories, others each time; each test run goes through the same few.

What breaks is told with a line that repeats it; SIMIAN_EXAMPLES sets another number.
"""
PROFILE = settings(
    max_examples=int(os.environ.get("SIMIAN_EXAMPLES", "1500" if ALL else "60")),
    stateful_step_count=40,
    derandomize=not ALL,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
LONGEST = 3600 if ALL else 300  # seconds, with the search for a shorter history of what breaks
HOUR = 3600.0
names = st.sampled_from(NAMES)
numbers = st.integers(0, 1000)
doors = st.integers(0, 30)


class Machine(RuleBasedStateMachine):
    """The world, and all that may befall it."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.broken = False

    @initialize()
    def begin(self) -> None:
        self.world.wake()
        self.world.start()

    @contextmanager
    def doing(self) -> Iterator[World]:
        """Around every rule: it may kill the agent, and what breaks else is the end."""
        self.broken = True
        with self.world.in_agent():
            yield self.world
        self.world.note_life()
        self.world.judge()
        self.broken = False

    def gate(self, name: str) -> Gate | None:
        return self.world.park.gates.get(name)

    @precondition(lambda self: self.world.agent and self.world.agent.ready)
    @rule(name=st.sampled_from(sorted(ENTRIES)))
    def fire(self, name: str) -> None:
        with self.doing() as world:
            assert world.agent
            world.fired.append((name, world.clock.now()))
            world.agent.fire(name, world.clock.now())

    @precondition(lambda self: self.world.fired and self.world.agent and self.world.agent.ready)
    @rule(which=numbers)
    def fire_for_a_time_that_was(self, which: int) -> None:
        with self.doing() as world:
            name, at = world.fired[-1 - which % min(3, len(world.fired))]
            assert world.agent
            world.agent.fire(name, at)

    @rule(seconds=st.floats(0.1, 12), agent_first=st.booleans())
    def let_time_pass(self, seconds: float, agent_first: bool) -> None:
        with self.doing() as world:
            world.agent_first = agent_first
            world.pass_time(seconds)

    @precondition(lambda self: self.world.witness.hurts)
    @rule(beyond=st.floats(-1, 6))
    def wait_for_a_deadline(self, beyond: float) -> None:
        with self.doing() as world:
            world.pass_time(min(hurt.until for hurt in world.witness.hurts.values()) + beyond - world.clock.monotonic())

    @rule()
    def let_minutes_pass(self) -> None:
        with self.doing() as world:
            world.pass_time(130)

    @rule(hours=st.integers(1, 40))
    def sleep_for_hours(self, hours: int) -> None:
        with self.doing() as world:
            world.leap(hours * HOUR)

    @rule(name=names, dial=st.sampled_from([0, 5, 7]))
    def a_stranger_turns_a_dial(self, name: str, dial: int) -> None:
        self._edit(name, "dial", dial)

    @rule(name=names, shut=st.booleans())
    def a_stranger_shuts_or_opens_a_gate(self, name: str, shut: bool) -> None:
        self._edit(name, "unschedulable", shut)

    @rule(name=names, note=st.sampled_from(["mine", "ours", "new"]))
    def a_stranger_edits_what_no_fault_holds(self, name: str, note: str) -> None:
        self._edit(name, "note", note)

    def _edit(self, name: str, field: str, value: object) -> None:
        with self.doing() as world:
            if gate := self.gate(name):
                world.stranger.edit(gate, field, value)

    @rule(name=names)
    def a_stranger_takes_a_gate_away(self, name: str) -> None:
        with self.doing() as world:
            if gate := self.gate(name):
                world.stranger.delete(gate)

    @rule(name=names, part=st.sampled_from([(True, True), (True, False), (False, True)]))
    def a_stranger_deletes_a_mark(self, name: str, part: tuple[bool, bool]) -> None:
        with self.doing() as world:
            gate = self.gate(name)
            if gate and marks.bears(gate):
                world.stranger.unmark(gate, label=part[0], text=part[1])

    @rule(name=names, text=st.sampled_from(["", "{}", "not ours", '{"fleet": "test"}']))
    def a_stranger_forges_a_mark(self, name: str, text: str) -> None:
        with self.doing() as world:
            if gate := self.gate(name):
                world.stranger.forge(gate, text)

    @precondition(lambda self: self.world.witness.told)
    @rule(
        name=names,
        which=numbers,
        change=st.sampled_from([("deadline", "2099-01-01T00:00:00+00:00"), ("undo", {"dial": 9}), ("fleet", "theirs")]),
    )
    def a_stranger_edits_a_mark(self, name: str, which: int, change: tuple[str, Any]) -> None:
        with self.doing() as world:
            known = sorted(world.witness.told)
            if gate := self.gate(name):
                world.stranger.forge(gate, edited(known[which % len(known)], *change))

    @precondition(lambda self: self.world.witness.told)
    @rule(name=names, which=numbers)
    def a_stranger_copies_a_mark(self, name: str, which: int) -> None:
        with self.doing() as world:
            known = sorted(world.witness.told)
            if gate := self.gate(name):
                world.stranger.forge(gate, known[which % len(known)])

    @precondition(lambda self: self.world.witness.told)
    @rule(which=numbers)
    def a_stranger_puts_a_mark_back(self, which: int) -> None:
        with self.doing() as world:
            known = sorted(world.witness.told.items())
            text, (uid, _) = known[which % len(known)]
            if gate := world.park.of(uid):
                world.stranger.forge(gate, text)

    @rule(name=names)
    def an_owner_opts_out(self, name: str) -> None:
        with self.doing() as world:
            if gate := self.gate(name):
                world.life.opted_out[gate["metadata"]["uid"]] = world.clock.monotonic()
                world.stranger.label(gate, OPT_OUT, "true")

    @rule(name=names)
    def an_owner_opts_in_again(self, name: str) -> None:
        with self.doing() as world:
            if gate := self.gate(name):
                world.stranger.label(gate, OPT_OUT, None)

    @precondition(lambda self: not self.world.halted)
    @rule(by_file=st.booleans())
    def halt(self, by_file: bool) -> None:
        with self.doing() as world:
            world.halt(by_file=by_file)

    @precondition(lambda self: self.world.halted)
    @rule()
    def resume(self) -> None:
        with self.doing() as world:
            world.resume()

    @rule(weather=st.sampled_from([Weather.FAIR, *Weather]))
    def the_weather_turns(self, weather: Weather) -> None:
        with self.doing() as world:
            world.park.weather = weather

    @precondition(lambda self: self.world.park.post)
    @rule()
    def what_was_under_way_lands(self) -> None:
        with self.doing() as world:
            world.park.land()

    @rule(answers=st.sampled_from([Answers.FAIR, *Answers]))
    def the_ledger_comes_or_goes(self, answers: Answers) -> None:
        with self.doing() as world:
            world.out.line.answers = answers

    @rule()
    def the_undertaker_is_lost(self) -> None:
        with self.doing() as world:
            world.bury_no_more()

    @rule()
    def the_undertaker_is_back(self) -> None:
        with self.doing() as world:
            world.wakeable = True
            world.wake()

    @precondition(lambda self: self.world.undertaker)
    @rule(door=doors)
    def the_undertaker_is_to_die_at_a_door(self, door: int) -> None:
        with self.doing() as world:
            assert world.undertaker
            world.undertaker.fuse.left = door

    @precondition(lambda self: self.world.agent)
    @rule(door=doors)
    def the_agent_is_to_die_at_a_door(self, door: int) -> None:
        with self.doing() as world:
            assert world.agent
            world.agent.fuse.left = door

    @rule()
    def the_agent_starts_again(self) -> None:
        with self.doing() as world:
            world.kill_agent()
            world.start()

    @precondition(lambda self: self.world.agent)
    @rule()
    def the_agent_is_told_to_end(self) -> None:
        with self.doing() as world:
            world.terminate()

    @precondition(lambda self: self.world.agent)
    @rule()
    def the_keeper_looks(self) -> None:
        with self.doing() as world:
            assert world.agent
            world.agent.keeper.tick()

    @rule()
    def the_undertaker_looks(self) -> None:
        with self.doing() as world:
            world.undertake()

    @invariant()
    def nothing_is_wrong(self) -> None:
        self._must_be_right(self.world.wrongs())

    def _must_be_right(self, wrong: list[str]) -> None:
        self.broken = self.broken or bool(wrong)
        assert not wrong, "\n".join(wrong)

    def teardown(self) -> None:
        try:
            if not self.broken:
                self.world.rest()
                self._must_be_right([*self.world.wrongs(), *self.world.left()])
        finally:
            self.world.close()


Machine.TestCase.settings = PROFILE
TestFlow = pytest.mark.slow(pytest.mark.timeout(LONGEST)(Machine.TestCase))
