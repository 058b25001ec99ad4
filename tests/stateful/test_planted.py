"""Would the machine see it: each promise is broken once, in this process alone, and found where it matters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from safety.halt import GOES_ON, Halted
from simian_army import marks
from simian_army.alarms import Alarms
from simian_army.audit import ledger as books
from simian_army.audit.attempts import project
from simian_army.audit.chain import START, sealed
from simian_army.audit.ledger import SqlLedger
from simian_army.audit.tables import open_faults
from simian_army.estate import Estate
from simian_army.keeper import Keeper
from simian_army.looks import Looks
from simian_army.model import Phase as Told
from simian_army.recovery import Recovery
from simian_army.stops import Stops
from simian_army.undertaker.service import Undertaker
from simian_army.undertaker.store import Pulse
from simian_army.undertaker.trust import Trust
from tests.stateful.hands import Turn
from tests.stateful.park import NAMES
from tests.stateful.test_flow_machine import Machine

OTHERS = ("north-2", "north-3", "south-2", "south-3")
WHOLE = (True, True)
tell = Alarms._write


@dataclass(frozen=True)
class Plant:
    """What is broken, where and how; what then befalls the world, and what is said of it."""

    name: str
    where: tuple[tuple[Any, str], ...]
    by: Callable[..., Any]
    steps: Callable[[Machine], None]
    said: str


def overtaken(connection: Any, event: Any) -> None:
    """An intent takes the target whoever holds it."""
    if event.phase is Told.INTENDED:
        connection.execute(open_faults.delete().where(open_faults.c.target == event.target))
    project(connection, event)


def unchained(key: Any, row: Any, seq: Any, previous: Any) -> Any:
    return sealed(key, row, seq, START)


def careless(turn: Turn, fault: Any, gate: Any) -> Any:
    """A revert that does not compare."""
    return [{"op": "replace", "path": "/spec/dial", "value": fault.undo["dial"]}]


def told_again(alarms: Alarms, alarm: Any, severity: str, _: str) -> None:
    """Without the key that makes it unique."""
    tell(alarms, alarm, severity, "")


def never(*_: Any, **__: Any) -> bool:
    return False


def always(*_: Any, **__: Any) -> bool:
    return True


def nothing(*_: Any, **__: Any) -> None:
    return None


def silence(*_: Any, **__: Any) -> str:
    return ""


def zero(*_: Any, **__: Any) -> int:
    return 0


def strike(machine: Machine) -> None:
    machine.fire(name="turn")


def hold(machine: Machine) -> None:
    """One fault on each of two gates is held until its deadline, and for some time longer."""
    machine.fire(name="turn")
    machine.let_time_pass(seconds=60, agent_first=True)


def strike_again(machine: Machine) -> None:
    """A gate that is held looks as if it was not."""
    for name in OTHERS:
        machine.a_stranger_takes_a_gate_away(name=name)
    machine.fire(name="turn")
    for name in ("north-1", "south-1"):
        machine.a_stranger_deletes_a_mark(name=name, part=WHOLE)
        machine.a_stranger_turns_a_dial(name=name, dial=5)
    machine.let_time_pass(seconds=1, agent_first=True)
    machine.fire(name="turn")


def lose_the_agent(machine: Machine) -> None:
    """Nobody but the undertaker is left to end what is held."""
    machine.fire(name="turn")
    machine.world.kill_agent()
    machine.let_time_pass(seconds=120, agent_first=True)


def silence_the_agent(machine: Machine) -> None:
    """The undertaker is alone long before the deadline."""
    machine.fire(name="shut")
    machine.world.kill_agent()
    machine.let_time_pass(seconds=80, agent_first=True)


def edit(machine: Machine) -> None:
    machine.fire(name="turn")
    for name in NAMES:
        machine.a_stranger_turns_a_dial(name=name, dial=7)
    machine.let_time_pass(seconds=60, agent_first=True)


def halt_and_strike(machine: Machine) -> None:
    machine.halt(by_file=True)
    machine.fire(name="turn")


def halt_what_is_held(machine: Machine) -> None:
    machine.fire(name="turn")
    machine.halt(by_file=True)
    machine.let_time_pass(seconds=12, agent_first=True)


def opt_out(machine: Machine) -> None:
    machine.fire(name="turn")
    for name in NAMES:
        machine.an_owner_opts_out(name=name)
    machine.let_time_pass(seconds=20, agent_first=True)


def lose_the_undertaker(machine: Machine) -> None:
    machine.fire(name="turn")
    machine.the_undertaker_is_lost()
    machine.let_time_pass(seconds=30, agent_first=True)


def end(machine: Machine) -> None:
    machine.fire(name="turn")
    machine.the_agent_is_told_to_end()


def start_again(machine: Machine) -> None:
    machine.fire(name="turn")
    machine.the_agent_starts_again()


def lose_the_agent_and_the_undertaker(machine: Machine) -> None:
    machine.fire(name="shut")
    machine.the_undertaker_is_lost()
    machine.world.kill_agent()


def forge(machine: Machine) -> None:
    machine.a_stranger_forges_a_mark(name="north-1", text="not ours")
    machine.the_agent_starts_again()


def edit_a_mark(machine: Machine) -> None:
    """The mark of a fault that is over comes back with another undo."""
    hold(machine)
    machine.world.pass_time(60)
    for name in NAMES:
        machine.a_stranger_edits_a_mark(name=name, which=0, change=("undo", {"dial": 9}))
    machine.let_minutes_pass()


PLANTS = (
    Plant(
        "an intent that is not written",
        ((SqlLedger, "reserve"),),
        lambda _, intended, *__: (intended, ()),
        strike,
        "has no intent of it",
    ),
    Plant(
        "two open faults on one target",
        ((books, "project"), (SqlLedger, "_taken")),
        lambda *said: overtaken(*said) if len(said) == 2 else (),
        strike_again,
        "holds 2 open faults",
    ),
    Plant(
        "a fault without an acknowledged record",
        ((Trust, "_must_acknowledge"),),
        nothing,
        strike,
        "has acknowledged it",
    ),
    Plant("a deadline that nobody keeps", ((Keeper, "_due"), (Undertaker, "_due")), never, hold, "its deadline was"),
    Plant(
        "a deadline that the undertaker does not keep",
        ((Undertaker, "_due"),),
        never,
        lose_the_agent,
        "its deadline was",
    ),
    Plant("an end long before the deadline", ((Keeper, "_due"),), always, hold, "early for no reason"),
    Plant("a revert that does not compare", ((Turn, "undoing"),), careless, edit, "dial is"),
    Plant(
        "a halt that the guards do not see",
        ((Halted, "__call__"),),
        lambda *_: GOES_ON,
        halt_and_strike,
        "the fleet is halted",
    ),
    Plant("a halt that ends nothing", ((Stops, "why"),), silence, halt_what_is_held, "the fleet was halted"),
    Plant("an opt-out that ends nothing", ((Looks, "consent"),), silence, opt_out, "its owner opted out"),
    Plant(
        "an undertaker that is not missed", ((Trust, "lost"),), silence, lose_the_undertaker, "its undertaker was lost"
    ),
    Plant("an agent that is not missed", ((Pulse, "age"),), zero, silence_the_agent, "its agent was lost"),
    Plant("an agent that ends and leaves all", ((Keeper, "end"),), zero, end, "the agent ended and left"),
    Plant("a recovery that does nothing", ((Recovery, "_fold"),), zero, lose_the_agent_and_the_undertaker, "is still"),
    Plant(
        "an adoption that is told each time",
        ((Recovery, "_once"),),
        lambda self, _, told: self._tell(told),
        start_again,
        "the recovery of a second process wrote",
    ),
    Plant(
        "an alarm that is told each time",
        ((Alarms, "_write"),),
        told_again,
        forge,
        "the recovery of a second process wrote",
    ),
    Plant("a chain that does not hang together", ((books, "sealed"),), unchained, strike, "does not follow"),
    Plant("a forged mark that is obeyed", ((marks, "genuine"),), always, edit_a_mark, "which is not held"),
    Plant("records that stay", ((Trust, "release"), (Estate, "_drop")), nothing, hold, "there is still the record"),
)


def wrongs(steps: Callable[[Machine], None]) -> str:
    """All that is wrong in a world after those steps, at once or once all is well again."""
    machine = Machine()
    world = machine.world
    try:
        machine.begin()
        steps(machine)
        found = world.wrongs()
        if not found:
            world.rest()
            found = [*world.wrongs(), *world.left()]
    finally:
        world.close()
    return "\n".join(found)


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_the_machine_finds(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    assert wrongs(plant.steps) == ""
    for owner, name in plant.where:
        monkeypatch.setattr(owner, name, plant.by)
    assert plant.said in wrongs(plant.steps)
