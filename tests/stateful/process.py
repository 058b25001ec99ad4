"""One agent and one undertaker as processes without threads: real parts, woken by the world's clock alone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, cast
from zoneinfo import ZoneInfo

from monkeys.chaos import ChaosMonkey
from safety.budget import Budget
from safety.halt import Halted
from safety.limits import Limits
from safety.opt_in import OptIn
from safety.stuck import Stuck
from simian_army import marks
from simian_army.agent import GRACE
from simian_army.alarms import Alarms
from simian_army.audit.ledger import SqlLedger
from simian_army.audit.spool import FileSpool
from simian_army.contract import Entry, Guard, Ledger, Platform
from simian_army.due import Dues, OptIns
from simian_army.engine import Engine
from simian_army.errors import LedgerError
from simian_army.estate import Estate
from simian_army.exposing import Exposing
from simian_army.flights import Flights
from simian_army.halts.file import FileSource
from simian_army.halts.halts import Halts
from simian_army.halts.ledger import LedgerSource
from simian_army.halts.news import News
from simian_army.halts.sources import Source
from simian_army.judge import Judge
from simian_army.keeper import Keeper
from simian_army.leader import Lease
from simian_army.model import Fault, Mark, Run, Selector
from simian_army.orphans import Orphans
from simian_army.outcome import Outcome
from simian_army.rates import Week
from simian_army.records import Held, Scribe
from simian_army.recovery import Recovery
from simian_army.sweep import Sweep
from simian_army.undertaker.folder import Folder
from simian_army.undertaker.relics import SignedRelics
from simian_army.undertaker.service import Undertaker
from simian_army.undertaker.trust import Trust
from tests.simian_army.fakes import FakeClock, here
from tests.stateful.doors import Fuse, LedgerDoor, Line, RecordsDoor, SpoolDoor
from tests.stateful.hands import Port, kinds_of
from tests.stateful.park import FLEET, KEY, Park, Place

ROUND = 60.0  # seconds between two looks of recovery
LIMITS = Budget(Limits(concurrent=3, per_group=2, max_percent=100), Week(ZoneInfo("UTC")))
ENTRIES = {"turn": (2, 40), "shut": (2, 90), "fell": (1, 0)}
"""How many each monkey strikes at once, and for how many seconds."""


@dataclass
class Outside:
    """What outlives every process: clock, park, the way to the ledger, and one folder for all files."""

    clock: FakeClock
    park: Park
    line: Line
    folder: Path
    wake: Callable[[], None]

    @property
    def url(self) -> str:
        return f"sqlite:///{self.folder / 'ledger.db'}"

    @property
    def records(self) -> Folder:
        return Folder(self.folder / "records", pace=0.5)

    @property
    def halt(self) -> FileSource:
        return FileSource(self.folder / "halt")


class Enough(BaseException):
    """One round of a loop is done."""


@dataclass
class OneRound:
    """The world's clock, by which a loop goes round once: its waiting is where the round ends."""

    real: FakeClock
    stop: threading.Event | None = None

    def now(self) -> datetime:
        return self.real.now()

    def monotonic(self) -> float:
        return self.real.monotonic()

    def wait(self, event: threading.Event, seconds: float) -> bool:
        if event is self.stop:
            raise Enough
        return self.real.wait(event, seconds)


class Listening(Trust):
    """Trust whose thread does nothing: the world has it listen."""

    def start(self) -> None:
        if self._thread:
            return
        cast("OneRound", self.clock).stop = self._stop
        self._listen = lambda: None  # type: ignore[method-assign]
        super().start()
        del self._listen

    def listen(self) -> None:
        """One round, once there is anything to listen for."""
        if self._thread:
            with suppress(Enough):
                self._listen()


class Leads:
    """A lease that never ends."""

    trouble: ClassVar[str] = ""

    def left(self) -> float:
        return 60.0


