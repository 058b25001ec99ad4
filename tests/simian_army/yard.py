"""A yard of levers that bear marks, a real ledger and real records: all that recovery looks at, and a clock to turn."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

from simian_army import marks
from simian_army.alarms import Alarms
from simian_army.audit.ledger import SqlLedger
from simian_army.contract import FaultKind, Platform
from simian_army.errors import PlatformError
from simian_army.estate import Estate
from simian_army.flights import Flights
from simian_army.keeper import Keeper
from simian_army.model import Evidence, Fault, Mark, Phase, Run, Target
from simian_army.orphans import Orphans
from simian_army.records import Held, Scribe, fault_json
from simian_army.recovery import Recovery
from simian_army.sweep import Sweep
from simian_army.undertaker.folder import Folder
from simian_army.undertaker.record import Record, name_of, to_text
from simian_army.undertaker.relics import SignedRelics
from tests.simian_army.fakes import NOW, FakeClock, FakeTrustee, Lever, Scene

KEY, FLEET, HOLD = b"yard-key", "test", 60.0


@dataclass
class Yard:
    """The platform. ``texts`` says what each lever bears: a mark's text, or only the label where it is empty."""

    name: str = "fake"
    texts: dict[str, str] = field(default_factory=dict)
    asked: list[frozenset[str]] = field(default_factory=list)
    away: str = ""
    meanwhile: Callable[[], object] = lambda: None

    def marked(self, scopes: Collection[str] = ()) -> Iterator[tuple[Target, Mark | None]]:
        self.asked.append(frozenset(scopes))
        for name, text in list(self.texts.items()):
            target, mark = lever(name), marks.from_text(text)
            if mark is None or not marks.verify(KEY, mark, target, FLEET):
                yield replace(target, facts={"mark": text}), None
                continue
            yield target, mark
        self.meanwhile()
        if self.away:
            raise PlatformError(self.away)


@dataclass
class MarkedLever(Lever):
    """A lever whose revert takes the mark of its run off too; ``done`` are the marks it was told to act on."""

    yard: Yard = field(default_factory=Yard)
    done: list[Mark] = field(default_factory=list)

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        proof = super().revert(fault, mark)
        self.done.append(mark)
        text = self.yard.texts.get(fault.target.id, "")
        there = marks.from_text(text)
        if there is None or there.run == mark.run:
            self.yard.texts.pop(fault.target.id, None)
        return proof


@dataclass
class Keeping(FakeTrustee):
    """Keeps records where the test can see them."""

    folder: Folder = field(default_factory=lambda: Folder(Path("nowhere")))

    def release(self, held: Held) -> None:
        super().release(held)
        self.folder.drop(name_of(held.run.id, held.fault.target.id))


def lever(name: str, scope: str = "") -> Target:
    return Target("fake", "lever", name, name, scope, "", NOW, {})


def fault_on(name: str, scope: str = "") -> Fault:
    return Fault("lever", lever(name, scope), undo={"pulled": False}, hold=timedelta(seconds=HOLD))


def sign(run: Run, fault: Fault, deadline: datetime) -> Mark:
    return marks.sign(KEY, FLEET, run.id, fault, deadline)


class World:
    """Everything; ``process()`` is what a start of the agent makes anew."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.yard = Yard()
        self.kind = MarkedLever(yard=self.yard)
        self.folder = Folder(folder / "records")
        self.ledger = SqlLedger.open(f"sqlite:///{folder / 'ledger.db'}", KEY)
        self.scribe = Scribe(self.clock, "test")
        self.others: dict[str, Platform] = {}
        self.settle = timedelta(0)
        self.recovery, self.keeper = self.process()

    def process(self) -> tuple[Recovery, Keeper]:
        scene = Scene(clock=self.clock, kind=self.kind, trustee=Keeping(folder=self.folder))
        scene.book = self.ledger  # type: ignore[assignment]
        keeper = scene.keeper()
        kinds = {"lever": cast(FaultKind, self.kind)}
        alarms = Alarms(self.ledger, self.scribe, self.clock, self.settle)
        orphans = Orphans(kinds, self.ledger, keeper, self.clock, self.scribe, alarms)
        relics = SignedRelics(KEY, FLEET, self.folder, self.clock)
        platforms: Mapping[str, Platform] = {**self.others, "fake": cast(Platform, self.yard)}
        made = Recovery(
            kinds=kinds,
            ledger=self.ledger,
            keeper=keeper,
            clock=self.clock,
            scribe=self.scribe,
            sign=sign,
            flights=Flights(),
            estate=Estate(relics, orphans, self.ledger),
            sweep=Sweep(platforms, orphans, self.ledger, sign),
        )
        self.recovery, self.keeper = made, keeper
        return made, keeper

    def tell(self, run: str, name: str, *phases: Phase, scope: str = "", **data: Any) -> Mark:
        """Have the ledger know of a fault, begun now; returns the mark it would leave."""
        fault = fault_on(name, scope)
        deadline = self.clock.now() + fault.hold
        mark = sign(Run(run, "e", NOW, ""), fault, deadline)
        for phase in phases:
            more = fault_json(fault, deadline) if phase is Phase.INTENDED else data
            self.ledger.append(self.scribe.note(phase, Run(run, "e", NOW, ""), fault.target, **more))
        return mark

    def bear(self, name: str, mark: Mark) -> None:
        """Have a lever pulled under a mark."""
        self.kind.pulled.add(name)
        self.yard.texts[name] = marks.to_text(mark)

    def keep(self, run: str, name: str, scope: str = "") -> str:
        """Have a record of a fault begun now; returns its name."""
        fault = fault_on(name, scope)
        deadline = self.clock.now() + fault.hold
        record = Record(Run(run, "e", NOW, ""), fault, sign(Run(run, "e", NOW, ""), fault, deadline), deadline)
        self.folder.put(record.name, to_text(KEY, record))
        return record.name

    def recover(self) -> int:
        """Recover, and let the keeper end what it then has to."""
        count = self.recovery.recover()
        for _ in range(3):
            self.keeper.tick()
        return count

    def told(self, *, since: int = 0) -> list[str]:
        """The phases of what the ledger was told of targets, without what the faults came to."""
        found = (event for event in self.ledger.query(after=since) if event.target)
        return [str(event.phase) for event in found if event.phase is not Phase.JUDGED]

    def found(self) -> list[dict[str, Any]]:
        """What was alarmed."""
        return [dict(event.data) for event in self.ledger.query(phase=Phase.FOUND)]

    def nothing_more_happens(self) -> None:
        """A second recovery, in this process and in a new one, writes nothing at all."""
        for again in (False, True):
            if again:
                self.process()
            seq, reverts = self.ledger.last_seq(), len(self.kind.reverts)
            self.recover()
            assert (self.ledger.last_seq(), len(self.kind.reverts)) == (seq, reverts)
