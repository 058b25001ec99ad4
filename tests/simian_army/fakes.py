"""A clock that is told the time, a fault kind whose world is a set, and a ledger that can be away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar, cast

from simian_army.contract import FaultKind, Ledger
from simian_army.errors import LedgerError, Refused
from simian_army.halts.halts import Halts
from simian_army.halts.ledger import LedgerSource
from simian_army.keeper import Keeper
from simian_army.model import AuditEvent, Evidence, Fault, Halt, Health, Json, Mark, Phase, Run, Selector, Target
from simian_army.records import Held, Scribe
from simian_army.stopping import Halting
from simian_army.testing.fakes import NOW, FakeClock

__all__ = ["NOW", "FakeClock"]


@dataclass
class Lever:
    """Pulls the lever named by the target's id; ``broken`` reverts raise, then ``slow`` ones are under way.

    Momentary when ``held`` is False.
    """

    held: bool = True
    broken: int = 0
    slow: int = 0
    pulled: set[str] = field(default_factory=set)
    reverts: list[str] = field(default_factory=list)
    name: str = "lever"
    platform: ClassVar[str] = "fake"
    strikes: ClassVar[str] = "lever"
    replaces: ClassVar[bool] = False
    restores: ClassVar[tuple[str, ...]] = ("pulled",)
    params: ClassVar[Mapping[str, str]] = {}
    undo: ClassVar[Mapping[str, str]] = {}
    permissions: ClassVar[tuple[tuple[str, ...], ...]] = ()

    @property
    def reversible(self) -> bool:
        return self.held

    def reach(self, fault: Fault) -> Selector | None:
        return None

    def prepare(self, fault: Fault) -> Json | None:
        return {"pulled": False}

    def inject(self, fault: Fault, mark: Mark) -> None:
        self.pulled.add(fault.target.id)

    def observe(self, fault: Fault) -> Evidence:
        return Evidence(fault.target.id in self.pulled, "looked at")

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        self.reverts.append(fault.target.id)
        if self.broken:
            self.broken -= 1
            raise ConnectionError("the platform is away")
        if self.slow:
            self.slow -= 1
            return Evidence(holds=False, detail="the platform is at it", under_way=True)
        self.pulled.discard(fault.target.id)
        return Evidence(holds=True, detail="back")


@dataclass
class Book:
    """The part of a ledger that the keeper uses; what faults came to is kept apart, as ``judged``."""

    judged: list[AuditEvent] = field(default_factory=list)
    events: list[AuditEvent] = field(default_factory=list)
    away: bool = False
    halt: Halt | None = None

    def append(self, *events: AuditEvent) -> tuple[AuditEvent, ...]:
        if self.away:
            raise LedgerError("the disk is full")
        self.events += [event for event in events if event.phase is not Phase.JUDGED]
        self.judged += [event for event in events if event.phase is Phase.JUDGED]
        return events

    def halted(self) -> Halt | None:
        if self.away:
            raise LedgerError("the disk is full")
        return self.halt

    def phases(self) -> list[str]:
        return [str(event.phase) for event in self.events]


@dataclass
class FakeTrustee:
    """Looks after what it is told, unless it is ``away``."""

    away: str = ""
    wards: set[tuple[str, str]] = field(default_factory=set)

    def ready(self) -> None:
        if self.away:
            raise Refused(self.away)

    def entrust(self, held: Held) -> None:
        if self.away:
            raise Refused(self.away)
        self.wards.add(held.key)

    def take_over(self, held: Held) -> None:
        self.wards.add(held.key)

    def release(self, held: Held) -> None:
        self.wards.discard(held.key)

    def lost(self) -> str:
        return self.away


def here(work: Callable[[], None]) -> None:
    """Do at once what else has a thread of its own."""
    work()


@dataclass
class Scene:
    """A keeper among fakes; ``objection`` is what the guards say of everything held, ``whole`` what health says."""

    clock: FakeClock = field(default_factory=FakeClock)
    kind: Lever = field(default_factory=Lever)
    book: Book = field(default_factory=Book)
    objection: Callable[[Held], str] = lambda _: ""
    whole: bool | None = True
    trustee: FakeTrustee = field(default_factory=FakeTrustee)
    halts: Halting | None = None

    def keeper(self) -> Keeper:
        return Keeper(
            {self.kind.name: cast(FaultKind, self.kind)},
            cast(Ledger, self.book),
            Scribe(self.clock, "test"),
            self.clock,
            self.objection,
            lambda _: Health(self.whole, 1, 1, "counted"),
            self.trustee,
            self.halts
            or Halts([LedgerSource(cast(Ledger, self.book), Scribe(self.clock, "test"))], self.clock, None, here),
        )

    def pull(self, name: str = "a", hold: float = 60) -> Held:
        """Pull a lever, to be held for so many seconds from now."""
        target = Target("fake", "lever", name, name, "", "", NOW, {})
        fault = Fault("lever", target, undo={"pulled": False}, hold=timedelta(seconds=hold))
        end = self.clock.wall + fault.hold
        mark: Any = Mark("f", f"run-{name}", "lever", end, {}, "")
        self.kind.pulled.add(name)
        return Held(Run(f"run-{name}", "e", NOW, ""), fault, mark, end, self.clock.ticks + hold)
