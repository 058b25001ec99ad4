"""A troop of any size that lives in memory, and an engine with real guards, ledger and keeper over it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar, cast
from zoneinfo import ZoneInfo

from monkeys.chaos import ChaosMonkey
from safety.blackout import Blackout
from safety.budget import Budget
from safety.halt import Halted
from safety.limits import Limits
from safety.line import Line
from safety.min_age import MinAge
from safety.opt_in import OptIn
from safety.quorum import Quorum
from safety.stuck import Stuck
from simian_army.audit.ledger import SqlLedger
from simian_army.contract import Entry, FaultKind, Guard, Platform
from simian_army.due import Dues, OptIns
from simian_army.engine import Engine
from simian_army.exposing import Exposing
from simian_army.flights import Flights
from simian_army.halts.halts import Halts
from simian_army.halts.ledger import LedgerSource
from simian_army.judge import Judge
from simian_army.keeper import Keeper
from simian_army.leader import Lease
from simian_army.model import Evidence, Fault, Health, Identity, Mark, Run, Selector, Target
from simian_army.rates import Week
from simian_army.records import Scribe
from simian_army.stages import Stages
from simian_army.windows import Blackout as Window
from tests.simian_army.fakes import NOW, FakeClock, FakeTrustee, Lever, here

LABELS = {"simian-army/chaos": "enabled"}
BERLIN = ZoneInfo("Europe/Berlin")


def member(group: int, number: int, born: datetime = NOW - timedelta(days=400)) -> Target:
    """One of a group; ids are as good as random."""
    uid = sha256(f"{group}/{number}".encode()).hexdigest()[:16]
    return Target("fake", "lever", uid, f"g{group}-{number}", "yard", f"yard/Set/g{group}", born, LABELS)


@dataclass
class Crowd:
    """``contract.Platform`` in memory; ``pulled`` are the levers that are pulled, ``calls`` counts what is asked."""

    targets: Sequence[Target]
    pulled: set[str] = field(default_factory=set)
    name: str = "fake"
    calls: int = 0
    hides: bool = False
    _groups: dict[str, list[Target]] = field(default_factory=dict)
    _by_id: dict[str, Target] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for target in self.targets:
            self._groups.setdefault(target.group, []).append(target)
            self._by_id[target.id] = target

    def find(self, selector: Selector) -> Sequence[Target]:
        self.calls += 1
        if not self.hides:
            return self.targets
        return [target for target in self.targets if target.id not in self.pulled]

    def read(self, target: Target) -> Target | None:
        self.calls += 1
        return self._by_id.get(target.id)

    def health(self, target: Target, *, floors: bool = False) -> Health:
        self.calls += 1
        members = self._groups[target.group]
        up = frozenset(one.id for one in members if one.id not in self.pulled)
        words = f"{len(up)} of {len(members)} are ready"
        return Health(len(up) == len(members), len(up), len(members), words, up=up)

    def identity(self, target: Target) -> Identity:
        return Identity("fake", "here", "memory", embedded=True)

    def identities(self) -> Sequence[Identity]:
        return [Identity("fake", "here", "memory", embedded=True)]

    def marked(self, scopes: Collection[str] = ()) -> Iterable[tuple[Target, Mark | None]]:
        return ()

    def check(self, kinds: Sequence[FaultKind], selectors: Sequence[Selector] = ()) -> Iterable[Evidence]:
        return ()


class Poke(Lever):
    """A momentary fault: the lever springs back at once, and its group is whole again."""

    def inject(self, fault: Fault, mark: Mark) -> None:
        self.reverts.append(fault.target.id)

    def observe(self, fault: Fault) -> Evidence:
        return Evidence(holds=True, detail="it sprang back")


class Hiding(Lever):
    """A lever that nobody finds while it is pulled."""

    hides: ClassVar[bool] = True


@dataclass
class Ours:
    """A lease that nobody takes."""

    trouble: str = ""

    def left(self) -> float:
        return 1e9


class Moving(FakeClock):
    """Each look at it takes a millisecond, as on a real machine."""

    def now(self) -> datetime:
        self.advance(0.001)
        return self.wall


@dataclass(frozen=True)
class Rules:
    """What the guards of a yard allow."""

    budget: Limits = field(default_factory=Limits)
    windows: tuple[Window, ...] = ()
    min_age: timedelta = timedelta(0)
    due: timedelta | None = None
    stages: Mapping[str, Stages] = field(default_factory=dict)
    more: tuple[Guard, ...] = ()


@dataclass
class Yard:
    """Everything that a flow needs, on a clock that is told the time."""

    crowd: Crowd
    engine: Engine
    entries: dict[str, Entry]
    clock: FakeClock
    keeper: Keeper
    ledger: SqlLedger

    def pass_until(self, at: datetime) -> None:
        """Let time pass; the keeper looks on soon after what was before, and just before ``at``."""
        for moment in (self.clock.wall + timedelta(minutes=2), at - timedelta(seconds=1), at):
            self.clock.advance(max(0.0, (moment - self.clock.wall).total_seconds()) if moment <= at else 0.0)
            if self.clock.wall < at:
                self.tick()

    def tick(self) -> None:
        for _ in range(2):
            self.keeper.tick()


def entry(crowd: Crowd, name: str, fault: str, hold: timedelta = timedelta(minutes=30), mode: Any = None) -> Entry:
    monkey = ChaosMonkey(fault, mode or {"fixed": 1})
    return Entry(name, "chaos", monkey, cast(Platform, crowd), (Selector("lever"),), hold, leashed=False)


@contextmanager
def yard(folder: Path, crowd: Crowd, entries: Sequence[Entry], rules: Rules, seed: str = "s") -> Iterator[Yard]:
    clock = Moving()
    pull = Hiding(pulled=crowd.pulled) if crowd.hides else Lever(pulled=crowd.pulled)
    poke = Poke(held=False, name="poke")
    kinds = {kind.name: cast(FaultKind, kind) for kind in (pull, poke)}
    with SqlLedger.open(f"sqlite:///{folder / 'yard.db'}", b"k" * 32) as ledger:
        scribe = Scribe(clock, "test")
        halts = Halts([LedgerSource(ledger, scribe)], clock, None, here)
        budget = Budget(rules.budget, Week(BERLIN))
        limits: list[Guard] = [budget, Stuck(3), Line(), Halted(), Quorum({"lever": "target", "poke": "target"})]
        judge = Judge(
            fleet="f",
            kinds=kinds,
            guards=[OptIn(), MinAge(rules.min_age), Blackout(rules.windows, BERLIN), *limits, *rules.more],
            limits=limits,
            consents=[OptIn()],
            ledger=ledger,
            halts=halts,
            clock=clock,
            leashed=False,
        )
        trustee: Any = FakeTrustee()
        keeper = Keeper(kinds, ledger, scribe, clock, lambda _: "", crowd.health, trustee, halts)
        dues = Dues(ledger, OptIns(ledger), rules.due)
        engine = Engine(
            fleet="f",
            seed=seed,
            judge=judge,
            ledger=ledger,
            keeper=keeper,
            lease=cast(Lease, Ours()),
            clock=clock,
            scribe=scribe,
            sign=_sign,
            flights=Flights(),
            dues=dues,
            exposing=Exposing(ledger, rules.stages),
        )
        yield Yard(crowd, engine, {one.name: one for one in entries}, clock, keeper, ledger)


def _sign(run: Run, fault: Fault, deadline: datetime) -> Mark:
    return Mark("f", run.id, fault.kind, deadline, fault.undo or {}, "")