class Agent:
    """All that a start of the agent makes anew."""

    def __init__(self, out: Outside, books: SqlLedger | None = None) -> None:
        self.out, self.fuse, self.closing = out, Fuse(), ExitStack()
        clock, books = out.clock, books or self.closing.enter_context(SqlLedger.open(out.url, KEY))
        self.kinds = kinds_of(Port(out.park, "agent", self.fuse.step))
        self.ledger = LedgerDoor(books, out.line, self.fuse)
        ledger = cast("Ledger", self.ledger)
        self.scribe = Scribe(clock, "agent")
        self.place = cast("Platform", Place(out.park))
        sources: list[Source] = [LedgerSource(ledger, self.scribe), out.halt]
        self.halts = Halts(sources, clock, News(ledger, self.scribe), here)
        self.closing.callback(self.halts.close)
        self.entries = {name: self._entry(name) for name in ENTRIES}
        records = RecordsDoor(out.records, self.fuse)
        self.trust = Listening(KEY, records, OneRound(clock), out.wake)
        self.judge = self._judge(ledger)
        spool = SpoolDoor(FileSpool(out.folder / "spool", KEY, clock, "agent"), self.fuse)
        self.keeper = Keeper(
            self.kinds, ledger, self.scribe, clock, self.objection, self.place.health, self.trust, self.halts, spool
        )
        self.engine = self._engine(ledger)
        alarms = Alarms(ledger, self.scribe, clock)
        orphans = Orphans(self.kinds, ledger, self.keeper, clock, self.scribe, alarms)
        self.recovery = Recovery(
            kinds=self.kinds,
            ledger=ledger,
            keeper=self.keeper,
            clock=clock,
            scribe=self.scribe,
            sign=sign,
            flights=self.engine.flights,
            estate=Estate(SignedRelics(KEY, FLEET, records, clock), orphans, ledger),
            sweep=Sweep({"park": self.place}, orphans, ledger, sign),
        )
        self.ready, self.next_round = False, 0.0

    def recover(self) -> None:
        """What an agent does before anything else, tried again and again while the ledger is away."""
        self.keeper._teller.retry()
        with suppress(LedgerError):
            self.recovery.recover()
            self.ready, self.next_round = True, self.out.clock.monotonic() + ROUND

    def work(self) -> None:
        """What its threads do when some time has passed."""
        self.trust.listen()
        self.keeper.tick()
        if not self.ready:
            self.recover()
        elif self.out.clock.monotonic() >= self.next_round:
            self.next_round = self.out.clock.monotonic() + ROUND
            with suppress(LedgerError):
                self.recovery.again()

    def fire(self, name: str, at: datetime) -> Outcome | None:
        """One firing; None when it broke for want of a ledger."""
        with suppress(LedgerError):
            return self.engine.fire(self.entries[name], at)
        return None

    def stop(self) -> list[Held]:
        """End in order, as SIGTERM asks; returns what is still held."""
        self.keeper._thread = threading.Thread(target=lambda: None)  # the world works in its place
        self.keeper._thread.start()
        left = self.keeper.stop(GRACE)
        self.trust.stop()
        return left

    def objection(self, held: Held) -> str:
        entry = self.entries.get(held.run.entry)
        return self.judge.objection(entry, held.fault) if entry else ""

    def _entry(self, name: str) -> Entry:
        want, hold = ENTRIES[name]
        monkey = ChaosMonkey(name, {"fixed": want})
        return Entry(name, "chaos", monkey, self.place, (Selector("gate"),), timedelta(seconds=hold), leashed=False)

    def _judge(self, ledger: Ledger) -> Judge:
        guards: list[Guard] = [OptIn(), LIMITS, Stuck(3), Halted()]
        return Judge(
            fleet=FLEET,
            kinds=self.kinds,
            guards=guards,
            limits=guards[1:],
            consents=(guards[0], guards[3]),
            ledger=ledger,
            halts=self.halts,
            clock=self.out.clock,
            leashed=False,
        )

    def _engine(self, ledger: Ledger) -> Engine:
        return Engine(
            fleet=FLEET,
            seed="fixed",
            judge=self.judge,
            ledger=ledger,
            keeper=self.keeper,
            lease=cast("Lease", Leads()),
            clock=self.out.clock,
            scribe=self.scribe,
            sign=sign,
            flights=Flights(),
            dues=Dues(ledger, OptIns(ledger)),
            exposing=Exposing(ledger),
        )


class Burying:
    """An undertaker and the fuse of its process."""

    def __init__(self, out: Outside) -> None:
        self.fuse = Fuse()
        kinds = kinds_of(Port(out.park, "undertaker", self.fuse.step))
        records: Any = RecordsDoor(out.records, self.fuse)
        self.real = Undertaker(FLEET, KEY, records, kinds, out.clock, stays=True)

    def work(self) -> None:
        """One look."""
        self.real.look(here)


def sign(run: Run, fault: Fault, deadline: datetime) -> Mark:
    return marks.sign(KEY, FLEET, run.id, fault, deadline)
