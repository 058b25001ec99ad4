"""Everything at once: a park, its processes, what outlives them, and the time that only a test lets pass."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from simian_army.audit.ledger import SqlLedger
from simian_army.model import Phase
from simian_army.records import Scribe
from tests.simian_army.fakes import FakeClock
from tests.stateful.doors import Answers, Killed, Line
from tests.stateful.dues import AWAY, Life
from tests.stateful.park import KEY, Letter, Park, Weather
from tests.stateful.process import Agent, Burying, Outside
from tests.stateful.reading import Reading
from tests.stateful.stranger import Stranger
from tests.stateful.witness import Witness

MEMORY = Path("/dev/shm")  # no power is cut here, so nothing need wait for a disk
BUSY, IDLE = 2.0, 30.0  # seconds between two looks of everyone, while something is held and while nothing is
PATIENCE = 300.0  # seconds in which all must be over once all is well


@dataclass
class WorldClock(FakeClock):
    """While a process waits, all others work."""

    meanwhile: Callable[[], None] = lambda: None

    def wait(self, event: object, seconds: float) -> bool:
        self.advance(seconds)
        self.meanwhile()
        return bool(event.is_set())  # type: ignore[attr-defined]


class World:
    """One park and its processes."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="park-", dir=MEMORY if MEMORY.is_dir() else None))
        for file in empty_ledger():
            shutil.copy(file, self.folder)
        self.clock = WorldClock(meanwhile=self.work)
        self.witness = Witness(self.clock, self.objection, self._is_meant)
        self.park = Park(self.clock, self.witness)
        self.out = Outside(self.clock, self.park, Line(), self.folder, self.wake)
        self.books = SqlLedger.open(self.out.url, KEY)
        self.reading = Reading(self.books, self.out.records, self.folder)
        self.stranger = Stranger(self.park, self.witness, self.reading.is_past)
        self.life = Life(self.clock)
        self.agent: Agent | None = None
        self.undertaker: Burying | None = None
        self.wakeable = True
        self.halted = False
        self.fired: list[tuple[str, datetime]] = []
        self.agent_first = True
        self._at_work, self._read = False, 0

    def close(self) -> None:
        """Leave nothing behind."""
        self.kill_agent()
        self.books.close()
        shutil.rmtree(self.folder)

    def start(self) -> None:
        """Start an agent; it recovers, and a second look right after finds nothing and writes nothing."""
        with self.in_agent():
            self.agent = Agent(self.out)
            self.agent.recover()
            if self.agent.ready:
                self._writes_nothing(self.agent)
                self._twin_writes_nothing()
        self.note_life()

    def _writes_nothing(self, agent: Agent) -> None:
        before = (self.books.last_seq(), self.park.writes)
        count = agent.recovery.recover()
        if (self.books.last_seq(), self.park.writes) != before or count:
            self.witness.wrong.append(f"a second recovery took up {count} and wrote {self.reading.since(before[0])}")

    def _twin_writes_nothing(self) -> None:
        if self.park.weather is not Weather.FAIR or self.out.line.answers is not Answers.FAIR:
            return
        twin = Agent(self.out, self.books)
        before = (self.books.last_seq(), self.park.writes)
        twin.recovery.recover()
        twin.closing.close()
        if (self.books.last_seq(), self.park.writes) != before:
            self.witness.wrong.append(f"the recovery of a second process wrote {self.reading.since(before[0])}")

    def kill_agent(self) -> None:
        """The process is gone with all that it remembered."""
        if self.agent:
            self.agent.fuse.dead = True
            self.agent.closing.close()
        self.agent = None
        self.note_life()

    def wake(self) -> None:
        """Somebody asks for an undertaker."""
        if self.wakeable and not self.undertaker:
            self.undertaker = Burying(self.out)
            self.note_life()

    def bury_no_more(self) -> None:
        """The undertaker is gone, and none comes."""
        self.wakeable, self.undertaker = False, None
        self.note_life()

    @contextmanager
    def in_agent(self) -> Iterator[None]:
        """Within it the agent may die."""
        try:
            yield
        except Killed:
            self.kill_agent()

    def work(self) -> None:
        """What all processes do as time passes."""
        if self._at_work:
            return
        self._at_work = True
        try:
            self.park.tend()
            for one in (self.act, self.undertake) if self.agent_first else (self.undertake, self.act):
                one()
        finally:
            self._at_work = False
            self.note_life()
            self.judge()

    def act(self) -> None:
        """What the threads of the agent do."""
        if self.agent:
            self.agent.work()

    def undertake(self) -> None:
        """One look of the undertaker."""
        if not self.undertaker:
            return
        try:
            self.undertaker.work()
        except Killed:
            self.undertaker = None
            self.note_life()

    def pass_time(self, seconds: float) -> None:
        """Let so many seconds pass in small steps, in which everyone works."""
        end = self.clock.monotonic() + seconds
        while (left := end - self.clock.monotonic()) > 0:
            busy = self.witness.hurts or self.park.post or self.out.records.all()
            self.clock.advance(min(left, BUSY if busy else IDLE))
            with self.in_agent():
                self.work()

    def leap(self, seconds: float) -> None:
        """Let time pass in which nobody works: the machine slept."""
        self.clock.advance(seconds)
        self.life.woke = self.clock.monotonic()
        self.pass_time(BUSY)

    def halt(self, *, by_file: bool) -> None:
        """Somebody halts the fleet: in the ledger, or when that is away by a file."""
        self.halted, self.life.halted, self.out.line.fresh = True, self.clock.monotonic(), False
        if by_file or self.out.line.answers is not Answers.FAIR:
            self.out.halt.write("enough")
            return
        self.books.append(Scribe(self.clock, "ann").note(Phase.HALTED, reason="enough"))

    def resume(self) -> None:
        """Somebody ends every halt."""
        self.halted, self.life.halted, self.out.line.fresh = False, AWAY, False
        self.out.halt.path.unlink(missing_ok=True)
        if self.books.halted():
            self.books.append(Scribe(self.clock, "ann").note(Phase.RESUMED, reason="go on"))

    def terminate(self) -> None:
        """The agent is told to end: in fair weather it leaves nothing held."""
        if not self.agent:
            return
        self.witness.stir()
        left = self.agent.stop()
        if left and self.park.weather is Weather.FAIR:
            self.witness.wrong.append(f"the agent ended and left {[held.key for held in left]}")
        self.kill_agent()

    def note_life(self) -> None:
        """Take note of who lives and answers."""
        agent = self.agent is not None and self.agent.ready and not self.agent.fuse.dead
        burying = self.undertaker is not None
        fair, books = self.park.weather is Weather.FAIR, self.out.line.answers is Answers.FAIR
        self.life.note(agent=agent, undertaker=burying, carrier=agent or burying, fair=fair, books=books)
        armed = [one.fuse for one in (self.agent, self.undertaker) if one and one.fuse.left is not None]
        self.witness.calm = agent and burying and fair and books and not armed and not self.halted
        if not self.witness.calm:
            self.witness.stir()

    def judge(self) -> None:
        """Remember what is late."""
        self.witness.wrong += self.life.overdue(self.witness.hurts, self.park)

    def wrongs(self) -> list[str]:
        """All that must not be, as it is now."""
        if self._read != (seq := self.books.last_seq()):
            self._read = seq
            self.witness.wrong += self.reading.wrongs()
        return self.witness.wrongs(iter(self.park.gates.values()))

    def objection(self, letter: Letter) -> str:
        """Why this injection must not be; empty when it may."""
        run = letter.mark.run if letter.mark else ""
        if not self.reading.intends(run, letter.uid):
            return "the ledger has no intent of it"
        if letter.late:
            return ""  # it was sent long ago
        if self.halted:
            return "the fleet is halted"
        if letter.operations is not None and not self.reading.entrusts(run, letter.uid):
            return "no undertaker has acknowledged it"
        return ""

    def _is_meant(self, uid: str) -> bool:
        return self.reading.is_meant(uid)  # which is not there yet when the first gates are planted

    def left(self) -> list[str]:
        """What is still there once all is well and time has passed."""
        wrong = [f"{uid} is still held by {hurt.run}" for uid, hurt in self.witness.hurts.items() if hurt.owed]
        wrong += [f"{event.run} on {event.target} is still {phase}" for event, phase in self.books.open_faults()]
        wrong += [f"there is still the record {kept.name}" for kept in self.out.records.all()]
        return wrong + ["the spool still waits"] * bool(self.agent and self.agent.keeper._teller.behind)

    def rest(self) -> None:
        """All is well again, and time passes until nothing is left to do."""
        self.park.weather, self.out.line.answers, self.wakeable = Weather.FAIR, Answers.FAIR, True
        self.park.land()
        self.wake()
        self.kill_agent()
        self.start()
        ends = self.clock.monotonic() + PATIENCE
        while self.left() and self.clock.monotonic() < ends:
            self.pass_time(5)


@cache
def empty_ledger() -> list[Path]:
    """The files of a ledger without a row, made once."""
    folder = Path(tempfile.mkdtemp(prefix="empty-", dir=MEMORY if MEMORY.is_dir() else None))
    atexit.register(shutil.rmtree, folder)
    SqlLedger.open(f"sqlite:///{folder / 'ledger.db'}", KEY).close()
    return list(folder.iterdir())
